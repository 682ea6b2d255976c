#ifndef SLUICE_SERVER_DIALECT_ERROR_KIND_H_
#define SLUICE_SERVER_DIALECT_ERROR_KIND_H_

#include <string>

#include "server/chat/error.h"
#include "server/dialect/error_body.h"

namespace sluice::dialect {

// What kind of failure an error body tells of. In this order: the HTTP statuses 401, 402 and 404; the names in code,
// status and type; the HTTP status; the names that are used for all sorts of failures; a number in the body. If all
// that says nothing, kServerError. `http_status` is 0 inside a 200 stream.
chat::ErrorKind ClassifyError(const ErrorBody& body, int http_status);

// In our own words: what happened, and what to change.
std::string ErrorMessage(chat::ErrorKind kind, int http_status);

}  // namespace sluice::dialect

#endif  // SLUICE_SERVER_DIALECT_ERROR_KIND_H_
