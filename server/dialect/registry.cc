#include <array>

#include "server/dialect/anthropic/codec.h"
#include "server/dialect/codec.h"
#include "server/dialect/gemini/codec.h"
#include "server/dialect/openai/codec.h"

namespace sluice::dialect {
namespace {

// Every dialect there is. A new one adds its folder and its line here.
const auto& Codecs() {
  static const auto codecs = std::to_array<const Codec*>({
      &openai::OpenAiCodec(),
      &anthropic::AnthropicCodec(),
      &gemini::GeminiCodec(),
  });
  return codecs;
}

}  // namespace

const Codec* FindCodec(absl::string_view name) {
  for (const Codec* codec : Codecs()) {
    if (codec->name() == name) return codec;
  }
  return nullptr;
}

std::vector<absl::string_view> CodecNames() {
  std::vector<absl::string_view> names;
  for (const Codec* codec : Codecs()) names.push_back(codec->name());
  return names;
}

}  // namespace sluice::dialect
