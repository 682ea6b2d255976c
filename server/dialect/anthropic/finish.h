#ifndef SLUICE_SERVER_DIALECT_ANTHROPIC_FINISH_H_
#define SLUICE_SERVER_DIALECT_ANTHROPIC_FINISH_H_

#include "absl/strings/string_view.h"
#include "server/chat/event.h"

namespace sluice::dialect::anthropic {

// The canonical reason of a stop_reason. pause_turn is a stop: the provider rests during a long turn of its own tools,
// and goes on when the turn is sent back.
chat::FinishReason CanonicalFinish(absl::string_view stop_reason);

}  // namespace sluice::dialect::anthropic

#endif  // SLUICE_SERVER_DIALECT_ANTHROPIC_FINISH_H_
