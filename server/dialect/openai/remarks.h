#ifndef SLUICE_SERVER_DIALECT_OPENAI_REMARKS_H_
#define SLUICE_SERVER_DIALECT_OPENAI_REMARKS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "server/dialect/emitter.h"
#include "server/dialect/openai/chunk.h"

namespace sluice::dialect::openai {

// What is said of the answer beside it: the sources that a delta or message cites.
void EmitAnnotations(int32_t choice, json::Value annotations, Emitter& out);

// What chunks say of the whole answer: moderation (OpenAI), the content filter's verdict on the prompt (Azure), and the
// pages that were read (Perplexity, the same list in every chunk: told once).
class AnswerRemarks {
 public:
  void Read(const Chunk& chunk, Emitter& out);
  // The answer ends: a verdict that waited for the answer's name goes out.
  void Flush(Emitter& out);

 private:
  bool cited_ = false;
  bool verdict_waits_ = false;
  std::optional<bool> flagged_;
  std::string prompt_verdict_;
};

// The content filter's verdict on one choice (Azure). It comes with every chunk; told where it differs from the last.
class ChoiceVerdict {
 public:
  void Read(int32_t choice, json::Value results, Emitter& out);

 private:
  std::string last_;
};

}  // namespace sluice::dialect::openai

#endif  // SLUICE_SERVER_DIALECT_OPENAI_REMARKS_H_
