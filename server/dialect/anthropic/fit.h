#ifndef SLUICE_SERVER_DIALECT_ANTHROPIC_FIT_H_
#define SLUICE_SERVER_DIALECT_ANTHROPIC_FIT_H_

#include <vector>

#include "server/chat/request.h"
#include "server/dialect/codec.h"

namespace sluice::dialect::anthropic {

// What the Messages API has no counterpart for. See Codec::Fit. What the API would do anyway, such as one choice, is
// taken out without a word.
void Fit(const Target& target, chat::Request* request, std::vector<Misfit>* misfits);

}  // namespace sluice::dialect::anthropic

#endif  // SLUICE_SERVER_DIALECT_ANTHROPIC_FIT_H_
