#ifndef SLUICE_SERVER_DIALECT_GEMINI_FAILURE_H_
#define SLUICE_SERVER_DIALECT_GEMINI_FAILURE_H_

#include "server/chat/error.h"
#include "server/dialect/codec.h"
#include "server/json/tape.h"

namespace sluice::dialect::gemini {

// dialect::ReadError, and what Google says in the details (google.rpc): a refused key comes as an invalid argument, a
// quota that is used up for the day as a rate limit; how long to wait stands in RetryInfo.
chat::Error ReadFailure(json::Value root, int http_status);

// dialect::DecodeFailure with the same. Headers that say how long to wait outweigh the body.
chat::Error DecodeFailure(const HttpFailure& failure);

}  // namespace sluice::dialect::gemini

#endif  // SLUICE_SERVER_DIALECT_GEMINI_FAILURE_H_
