#ifndef SLUICE_SERVER_DIALECT_GEMINI_STREAM_DECODER_H_
#define SLUICE_SERVER_DIALECT_GEMINI_STREAM_DECODER_H_

#include <memory>
#include <optional>
#include <vector>

#include "server/base/id.h"
#include "server/dialect/codec.h"
#include "server/dialect/emitter.h"
#include "server/dialect/gemini/bare_json.h"
#include "server/dialect/gemini/candidate_decoder.h"
#include "server/dialect/gemini/chunk.h"
#include "server/dialect/gemini/remarks.h"
#include "server/json/tape.h"

namespace sluice::dialect::gemini {

// Decodes one answer in Gemini's chunks.
//
// Only the end of the body ends it: older models give a finishReason with every chunk, and usage changes after one. It
// is complete if every candidate that came has a finishReason by then, or the prompt was blocked; otherwise it is
// truncated. An error outweighs a finishReason. Once the largest usual chunk has been seen, a text delta allocates
// nothing.
class GeminiDecoder final : public StreamDecoder {
 public:
  // `ids` names function calls whose provider did not, and must outlive the decoder.
  GeminiDecoder(const DecodeLimits& limits, IdSource& ids);

  void OnEvent(const sse::Event& event, chat::EventSink& sink) override;
  void OnUnknownField(absl::string_view name, absl::string_view value, chat::EventSink& sink) override;
  void OnWholeBody(absl::string_view body, chat::EventSink& sink) override;
  void OnEof(chat::EventSink& sink) override;
  void Fail(const chat::Error& error, chat::EventSink& sink) override;
  bool done() const override { return done_; }

 private:
  // False if it is not JSON within our limits: the answer is over then.
  bool ParseOrEnd(absl::string_view text, chat::EventSink& sink);
  void OnErrorEvent(absl::string_view data, chat::EventSink& sink);
  // A chunk, an error, or an array of them; anything else is skipped.
  void OnDocument(json::Value root, chat::EventSink& sink);
  void OnChunk(json::Value root, chat::EventSink& sink);
  bool ReadCandidates(json::Value candidates, Emitter& out);
  CandidateDecoder* FindCandidate(json::Value index);

  void Conclude(chat::EventSink& sink);
  bool IsFinished() const;
  void Finish(const chat::Error* error, chat::EventSink& sink);
  void EmitFinished(chat::EventSink& sink) const;

  IdSource& ids_;
  const json::Tape::Limits limits_;
  json::Tape& tape_;  // of the thread, in use within one call only
  AnswerIdentity identity_;
  std::vector<std::unique_ptr<CandidateDecoder>> candidates_;  // by index
  PromptRemarks prompt_;
  std::optional<chat::Usage> usage_;
  BareJson bare_json_;
  bool has_chunk_ = false;
  bool done_ = false;
};

}  // namespace sluice::dialect::gemini

#endif  // SLUICE_SERVER_DIALECT_GEMINI_STREAM_DECODER_H_
