// Any bytes as the body of an answer of Gemini's, read as the gateway reads it. The sink's contract holds (the recorder
// sees to that), and neither the events nor the read in which each comes depend on how the body was cut.
//
// The first byte is that of openai.cc: '0' an event stream, '1' JSON, '4' more where the connection breaks, '8' more
// under tight limits.

#include <memory>

#include "absl/strings/str_cat.h"
#include "server/base/fake_id.h"
#include "server/dialect/gemini/stream_decoder.h"
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
  dialect::ReplyReader reader(std::make_unique<dialect::gemini::GeminiDecoder>(around.limits, ids), around.content_type,
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

}  // namespace
}  // namespace sluice::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  absl::string_view body(reinterpret_cast<const char*>(data), size);
  const sluice::fuzz::Surroundings around(body.front());
  body.remove_prefix(1);
  sluice::fuzz::CheckBody(body, around);
  sluice::fuzz::Amplify(body, [&](absl::string_view amplified) {
    sluice::fuzz::Run(amplified, around, sluice::fuzz::Every(sluice::fuzz::kRead, amplified.size()));
  });
  return 0;
}
