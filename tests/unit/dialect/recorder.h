#ifndef SLUICE_TESTS_UNIT_DIALECT_RECORDER_H_
#define SLUICE_TESTS_UNIT_DIALECT_RECORDER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/chat/event.h"

namespace sluice::dialect {

// What a Recorder found broken. Each program that uses Recorder defines it: a test fails, a fuzzer stops.
void OnBrokenContract(const std::string& what);

using Lines = std::vector<std::string>;

// Writes each event as a line, and reports where the sink's contract is broken: identity first and once, one
// done and last, tool calls numbered in order with id and name in their first fragment only, valid UTF-8 everywhere.
//   identity ID MODEL                     "-" for ""
//   text[0] PIECE    reasoning[0] ...    refusal[0] ...    with logprobs: text[0] PIECE {TOKEN LOGPROB ...}
//   tool[0] #0 function ID NAME ARGUMENTS
//   audio[0] ID DATA TRANSCRIPT EXPIRES
//   opaque[0] BYTES
//   annotation[0] TYPE URL TITLE START-END CITED
//   moderation SUBJECT CHOICE FLAGGED                               ("-" for what was not said)
//   finished[0] REASON NATIVE
//   usage PROMPT/COMPLETION/TOTAL cached=N write=N reasoning=N       "-" for absent, the last three only if there
//   done    done KIND
class Recorder final : public chat::EventSink {
 public:
  void OnIdentity(const chat::Identity& identity) override;
  void OnDelta(const chat::Delta& delta) override;
  void OnAnnotation(const chat::Annotation& annotation) override;
  void OnModeration(const chat::Moderation& moderation) override;
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

}  // namespace sluice::dialect

#endif  // SLUICE_TESTS_UNIT_DIALECT_RECORDER_H_
