#include "server/dialect/openai/logprobs.h"

namespace sluice::dialect::openai {
namespace {

// OpenAI's own word for "very unlikely"; taken for null as well, which is how some servers write minus infinity.
constexpr double kVeryUnlikely = -9999.0;

// Token, TopLogprob and TokenLogprob have these members in common.
template <typename Entry>
void ReadEntry(json::Value value, Entry& entry) {
  const absl::string_view token = value.Find("token").AsString();
  entry.token.assign(token.data(), token.size());
  entry.logprob = value.Find("logprob").AsDouble().value_or(kVeryUnlikely);
  for (const json::Value byte : value.Find("bytes").elements()) {
    entry.bytes.push_back(static_cast<char>(byte.AsInt64().value_or(0)));
  }
}

}  // namespace

void ReadLogprobs(json::Value entries, std::vector<chat::TokenLogprob>& out) {
  out.clear();
  for (const json::Value value : entries.elements()) {
    if (!value.is_object()) continue;
    chat::TokenLogprob& entry = out.emplace_back();
    ReadEntry(value, entry);
    for (const json::Value top : value.Find("top_logprobs").elements()) {
      if (top.is_object()) ReadEntry(top, entry.top.emplace_back());
    }
  }
}

}  // namespace sluice::dialect::openai
