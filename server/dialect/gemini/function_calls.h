#ifndef SLUICE_SERVER_DIALECT_GEMINI_FUNCTION_CALLS_H_
#define SLUICE_SERVER_DIALECT_GEMINI_FUNCTION_CALLS_H_

#include <cstddef>
#include <optional>
#include <string>

#include "server/base/id.h"
#include "server/dialect/emitter.h"
#include "server/dialect/gemini/partial_args.h"
#include "server/json/tape.h"

namespace sluice::dialect::gemini {

// The function calls of one candidate. They come whole, one after the other, and are numbered over the whole answer;
// one without an id is given one: "call_" and 32 random digits. On Vertex AI a call can come in pieces instead: one
// with the name, then arguments, then an empty one, which may be missing. Its name goes out at once, its arguments when
// it is whole.
class FunctionCalls {
 public:
  // `max_bytes` bounds a call that comes in pieces.
  FunctionCalls(int32_t choice, IdSource& ids, size_t max_bytes) : choice_(choice), ids_(ids), max_bytes_(max_bytes) {}

  // One `functionCall`. False: pieces that make no arguments, or more calls than any model makes; the stream is
  // malformed.
  bool Read(json::Value call, Emitter& out);
  // The answer is complete, and so is a call whose last piece is missing.
  void Close(Emitter& out);

  size_t size() const { return count_; }
  absl::string_view last_id() const { return last_id_; }

 private:
  void Open(absl::string_view id, absl::string_view name, absl::string_view arguments, Emitter& out);

  const int32_t choice_;
  IdSource& ids_;
  const size_t max_bytes_;
  size_t count_ = 0;
  std::string last_id_;
  std::optional<PartialArgs> partial_;  // of the last call, while it is not whole
};

}  // namespace sluice::dialect::gemini

#endif  // SLUICE_SERVER_DIALECT_GEMINI_FUNCTION_CALLS_H_
