#ifndef SLUICE_SERVER_DIALECT_GEMINI_FINISH_H_
#define SLUICE_SERVER_DIALECT_GEMINI_FINISH_H_

#include "absl/strings/string_view.h"
#include "server/chat/event.h"

namespace sluice::dialect::gemini {

// The canonical reason of a finishReason that is not "". Gemini has no word of its own for an answer that ends in
// calls. kError: the model's call could not be read; the answer is over all the same, and complete.
chat::FinishReason CanonicalFinish(absl::string_view word, bool has_calls);

}  // namespace sluice::dialect::gemini

#endif  // SLUICE_SERVER_DIALECT_GEMINI_FINISH_H_
