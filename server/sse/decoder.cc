#include "server/sse/decoder.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/base/utf8.h"

// The rules are those of WHATWG HTML 9.2.5 (parsing) and 9.2.6 (interpretation).

namespace sluice::sse {
namespace {

constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";
// Buffers up to this size are kept for the next event.
constexpr size_t kKeptCapacity = size_t{64} << 10;

enum class Field { kData, kEvent, kId, kRetry, kUnknown };

Field FieldOf(absl::string_view name) {
  if (name == "data") return Field::kData;
  if (name == "event") return Field::kEvent;
  if (name == "id") return Field::kId;
  if (name == "retry") return Field::kRetry;
  return Field::kUnknown;
}

// As text.find(c, from), but no call into another library.
size_t FindFrom(absl::string_view text, char c, size_t from) {
  if (from >= text.size()) return absl::string_view::npos;
  const void* const found = std::memchr(text.data() + from, c, text.size() - from);
  return found == nullptr ? absl::string_view::npos
                          : static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

// Where the colon of a line is, npos if there is none. Nearly every line is one of data, which needs no search.
size_t FindColon(absl::string_view line) { return absl::StartsWith(line, "data:") ? 4 : FindFrom(line, ':', 0); }

// Whether a long line, of which at least the beginning is here, is one of an SSE field. Looks at that beginning only.
bool BeginsWithKnownField(absl::string_view line) {
  constexpr size_t kLongestName = 5;
  const absl::string_view head = line.substr(0, kLongestName + 1);
  const size_t colon = head.find(':');
  return colon != absl::string_view::npos && FieldOf(head.substr(0, colon)) != Field::kUnknown;
}

// Finds the line ends of one chunk in order. Remembers where the next CR and the next LF are, so that each byte is
// looked at once for either, however many lines there are and whichever end they use.
class LineEnds {
 public:
  explicit LineEnds(absl::string_view bytes)
      : bytes_(bytes), cr_(FindFrom(bytes, '\r', 0)), lf_(FindFrom(bytes, '\n', 0)) {}

  // The first at or after `from`, npos if none; `from` must not go back, and lie in the chunk.
  size_t Next(size_t from) {
    if (cr_ < from) cr_ = FindFrom(bytes_, '\r', from);
    // An event's blank line comes right behind the line end before.
    if (lf_ < from) lf_ = bytes_[from] == '\n' ? from : FindFrom(bytes_, '\n', from);
    return std::min(cr_, lf_);
  }

 private:
  const absl::string_view bytes_;
  size_t cr_;
  size_t lf_;
};

void ClearAndTrim(std::string& text) {
  if (text.capacity() > kKeptCapacity) {
    std::string().swap(text);
  } else {
    text.clear();
  }
}

void AssignRepaired(absl::string_view value, std::string& out) {
  out.clear();
  AppendRepairedUtf8(value, out);
}

void HandOverUnknown(absl::string_view name, absl::string_view value, Handler& handler) {
  if (IsValidUtf8(name) && IsValidUtf8(value)) {
    handler.OnUnknownField(name, value);
  } else {
    handler.OnUnknownField(RepairUtf8(name), RepairUtf8(value));
  }
}

void HandOverRetry(absl::string_view value, Handler& handler) {
  const bool digits = std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  uint64_t milliseconds = 0;
  // SimpleAtoi refuses the empty text and what does not fit.
  if (digits && absl::SimpleAtoi(value, &milliseconds)) handler.OnRetry(milliseconds);
}

}  // namespace

absl::Status Decoder::Feed(absl::string_view bytes, Handler& handler) {
  if (stopped_ || !status_.ok()) return status_;
  bytes = DropByteOrderMark(bytes);
  bool continues = !line_.empty();  // the next line's beginning is in line_
  size_t start = 0;
  LineEnds ends(bytes);
  while (start < bytes.size()) {
    if (after_cr_) {
      after_cr_ = false;
      if (bytes[start] == '\n') {
        ++start;
        continue;
      }
    }
    const size_t end = ends.Next(start);
    if (end == absl::string_view::npos) break;
    absl::string_view line = bytes.substr(start, end - start);
    after_cr_ = bytes[end] == '\r';
    start = end + 1;
    if (skipping_) {
      skipping_ = false;
      continue;
    }
    if (continues) {
      continues = false;
      absl::StrAppend(&line_, line);
      line = line_;
    }
    OnLine(line, handler);
    if (stopped_ || !status_.ok()) return status_;
  }
  OwnData();
  if (!continues) ClearAndTrim(line_);
  KeepLineStart(bytes.substr(start));
  return status_;
}

// One mark at the very start is no part of the first line; it may come in pieces. A second one is.
absl::string_view Decoder::DropByteOrderMark(absl::string_view bytes) {
  while (at_start_ && !bytes.empty()) {
    if (bytes.front() == kByteOrderMark[mark_bytes_]) {
      bytes.remove_prefix(1);
      at_start_ = ++mark_bytes_ < kByteOrderMark.size();
    } else {
      line_ = std::string(kByteOrderMark.substr(0, mark_bytes_));
      at_start_ = false;
    }
  }
  return bytes;
}

void Decoder::OnLine(absl::string_view line, Handler& handler) {
  if (line.empty()) return Dispatch(handler);
  const size_t colon = FindColon(line);
  if (colon == 0) return;  // a comment
  const absl::string_view name = line.substr(0, colon);
  absl::string_view value = colon == absl::string_view::npos ? absl::string_view() : line.substr(colon + 1);
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);

  const Field field = FieldOf(name);
  if (field == Field::kUnknown) {
    if (line.size() <= kMaxUnknownLineBytes) HandOverUnknown(name, value, handler);
    return;
  }
  if (line.size() > max_event_bytes_) return FailTooLarge("line");
  switch (field) {
    case Field::kData:
      return OnData(value);
    case Field::kEvent:
      AssignRepaired(value, type_);
      return CheckEventSize();
    case Field::kId:
      if (value.find('\0') != absl::string_view::npos) return;
      AssignRepaired(value, id_);
      return CheckEventSize();
    case Field::kRetry:
      return HandOverRetry(value, handler);
    case Field::kUnknown:
      return;
  }
}

void Decoder::OnData(absl::string_view value) {
  if (!has_data_ && IsValidUtf8(value)) {
    data_borrowed_ = true;
    borrowed_data_ = value;
  } else {
    OwnData();
    if (has_data_) data_.push_back('\n');
    AppendRepairedUtf8(value, data_);
  }
  has_data_ = true;
  CheckEventSize();
}

void Decoder::Dispatch(Handler& handler) {
  if (has_data_) {
    Event event;
    event.type = type_.empty() ? absl::string_view("message") : absl::string_view(type_);
    event.data = data_borrowed_ ? borrowed_data_ : absl::string_view(data_);
    event.id = id_;
    handler.OnEvent(event);
  }
  has_data_ = false;
  data_borrowed_ = false;
  ClearAndTrim(data_);
  ClearAndTrim(type_);
}

// What the view of the data points to is about to go.
void Decoder::OwnData() {
  if (!data_borrowed_) return;
  data_borrowed_ = false;
  data_.assign(borrowed_data_.data(), borrowed_data_.size());
}

// Keeps the beginning of a line for the next Feed, unless it is already known to be of no interest.
void Decoder::KeepLineStart(absl::string_view bytes) {
  if (skipping_ || bytes.empty()) return;
  if (line_.empty() && bytes.front() == ':') {
    skipping_ = true;
    return;
  }
  absl::StrAppend(&line_, bytes);
  if (BeginsWithKnownField(line_)) {
    if (line_.size() > max_event_bytes_) FailTooLarge("line");
  } else if (line_.size() > kMaxUnknownLineBytes) {
    skipping_ = true;
    ClearAndTrim(line_);
  }
}

void Decoder::CheckEventSize() {
  const size_t data_size = data_borrowed_ ? borrowed_data_.size() : data_.size();
  if (data_size + type_.size() + id_.size() > max_event_bytes_) FailTooLarge("event");
}

void Decoder::FailTooLarge(const char* what) {
  status_ = absl::ResourceExhaustedError(
      absl::StrCat("event stream: one ", what, " is longer than the limit max_event_bytes, ", max_event_bytes_));
}

}  // namespace sluice::sse
