#include "server/dialect/stream_errors.h"

#include <string>

namespace sluice::dialect {

chat::Error MakeError(chat::ErrorKind kind, absl::string_view message) {
  chat::Error error;
  error.kind = kind;
  error.message = std::string(message);
  return error;
}

chat::Error ParseError(json::Tape::Result result) {
  switch (result) {
    case json::Tape::Result::kTooLarge:
      return MakeError(chat::ErrorKind::kTooLarge,
                       "the upstream sent more in one piece than the configured limit: raise it, or ask for less");
    case json::Tape::Result::kTooDeep:
      return MakeError(chat::ErrorKind::kMalformed, "the upstream sent JSON that is nested too deep: check base_url");
    default:
      return MakeError(chat::ErrorKind::kMalformed,
                       "the upstream sent something that is not JSON: check that base_url and dialect fit each other");
  }
}

chat::Error Truncated() {
  return MakeError(chat::ErrorKind::kTruncated, "the upstream closed the stream before the answer's end: try again");
}

json::Tape& TapeOfThread() {
  thread_local json::Tape tape;
  return tape;
}

}  // namespace sluice::dialect
