#include "tests/fuzz/answer.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/fake_id.h"
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
  explicit Surroundings(absl::string_view input)
      : content_type(kTypes[input.front() & 3]), breaks((input.front() & 4) != 0), limits(LimitsOf(input)) {}

  static constexpr const char* kTypes[] = {"text/event-stream; charset=utf-8", "application/json", "text/html", ""};
  const char* content_type;
  bool breaks;
  dialect::DecodeLimits limits;
};

struct Answer {
  std::vector<std::string> lines;    // the events, and last the error's texts
  std::vector<size_t> lines_by_end;  // how many events had come with each read
};

Answer Run(absl::string_view body, const Surroundings& around, MakeDecoder make, const std::vector<size_t>& ends) {
  FakeIdSource ids;
  dialect::Recorder recorder;
  dialect::ReplyReader reader(make(around.limits, ids), around.content_type, around.limits);
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

void CheckCuts(absl::string_view body, const Surroundings& around, MakeDecoder make) {
  const Answer by_bytes = Run(body, around, make, Every(1, body.size()));
  for (const std::vector<size_t>& ends : Cuts(body)) {
    const Answer answer = Run(body, around, make, ends);
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

dialect::DecodeLimits LimitsOf(absl::string_view input) {
  dialect::DecodeLimits limits;
  const bool tight = (input.front() & 8) != 0;
  if (tight) limits.max_event_bytes = 200;
  if (tight) limits.max_json_depth = 5;
  return limits;
}

void CheckAnswer(absl::string_view input, MakeDecoder make) {
  if (input.empty()) return;
  const Surroundings around(input);
  const absl::string_view body = input.substr(1);
  CheckCuts(body, around, make);
  Amplify(body, [&](absl::string_view amplified) { Run(amplified, around, make, Every(kRead, amplified.size())); });
}

}  // namespace sluice::fuzz
