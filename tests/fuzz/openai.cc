// Any bytes as the body of an answer, read as the gateway reads it. The sink's contract holds (the recorder sees to
// that), and neither the events nor the read in which each comes depend on how the body was cut.
//
// The first byte says what surrounds the body, as a digit from '0' on: 0 to 3 an event stream, JSON, HTML or no content
// type, and 4 more where the connection breaks instead of closing; "8" to "?" are the same under tight limits.

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "server/base/fake_id.h"
#include "server/dialect/openai/stream_decoder.h"
#include "server/dialect/reply_reader.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/dialect/recorder.h"

namespace sluice::dialect {

void OnBrokenContract(const std::string& what) { fuzz::Require(false, what); }

}  // namespace sluice::dialect

namespace sluice::fuzz {
namespace {

constexpr size_t kRead = 64;

struct Surroundings {
  explicit Surroundings(char choice)
      : content_type(kTypes[choice & 3]), breaks((choice & 4) != 0), limits(Limits((choice & 8) != 0)) {}

  static dialect::DecodeLimits Limits(bool tight) {
    dialect::DecodeLimits limits;
    if (tight) limits.max_event_bytes = 200;
    if (tight) limits.max_json_depth = 5;
    return limits;
  }

  static constexpr const char* kTypes[] = {"text/event-stream; charset=utf-8", "application/json", "text/html", ""};
  const char* content_type;
  bool breaks;
  dialect::DecodeLimits limits;
};

struct Answer {
  std::vector<std::string> lines;    // the events, and last the error's texts
  std::vector<size_t> lines_by_end;  // how many events had come with each read
};

Answer Run(absl::string_view body, const Surroundings& around, const std::vector<size_t>& ends) {
  FakeIdSource ids;
  dialect::Recorder recorder;
  dialect::ReplyReader reader(std::make_unique<dialect::openai::OpenAiDecoder>(around.limits, ids), around.content_type,
                              around.limits);
  Answer answer;
  size_t start = 0;
  for (const size_t end : ends) {
    // A copy that is gone after the call: the sanitizer sees a view that outlives it.
    reader.Feed(std::string(body.substr(start, end - start)), recorder);
    Require(reader.done() == recorder.done(), "the reader is done when the sink was told so");
    answer.lines_by_end.push_back(recorder.lines().size());
    start = end;
  }
  if (around.breaks) {
    chat::Error error;
    error.kind = chat::ErrorKind::kTruncated;
    error.message = "the connection broke";
    reader.Fail(error, recorder);
  } else {
    reader.Eof(recorder);
  }
  Require(reader.done() && recorder.done(), "an answer ends");
  answer.lines = recorder.lines();
  const chat::Error& error = recorder.error();
  answer.lines.push_back(absl::StrCat(error.message, " | ", error.provider_message, " | ", error.provider_code, " | ",
                                      error.provider_type, " | ", error.request_id));
  return answer;
}

void CheckBody(absl::string_view body, const Surroundings& around) {
  const Answer by_bytes = Run(body, around, Every(1, body.size()));
  for (const std::vector<size_t>& ends : Cuts(body)) {
    const Answer answer = Run(body, around, ends);
    const std::string way =
        absl::StrCat("the answer read in ", ends.size(), " pieces, the first of ", ends[0], " bytes");
    RequireSame(answer.lines, by_bytes.lines, way);
    for (size_t i = 0; i < ends.size(); ++i) {
      const size_t wanted = ends[i] == 0 ? 0 : by_bytes.lines_by_end[ends[i] - 1];
      Require(answer.lines_by_end[i] == wanted, absl::StrCat(way, " brings each event in the read that completes it"),
              absl::StrCat(answer.lines_by_end[i], " instead of ", wanted, " events after ", ends[i], " bytes"));
    }
  }
}

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
void CheckShortWay(absl::string_view body, const Surroundings& around) {
  Events events;
  sse::Decoder stream(around.limits.max_event_bytes);
  if (!stream.Feed(body, events).ok()) return;
  dialect::DecodeLimits with_blank = around.limits;
  ++with_blank.max_event_bytes;
  RequireSame(Decode(events, with_blank, /*varied=*/false), Decode(events, with_blank, /*varied=*/true),
              "the answer without the short way");
}

}  // namespace
}  // namespace sluice::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  absl::string_view body(reinterpret_cast<const char*>(data), size);
  const sluice::fuzz::Surroundings around(body.front());
  body.remove_prefix(1);
  sluice::fuzz::CheckBody(body, around);
  sluice::fuzz::CheckShortWay(body, around);
  sluice::fuzz::Amplify(body, [&](absl::string_view amplified) {
    sluice::fuzz::Run(amplified, around, sluice::fuzz::Every(sluice::fuzz::kRead, amplified.size()));
  });
  return 0;
}
