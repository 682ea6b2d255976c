#ifndef SLUICE_SERVER_DIALECT_ANTHROPIC_CITATION_H_
#define SLUICE_SERVER_DIALECT_ANTHROPIC_CITATION_H_

#include "server/dialect/emitter.h"
#include "server/json/tape.h"

namespace sluice::dialect::anthropic {

// A citation of a text block. Its positions are places in the source, not in the answer, so they are in native_json
// only.
void EmitCitation(json::Value citation, Emitter& out);

}  // namespace sluice::dialect::anthropic

#endif  // SLUICE_SERVER_DIALECT_ANTHROPIC_CITATION_H_
