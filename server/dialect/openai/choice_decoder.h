#ifndef SLUICE_SERVER_DIALECT_OPENAI_CHOICE_DECODER_H_
#define SLUICE_SERVER_DIALECT_OPENAI_CHOICE_DECODER_H_

#include <optional>
#include <string>
#include <vector>

#include "server/base/id.h"
#include "server/dialect/emitter.h"
#include "server/dialect/openai/chunk.h"
#include "server/dialect/openai/remarks.h"
#include "server/dialect/openai/tool_calls.h"
#include "server/dialect/text_join.h"
#include "server/dialect/think_splitter.h"

namespace sluice::dialect::openai {

// Reads what the chunks say of one choice, and emits it piece by piece: within a chunk reasoning, text, refusal, tool
// calls, audio, annotations, verdicts, in this order. Roles and empty pieces are no output.
class ChoiceDecoder {
 public:
  // `split_think_tags`: see ThinkSplitter.
  ChoiceDecoder(int32_t index, IdSource& ids, bool split_think_tags) : index_(index), tools_(index, ids) {
    if (split_think_tags) think_.emplace();
  }

  // False: a tool call that cannot be told apart (ToolCalls::ReadList); what came before it is emitted.
  bool Read(const ChunkChoice& choice, Emitter& out);
  // A chunk of one piece of text, reasoning or refusal, like the one that Read has just read.
  void ReadPiece(chat::DeltaKind kind, absl::string_view text, Emitter& out);
  // The answer ends: what was held back goes out.
  void Flush(Emitter& out);

  int32_t index() const { return index_; }
  // The last finish_reason that said something, in the provider's word; "" if none did.
  absl::string_view finish_word() const { return finish_word_; }

 private:
  bool ReadDelta(const Content& content, const ChunkChoice& choice, Emitter& out);
  bool ReadMessage(const ChunkChoice& choice, Emitter& out);
  void ReadReasoning(const Content& content, Emitter& out);
  void ReadThinkingParts(json::Value content, Emitter& out);
  void ReadText(const Content& content, json::Value logprobs, Emitter& out);
  void ReadRefusal(const Content& content, json::Value logprobs, Emitter& out);
  void ReadAudio(json::Value audio, Emitter& out);

  void KeepReasoningDetails(json::Value details, Emitter& out);
  void EmitReasoningDetails(Emitter& out);
  void EmitReasoning(json::Value piece, Emitter& out);
  // With an empty piece only the logprobs go out, if there are any; they are used up.
  void EmitText(chat::DeltaKind kind, TextJoin& join, const json::Text& piece, Emitter& out);
  void SplitThinking(absl::string_view text, Emitter& out);
  void EmitPart(bool thinking, absl::string_view part, Emitter& out);
  void EmitPiece(chat::DeltaKind kind, absl::string_view text, Emitter& out);
  void FlushText(chat::DeltaKind kind, TextJoin& join, Emitter& out);

  const int32_t index_;
  bool has_text_ = false;
  bool has_reasoning_ = false;
  bool has_refusal_ = false;
  bool has_audio_ = false;
  std::string finish_word_;
  TextJoin text_;
  TextJoin reasoning_;
  TextJoin refusal_;
  TextJoin transcript_;
  ToolCalls tools_;
  std::vector<chat::TokenLogprob> logprobs_;
  std::optional<ThinkSplitter> think_;
  ChoiceVerdict verdict_;
  std::string reasoning_details_;  // elements of the array that the provider wants back
  std::string joined_;
};

}  // namespace sluice::dialect::openai

#endif  // SLUICE_SERVER_DIALECT_OPENAI_CHOICE_DECODER_H_
