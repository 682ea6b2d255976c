#ifndef SLUICE_SERVER_DIALECT_OPENAI_REPEATED_CHUNK_H_
#define SLUICE_SERVER_DIALECT_OPENAI_REPEATED_CHUNK_H_

#include <string>

#include "absl/strings/string_view.h"
#include "server/chat/event.h"
#include "server/dialect/openai/chunk.h"
#include "server/json/shape.h"

namespace sluice::dialect::openai {

class ChoiceDecoder;

// The short way for most chunks of an answer: those that say the same as the chunk before, with another piece of text.
// Only a chunk that brought one piece of text, reasoning or refusal for one choice, and nothing else that counts, is
// learned; reading it again would change nothing but that piece. Whatever else comes in between has to Forget it.
class RepeatedChunk {
 public:
  struct Found {
    ChoiceDecoder* choice;
    chat::DeltaKind kind;
    absl::string_view text;  // views `text` of Match, or our buffer until the next call
  };

  // `text` was parsed to `chunk`, without a fault, and its only choice went to `decoder`.
  void Learn(absl::string_view text, const Chunk& chunk, ChoiceDecoder* decoder);
  void Forget() { shape_.Forget(); }
  bool Match(absl::string_view text, Found& found);

 private:
  json::Shape shape_;
  size_t strings_ = 1;  // of the shape: the piece, and the padding if there is any
  size_t text_at_ = 0;  // which of them is the piece
  ChoiceDecoder* choice_ = nullptr;
  chat::DeltaKind kind_{};
  std::string unescaped_;
};

}  // namespace sluice::dialect::openai

#endif  // SLUICE_SERVER_DIALECT_OPENAI_REPEATED_CHUNK_H_
