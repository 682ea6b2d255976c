#include "server/dialect/gemini/finish.h"

#include <algorithm>
#include <iterator>

namespace sluice::dialect::gemini {
namespace {

constexpr absl::string_view kFiltered[] = {"SAFETY",
                                           "RECITATION",
                                           "BLOCKLIST",
                                           "PROHIBITED_CONTENT",
                                           "SPII",
                                           "IMAGE_SAFETY",
                                           "IMAGE_PROHIBITED_CONTENT",
                                           "IMAGE_RECITATION"};
constexpr absl::string_view kBroken[] = {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"};

template <typename List>
bool Has(const List& list, absl::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

}  // namespace

chat::FinishReason CanonicalFinish(absl::string_view word, bool has_calls) {
  using chat::FinishReason;
  if (word == "STOP") return has_calls ? FinishReason::kToolCalls : FinishReason::kStop;
  if (word == "MAX_TOKENS") return FinishReason::kLength;
  if (Has(kFiltered, word)) return FinishReason::kContentFilter;
  if (Has(kBroken, word)) return FinishReason::kError;
  return FinishReason::kOther;
}

}  // namespace sluice::dialect::gemini
