#ifndef SLUICE_SERVER_DIALECT_OPENAI_STREAM_DECODER_H_
#define SLUICE_SERVER_DIALECT_OPENAI_STREAM_DECODER_H_

#include <memory>
#include <string>
#include <vector>

#include "server/base/id.h"
#include "server/dialect/codec.h"
#include "server/dialect/emitter.h"
#include "server/dialect/openai/choice_decoder.h"
#include "server/dialect/openai/chunk.h"
#include "server/dialect/openai/remarks.h"
#include "server/dialect/openai/repeated_chunk.h"
#include "server/dialect/openai/usage.h"
#include "server/json/tape.h"

namespace sluice::dialect::openai {

// Decodes one answer in OpenAI's chunks, or what passes for them.
//
// The answer ends with "[DONE]", or where the upstream closes after a finish_reason; nothing ends before, for usage or
// an error may follow a finish_reason, and an error then outweighs it. An answer that ends otherwise is truncated.
// Once the largest usual chunk has been seen, a text delta allocates nothing.
class OpenAiDecoder final : public StreamDecoder {
 public:
  // `ids` names tool calls whose provider did not, and must outlive the decoder.
  OpenAiDecoder(const DecodeLimits& limits, IdSource& ids, bool split_think_tags = false);

  void OnEvent(const sse::Event& event, chat::EventSink& sink) override;
  void OnUnknownField(absl::string_view name, absl::string_view value, chat::EventSink& sink) override;
  void OnWholeBody(absl::string_view body, chat::EventSink& sink) override;
  void OnEof(chat::EventSink& sink) override;
  void Fail(const chat::Error& error, chat::EventSink& sink) override;
  bool done() const override { return done_; }

 private:
  enum class End { kDoneMark, kEof, kWholeBody };

  json::Tape::Result Parse(absl::string_view text);
  // False if it is not JSON within our limits: the answer is over then.
  bool ParseOrEnd(absl::string_view text, chat::EventSink& sink);
  void OnErrorEvent(absl::string_view data, chat::EventSink& sink);
  // False: the chunk broke a rule that we cannot do without.
  bool ReadChunk(const Chunk& chunk, chat::EventSink& sink);
  // `text` is what `root` was parsed from.
  void OnChunk(absl::string_view text, json::Value root, chat::EventSink& sink);
  bool OnRepeatedChunk(absl::string_view text, chat::EventSink& sink);
  ChoiceDecoder* FindChoice(json::Value index);

  void Conclude(End end, chat::EventSink& sink);
  bool IsTruncated(End end) const;
  const ChoiceDecoder* BrokenOffChoice() const;
  bool IsFinished() const;
  bool ConcludeWithErrorField(chat::EventSink& sink);
  void Finish(const chat::Error* error, chat::EventSink& sink);

  IdSource& ids_;
  const bool split_think_tags_;
  const json::Tape::Limits limits_;
  json::Tape& tape_;  // of the thread, in use within one call only
  AnswerIdentity identity_;
  std::vector<std::unique_ptr<ChoiceDecoder>> choices_;  // by index
  UsageReader usage_;
  AnswerRemarks remarks_;
  RepeatedChunk repeated_;
  std::string error_field_;  // the first raw `error:` line's value
  bool has_chunk_ = false;
  bool done_ = false;
};

}  // namespace sluice::dialect::openai

#endif  // SLUICE_SERVER_DIALECT_OPENAI_STREAM_DECODER_H_
