#ifndef SLUICE_SERVER_DIALECT_GEMINI_FIT_H_
#define SLUICE_SERVER_DIALECT_GEMINI_FIT_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "server/chat/request.h"
#include "server/dialect/codec.h"

namespace sluice::dialect::gemini {

// The member of a request that holds the settings; extra_json may have one to add to ours.
inline constexpr absl::string_view kGenerationConfig = "generationConfig";

// See Codec::Fit. Taken without a word is what changes nothing: a value that says what Gemini does anyway (store false,
// parallel_tool_calls true, image detail AUTO), and names that only label what is sent (a file's, a JSON schema's),
// which the contract demands.
void Fit(const Target& target, chat::Request* request, std::vector<Misfit>* misfits);

}  // namespace sluice::dialect::gemini

#endif  // SLUICE_SERVER_DIALECT_GEMINI_FIT_H_
