#ifndef SLUICE_SERVER_DIALECT_THINK_SPLITTER_H_
#define SLUICE_SERVER_DIALECT_THINK_SPLITTER_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

namespace sluice::dialect {

// Parts the thinking from the answer where a model writes both into one text: "<think>...</think>answer". Only at the
// text's beginning, blanks aside: later the tag is something that the model talks about. The tags themselves and the
// blanks before the first are left out; an opening tag without a closing one makes all that follows thinking.
class ThinkSplitter {
 public:
  using Take = absl::FunctionRef<void(bool thinking, absl::string_view piece)>;

  // Hands over what is certain by now; `piece` is never empty. What may be the beginning of a tag is kept back.
  void Feed(absl::string_view text, Take take);
  // The text's end: what was kept back was no tag.
  void Flush(Take take);

 private:
  enum class State { kStart, kThinking, kAnswer };

  void FeedStart(absl::string_view text, Take take);
  void FeedThinking(absl::string_view text, Take take);

  State state_ = State::kStart;
  std::string held_;
};

}  // namespace sluice::dialect

#endif  // SLUICE_SERVER_DIALECT_THINK_SPLITTER_H_
