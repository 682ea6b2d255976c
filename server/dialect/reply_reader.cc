#include "server/dialect/reply_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/base/utf8.h"

namespace sluice::dialect {
namespace {

constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";
// Of a body that is no event stream, as much goes into the error; one byte more tells whether that cuts a character.
constexpr size_t kHeadBytes = 200;
constexpr size_t kKeptBytes = kHeadBytes + 1;

// Media types are case-insensitive and may carry parameters (RFC 9110 8.3.1); the charset of an event stream is UTF-8
// whatever its parameter says (WHATWG HTML 9.2).
bool IsEventStreamType(absl::string_view content_type) {
  const absl::string_view type = absl::StripAsciiWhitespace(content_type.substr(0, content_type.find(';')));
  return absl::EqualsIgnoreCase(type, "text/event-stream");
}

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Whether the text begins with a comment or a field that streams carry: it was one, even if no event of it came.
bool BeginsLikeStream(absl::string_view head) {
  if (absl::StartsWith(head, ":")) return true;
  const absl::string_view name = head.substr(0, std::min(head.find_first_of(":\r\n"), head.size()));
  for (const absl::string_view known : {"data", "event", "id", "retry", "error"}) {
    // A name that the end of the body cut short counts too.
    if (name == known || (name.size() == head.size() && absl::StartsWith(known, name))) return true;
  }
  return false;
}

// Foreign text made fit for a log line: valid UTF-8, each run of blanks and control characters one blank.
std::string Printable(absl::string_view text) {
  std::string out;
  const std::string repaired = RepairUtf8(text);
  for (size_t i = 0; i < repaired.size(); ++i) {
    const auto c = static_cast<unsigned char>(repaired[i]);
    // U+0080 to U+009F, the second set of control characters, are C2 80 to C2 9F.
    const bool c1 = c == 0xC2 && static_cast<unsigned char>(repaired[i + 1]) < 0xA0;
    if (c1) ++i;
    if (!c1 && c > ' ' && c != 0x7F) {
      out.push_back(repaired[i]);
    } else if (!out.empty() && out.back() != ' ') {
      out.push_back(' ');
    }
  }
  return std::string(absl::StripTrailingAsciiWhitespace(out));
}

}  // namespace

ReplyReader::ReplyReader(std::unique_ptr<StreamDecoder> decoder, absl::string_view content_type,
                         const DecodeLimits& limits)
    : decoder_(std::move(decoder)),
      max_bytes_(limits.max_event_bytes),
      labelled_stream_(IsEventStreamType(content_type)),
      stream_(limits.max_event_bytes) {}

void ReplyReader::Feed(absl::string_view bytes, chat::EventSink& sink) {
  if (done()) return;
  if (shape_ == Shape::kUndecided) {
    // Blanks before the first byte may be the beginning of a stream's line, so its decoder gets them at once: no
    // number of them (DeepSeek sends blank lines while a request waits) needs memory.
    const size_t blanks = BlanksAtTheFront(bytes);
    FeedStream(bytes.substr(0, blanks), sink);
    bytes.remove_prefix(blanks);
    if (bytes.empty()) return;
    const char first = bytes.front();
    shape_ = first == '<' ? Shape::kPage : first == '{' || first == '[' ? Shape::kJson : Shape::kStream;
  }
  switch (shape_) {
    case Shape::kStream:
      if (!labelled_stream_ && !had_event_) KeepHead(bytes);
      return FeedStream(bytes, sink);
    case Shape::kJson:
      return FeedJson(bytes, sink);
    case Shape::kPage:
      KeepHead(bytes);
      if (body_.size() == kKeptBytes) FailNotSse("an HTML page", sink);
      return;
    case Shape::kUndecided:
      return;
  }
}

void ReplyReader::Eof(chat::EventSink& sink) {
  if (done()) return;
  switch (shape_) {
    case Shape::kJson:
      decoder_->OnWholeBody(body_, sink);
      break;
    case Shape::kPage:
      return FailNotSse("an HTML page", sink);
    case Shape::kStream:
      if (!labelled_stream_ && !had_event_ && !BeginsLikeStream(body_)) return FailNotSse("another text", sink);
      break;
    case Shape::kUndecided:
      break;
  }
  if (!done()) decoder_->OnEof(sink);
}

void ReplyReader::Fail(const chat::Error& error, chat::EventSink& sink) {
  if (!done()) decoder_->Fail(error, sink);
}

void ReplyReader::OnEvent(const sse::Event& event) {
  had_event_ = true;
  decoder_->OnEvent(event, *sink_);
  if (done()) stream_.Stop();
}

void ReplyReader::OnUnknownField(absl::string_view name, absl::string_view value) {
  // A line of blanks before the first byte that says what the body is.
  if (shape_ != Shape::kStream) return;
  decoder_->OnUnknownField(name, value, *sink_);
  if (done()) stream_.Stop();
}

// How many bytes before the first that tells what the body is: blanks, and one byte order mark at the very start.
size_t ReplyReader::BlanksAtTheFront(absl::string_view bytes) {
  size_t count = 0;
  while (at_start_ && count < bytes.size()) {
    at_start_ = bytes[count] == kByteOrderMark[mark_bytes_];
    if (!at_start_) break;
    ++count;
    at_start_ = ++mark_bytes_ < kByteOrderMark.size();
  }
  while (!at_start_ && count < bytes.size() && IsBlank(bytes[count])) ++count;
  return count;
}

void ReplyReader::FeedStream(absl::string_view bytes, chat::EventSink& sink) {
  sink_ = &sink;
  const absl::Status status = stream_.Feed(bytes, *this);
  sink_ = nullptr;
  if (!status.ok() && !done()) FailTooLarge("a line or event of the upstream's stream", sink);
}

void ReplyReader::FeedJson(absl::string_view bytes, chat::EventSink& sink) {
  if (bytes.size() > max_bytes_ - body_.size()) return FailTooLarge("the upstream's JSON body", sink);
  body_.append(bytes.data(), bytes.size());
}

void ReplyReader::KeepHead(absl::string_view bytes) {
  body_.append(bytes.data(), std::min(bytes.size(), kKeptBytes - body_.size()));
}

void ReplyReader::FailNotSse(const char* what, chat::EventSink& sink) {
  chat::Error error;
  error.kind = chat::ErrorKind::kNotSse;
  error.message =
      absl::StrCat("the upstream answered with ", what, " instead of an event stream; check the upstream's base_url");
  error.provider_message = Printable(absl::string_view(body_).substr(0, Utf8Boundary(body_, kHeadBytes)));
  decoder_->Fail(error, sink);
}

void ReplyReader::FailTooLarge(const char* what, chat::EventSink& sink) {
  chat::Error error;
  error.kind = chat::ErrorKind::kTooLarge;
  error.message = absl::StrCat(what, " is longer than limits.event_bytes allows (", max_bytes_, " bytes)");
  error.limit = "limits.event_bytes";
  decoder_->Fail(error, sink);
}

}  // namespace sluice::dialect
