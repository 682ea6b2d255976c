#ifndef SLUICE_TESTS_UNIT_DIALECT_HARNESS_H_
#define SLUICE_TESTS_UNIT_DIALECT_HARNESS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/chat/event.h"
#include "server/dialect/codec.h"

namespace sluice::dialect {

using Lines = std::vector<std::string>;

// Writes each event as a line, and fails the test where the sink's contract is broken: identity first and once, one
// done and last, tool calls numbered in order with id and name in their first fragment only, valid UTF-8 everywhere.
//   identity ID MODEL                     "-" for ""
//   text[0] PIECE    reasoning[0] ...    refusal[0] ...    with logprobs: text[0] PIECE {TOKEN LOGPROB ...}
//   tool[0] #0 function ID NAME ARGUMENTS
//   audio[0] ID DATA TRANSCRIPT EXPIRES
//   finished[0] REASON NATIVE
//   usage PROMPT/COMPLETION/TOTAL cached=N write=N reasoning=N       "-" for absent, the last three only if there
//   done    done KIND
class Recorder final : public chat::EventSink {
 public:
  void OnIdentity(const chat::Identity& identity) override;
  void OnDelta(const chat::Delta& delta) override;
  void OnFinished(const chat::Finished& finished) override;
  void OnUsage(const chat::Usage& usage) override;
  void OnDone(const chat::Error* error) override;

  const Lines& lines() const { return lines_; }
  const chat::Error& error() const { return error_; }
  bool done() const { return done_; }

 private:
  void Add(std::string line);
  std::string ToolLine(const chat::Delta& delta);

  Lines lines_;
  chat::Error error_;
  bool has_identity_ = false;
  bool at_end_ = false;
  bool done_ = false;
  std::vector<std::pair<int32_t, int32_t>> calls_;  // choice and index of the calls seen
};

struct Decoded {
  Lines lines;
  chat::Error error;
};

using MakeDecoder = std::function<std::unique_ptr<StreamDecoder>()>;

// Feeds `body` to a ReplyReader whole, byte by byte, and cut in two at every place; requires the same events each
// time, none of them later than its last byte allows, and returns them.
Decoded DecodeEachWay(const MakeDecoder& make, absl::string_view body,
                      absl::string_view content_type = "text/event-stream");

// The same with OpenAI's decoder; made-up tool ids count from call_...01 for each run.
Decoded DecodeOpenAi(absl::string_view body, absl::string_view content_type = "text/event-stream");

// A stream of data events: "data: X\n\n" for each.
std::string Stream(const std::vector<std::string>& events);

// A chunk with one choice, index 0, and this delta; `rest` is put in after the delta (", \"finish_reason\": ...").
std::string Chunk(absl::string_view delta, absl::string_view rest = "");
// A chunk without output that finishes choice 0.
std::string FinishChunk(absl::string_view reason);

}  // namespace sluice::dialect

#endif  // SLUICE_TESTS_UNIT_DIALECT_HARNESS_H_
