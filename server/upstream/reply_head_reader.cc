#include "server/upstream/reply_head_reader.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace sluice::upstream {
namespace {

bool IsInterim(int status) { return status >= 100 && status < 200; }

// "HTTP/1.1 200 OK" and HTTP/2's "HTTP/2 200".
int StatusOf(absl::string_view line) {
  const size_t space = line.find(' ');
  int status = 0;
  if (space == absl::string_view::npos || !absl::SimpleAtoi(line.substr(space + 1, 3), &status)) return 0;
  return status;
}

}  // namespace

ReplyHeadReader::Got ReplyHeadReader::Add(absl::string_view line) {
  bytes_ += line.size();
  if (bytes_ > kMaxBytes) return Got::kTooLarge;
  if (done_) return Got::kMore;
  const absl::string_view text = absl::StripTrailingAsciiWhitespace(line);
  if (absl::StartsWith(text, "HTTP/")) {
    head_.status = StatusOf(text);
    head_.headers.clear();
    return IsInterim(head_.status) ? Got::kMore : Got::kFirst;
  }
  if (!text.empty()) {
    AddField(text);
    return Got::kMore;
  }
  if (IsInterim(head_.status)) return Got::kMore;
  done_ = true;
  return Got::kComplete;
}

void ReplyHeadReader::AddField(absl::string_view line) {
  if (IsInterim(head_.status)) return;
  if ((line[0] == ' ' || line[0] == '\t') && !head_.headers.empty()) {
    // A folded line continues the one before (RFC 9112 5.2).
    absl::StrAppend(&head_.headers.back().second, " ", absl::StripAsciiWhitespace(line));
    return;
  }
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos) return;
  head_.headers.emplace_back(absl::AsciiStrToLower(absl::StripAsciiWhitespace(line.substr(0, colon))),
                             std::string(absl::StripAsciiWhitespace(line.substr(colon + 1))));
}

}  // namespace sluice::upstream
