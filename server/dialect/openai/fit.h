#ifndef SLUICE_SERVER_DIALECT_OPENAI_FIT_H_
#define SLUICE_SERVER_DIALECT_OPENAI_FIT_H_

#include <vector>

#include "server/chat/request.h"
#include "server/dialect/codec.h"

namespace sluice::dialect::openai {

// The contract is made after this dialect, so little is left over: what other dialects gave out, and what a server is
// said not to take. See Codec::Fit.
void Fit(const Target& target, chat::Request* request, std::vector<Misfit>* misfits);

}  // namespace sluice::dialect::openai

#endif  // SLUICE_SERVER_DIALECT_OPENAI_FIT_H_
