#ifndef SLUICE_SERVER_DIALECT_ERRORS_H_
#define SLUICE_SERVER_DIALECT_ERRORS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "server/chat/error.h"
#include "server/dialect/codec.h"
#include "server/json/tape.h"

namespace sluice::dialect {

// Whether an object, wherever it came, is an error: its `error` member is an object with members or a string with
// characters, or it calls itself an error (vLLM and Mistral: object, Anthropic behind relays: type). `error: null`,
// false, "" and {} are none.
bool IsError(json::Value root);
// The same for one whose members of these names are known.
bool IsError(json::Value error, json::Value object, json::Value type);

// Whether an object that is no completion is an error in some server's own form: {"detail": ...} (FastAPI),
// {"message" or "msg", "code"?}.
bool IsFlatError(json::Value root);

// The error of a body or event that is known to be one, whatever its form: flat, nested several times, wrapped in an
// array, a plain string, or JSON inside the message. `http_status` is 0 inside a 200 stream. Provider text is cut to
// 1 KiB.
chat::Error ReadError(json::Value root, int http_status);

// The same for an error that is not JSON.
chat::Error ReadErrorText(absl::string_view text, int http_status);

// A reply whose status is no success.
chat::Error DecodeFailure(const HttpFailure& failure);

}  // namespace sluice::dialect

#endif  // SLUICE_SERVER_DIALECT_ERRORS_H_
