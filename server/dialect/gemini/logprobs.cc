#include "server/dialect/gemini/logprobs.h"

namespace sluice::dialect::gemini {
namespace {

// The contract's word for "very unlikely". Google's encoders leave a zero out, so an absent one is 0.
constexpr double kVeryUnlikely = -9999.0;

// TopLogprob and TokenLogprob have these members in common.
template <typename Entry>
void ReadEntry(json::Value value, Entry& entry) {
  const absl::string_view token = value.Find("token").AsString();
  entry.token.assign(token.data(), token.size());
  const json::Value logprob = value.Find("logProbability");
  entry.logprob = logprob.kind() == json::Kind::kAbsent ? 0 : logprob.AsDouble().value_or(kVeryUnlikely);
}

}  // namespace

void ReadLogprobs(json::Value result, std::vector<chat::TokenLogprob>& out) {
  out.clear();
  if (!result.is_object()) return;
  const auto tops = result.Find("topCandidates").elements();
  auto top = tops.begin();
  for (const json::Value chosen : result.Find("chosenCandidates").elements()) {
    chat::TokenLogprob& entry = out.emplace_back();
    ReadEntry(chosen, entry);
    if (top == tops.end()) continue;
    for (const json::Value candidate : (*top).Find("candidates").elements()) {
      ReadEntry(candidate, entry.top.emplace_back());
    }
    ++top;
  }
}

}  // namespace sluice::dialect::gemini
