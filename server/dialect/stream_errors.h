#ifndef SLUICE_SERVER_DIALECT_STREAM_ERRORS_H_
#define SLUICE_SERVER_DIALECT_STREAM_ERRORS_H_

#include "absl/strings/string_view.h"
#include "server/chat/error.h"
#include "server/json/tape.h"

namespace sluice::dialect {

// What every dialect's decoder can find wrong with a stream, in the same words.

chat::Error MakeError(chat::ErrorKind kind, absl::string_view message);
// `result` is not kOk.
chat::Error ParseError(json::Tape::Result result);
// The upstream closed before the answer's end.
chat::Error Truncated();

// A text is read and done with within one call, so all streams of a thread use the same buffers: they stay in the
// processor's cache, and thousands of streams need not keep their own.
json::Tape& TapeOfThread();

}  // namespace sluice::dialect

#endif  // SLUICE_SERVER_DIALECT_STREAM_ERRORS_H_
