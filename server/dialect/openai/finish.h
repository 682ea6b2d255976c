#ifndef SLUICE_SERVER_DIALECT_OPENAI_FINISH_H_
#define SLUICE_SERVER_DIALECT_OPENAI_FINISH_H_

#include "absl/strings/string_view.h"
#include "server/chat/event.h"
#include "server/json/tape.h"

namespace sluice::dialect::openai {

// The word of a finish_reason member, or "" if it says nothing: absent, null, no string, "", or the word "null".
absl::string_view FinishWord(json::Value finish_reason);

// The canonical reason of a provider's word. kError: the provider broke the answer off.
chat::FinishReason CanonicalFinish(absl::string_view word);

}  // namespace sluice::dialect::openai

#endif  // SLUICE_SERVER_DIALECT_OPENAI_FINISH_H_
