// Any bytes as the body of an answer of OpenAI's (see answer.h), and that the decoder's short way is only that.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/base/fake_id.h"
#include "server/dialect/openai/stream_decoder.h"
#include "tests/fuzz/answer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/dialect/recorder.h"

namespace sluice::fuzz {
namespace {

class Events final : public sse::Handler {
 public:
  void OnEvent(const sse::Event& event) override { list.emplace_back(event.type, event.data); }
  std::vector<std::pair<std::string, std::string>> list;
};

std::vector<std::string> Decode(const Events& events, const dialect::DecodeLimits& limits, bool varied) {
  FakeIdSource ids;
  dialect::Recorder recorder;
  dialect::openai::OpenAiDecoder decoder(limits, ids);
  bool blank = false;
  for (const auto& [type, data] : events.list) {
    std::string text = data;
    if (varied && (blank = !blank) && !text.empty() && text[0] == '{') text.insert(1, " ");
    decoder.OnEvent({type, text, ""}, recorder);
  }
  decoder.OnEof(recorder);
  return recorder.lines();
}

// A chunk like the one before takes a short way through the decoder. With a blank more in every other, none does.
void CheckShortWay(absl::string_view body, const dialect::DecodeLimits& limits) {
  Events events;
  sse::Decoder stream(limits.max_event_bytes);
  if (!stream.Feed(body, events).ok()) return;
  dialect::DecodeLimits with_blank = limits;
  ++with_blank.max_event_bytes;
  RequireSame(Decode(events, with_blank, /*varied=*/false), Decode(events, with_blank, /*varied=*/true),
              "the answer without the short way");
}

}  // namespace
}  // namespace sluice::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sluice::dialect::openai::OpenAiDecoder;
  if (size == 0) return 0;
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  sluice::fuzz::CheckAnswer(
      input, [](const auto& limits, sluice::IdSource& ids) { return std::make_unique<OpenAiDecoder>(limits, ids); });
  sluice::fuzz::CheckShortWay(input.substr(1), sluice::fuzz::LimitsOf(input));
  return 0;
}
