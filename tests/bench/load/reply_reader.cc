#include "tests/bench/load/reply_reader.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sluice::bench {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

ReplyReader::Step ReplyReader::Next(absl::string_view* in, absl::string_view* body) {
  if (state_ == State::kHead && !TakeHead(in)) return problem_.empty() ? Step::kMore : Step::kError;
  while (!in->empty()) {
    if (state_ == State::kData) {
      *body = in->substr(0, left_);
      in->remove_prefix(body->size());
      left_ -= body->size();
      if (left_ == 0) state_ = State::kDataEnd;
      return Step::kBody;
    }
    const char c = in->front();
    in->remove_prefix(1);
    switch (state_) {
      case State::kSize:
        if (const int digit = HexValue(c); digit >= 0) {
          left_ = left_ * 16 + static_cast<size_t>(digit);
          break;
        }
        if (c != '\r' && c != ';' && c != '\n') return Fail("a chunk has no size");
        [[fallthrough]];
      case State::kExtension:
        state_ = c != '\n' ? State::kExtension : left_ > 0 ? State::kData : State::kTrailer;
        break;
      case State::kDataEnd:
        if (c == '\n') state_ = State::kSize;
        break;
      case State::kTrailer:
        if (c == '\n' && line_ == 0) {
          *this = ReplyReader();
          return Step::kEnd;
        }
        line_ = c == '\n' ? 0 : line_ + (c == '\r' ? 0 : 1);
        break;
      case State::kHead:
      case State::kData:
        break;
    }
  }
  return Step::kMore;
}

// True when the head is complete and tells of a stream.
bool ReplyReader::TakeHead(absl::string_view* in) {
  const size_t before = head_.size();
  head_.append(in->data(), in->size());
  const size_t end = head_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
  if (end == std::string::npos) {
    in->remove_prefix(in->size());
    return false;
  }
  in->remove_prefix(end + 4 - before);
  const std::string shown = head_.substr(0, std::min<size_t>(head_.size(), 1000));
  head_.resize(end + 2);
  absl::AsciiStrToLower(&head_);
  if (!absl::StartsWith(head_, "http/1.1 200")) {
    Fail(absl::StrCat("the reply is no success: ", shown));
  } else if (!absl::StrContains(head_, "\r\ntransfer-encoding: chunked\r\n")) {
    Fail(absl::StrCat("the reply is not chunked: ", shown));
  }
  head_.clear();
  state_ = State::kSize;
  return problem_.empty();
}

ReplyReader::Step ReplyReader::Fail(absl::string_view problem) {
  problem_ = std::string(problem);
  return Step::kError;
}

}  // namespace sluice::bench
