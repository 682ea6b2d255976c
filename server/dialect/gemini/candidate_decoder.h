#ifndef SLUICE_SERVER_DIALECT_GEMINI_CANDIDATE_DECODER_H_
#define SLUICE_SERVER_DIALECT_GEMINI_CANDIDATE_DECODER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "server/base/id.h"
#include "server/dialect/emitter.h"
#include "server/dialect/gemini/chunk.h"
#include "server/dialect/gemini/function_calls.h"
#include "server/dialect/gemini/remarks.h"
#include "server/dialect/text_join.h"

namespace sluice::dialect::gemini {

// Reads what the chunks say of one candidate, and emits it part by part, then what is said beside the parts. Whatever
// has to come back on the next turn, or has no place in the contract, goes out as an opaque piece right after its part.
class CandidateDecoder {
 public:
  // `max_bytes` bounds a function call that comes in pieces.
  CandidateDecoder(int32_t index, IdSource& ids, size_t max_bytes)
      : index_(index), calls_(index, ids, max_bytes), remarks_(index) {}

  // False: a function call that cannot be read (FunctionCalls::Read); what came before it is emitted.
  bool Read(const Candidate& candidate, Emitter& out);
  // The answer ends: what was held back goes out. A call in pieces only if the answer is `complete`: nothing would tell
  // that the rest of its arguments is missing.
  void Flush(bool complete, Emitter& out);

  int32_t index() const { return index_; }
  // The last finishReason that said something; "" if none did.
  absl::string_view finish_word() const { return finish_word_; }
  bool has_calls() const { return calls_.size() > 0; }

 private:
  bool ReadPart(json::Value part, Emitter& out);
  bool ReadCall(const ContentPart& part, Emitter& out);
  void ReadText(const ContentPart& part, Emitter& out);
  void ReadThought(json::Value whole, const ContentPart& part, Emitter& out);
  void ReadAudio(const ContentPart& part, Emitter& out);
  void EmitText(chat::DeltaKind kind, absl::string_view text, Emitter& out);
  void EmitOpaque(absl::string_view data, Emitter& out);

  const int32_t index_;
  std::string finish_word_;
  TextJoin text_;
  TextJoin thought_;
  size_t text_bytes_ = 0;  // emitted
  FunctionCalls calls_;
  CandidateRemarks remarks_;
  std::vector<chat::TokenLogprob> logprobs_;  // until a text takes them
  std::string joined_;
};

}  // namespace sluice::dialect::gemini

#endif  // SLUICE_SERVER_DIALECT_GEMINI_CANDIDATE_DECODER_H_
