#ifndef SLUICE_SERVER_DIALECT_ANTHROPIC_FAILURE_H_
#define SLUICE_SERVER_DIALECT_ANTHROPIC_FAILURE_H_

#include "server/chat/error.h"
#include "server/dialect/codec.h"
#include "server/json/tape.h"

namespace sluice::dialect::anthropic {

// As dialect::DecodeFailure and dialect::ReadError. Anthropic has no name of its own for a prompt beyond the model's
// context nor for an empty balance: both come as invalid_request_error, and only the message tells.
chat::Error DecodeFailure(const HttpFailure& failure);
chat::Error ReadFailure(json::Value root, int http_status);

}  // namespace sluice::dialect::anthropic

#endif  // SLUICE_SERVER_DIALECT_ANTHROPIC_FAILURE_H_
