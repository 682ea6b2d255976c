// Any bytes as the body of an answer of Gemini's: see answer.h.

#include "server/dialect/gemini/stream_decoder.h"
#include "tests/fuzz/answer.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sluice::dialect::gemini::GeminiDecoder;
  sluice::fuzz::CheckAnswer(
      absl::string_view(reinterpret_cast<const char*>(data), size),
      [](const auto& limits, sluice::IdSource& ids) { return std::make_unique<GeminiDecoder>(limits, ids); });
  return 0;
}
