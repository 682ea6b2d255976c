#ifndef SLUICE_SERVER_DIALECT_OPENAI_TOOL_CALLS_H_
#define SLUICE_SERVER_DIALECT_OPENAI_TOOL_CALLS_H_

#include <optional>
#include <string>
#include <vector>

#include "server/base/id.h"
#include "server/dialect/emitter.h"
#include "server/dialect/text_join.h"
#include "server/json/tape.h"

namespace sluice::dialect::openai {

// The tool calls of one choice, put together from their fragments.
//
// Which call a fragment belongs to: by its index; a new id under a used index opens a new call (Gemini numbers every
// parallel call 0). Without an index by its id, else the latest call. Two fragments of one list that both have a name
// and no id are two calls, and so are a name other than the latest call's where there is neither index nor id.
//
// A call's first fragment goes out with its id and name, so it waits for them: until they came, or they cannot come
// any more (another call begins, the choice finishes, the answer ends) or too much waits. An id that never comes is
// made up: "call_" and 32 random digits.
class ToolCalls {
 public:
  ToolCalls(int32_t choice, IdSource& ids) : choice_(choice), ids_(ids) {}

  // The fragments of one delta's `tool_calls`. False: an index that is no int of 0..127, or more calls than any model
  // makes; the stream is malformed.
  bool ReadList(json::Value list, Emitter& out);
  // The deprecated `function_call`: at most one, and never with an id.
  void ReadFunctionCall(json::Value call, Emitter& out);
  // The choice finished: what waits goes out.
  void Release(Emitter& out);
  // The answer ends: halves of characters go out as well.
  void Flush(Emitter& out);

  bool empty() const { return calls_.empty(); }

 private:
  struct Fragment {
    std::optional<int64_t> index;
    chat::ToolKind kind = chat::ToolKind::kFunction;
    absl::string_view id;
    absl::string_view name;
    json::Value arguments;
    json::Value extra_content;  // of Gemini's compatible endpoint, which wants it back
    bool whole = false;         // the arguments are an object, not a piece of text
  };
  struct Call {
    int32_t number = 0;            // in order of first appearance
    std::optional<int64_t> index;  // the provider's
    chat::ToolKind kind = chat::ToolKind::kFunction;
    std::string id;
    std::string name;
    bool announced = false;
    bool own_id = false;       // the id is made up
    bool is_function = false;  // from `function_call`
    uint64_t list = 0;         // the list that last had a fragment of it
    std::string waiting;       // arguments that came before the call was announced
    TextJoin join;
  };

  static Fragment ReadFragment(json::Value entry);
  bool Read(const Fragment& fragment, Emitter& out);
  Call* Find(const Fragment& fragment);
  bool OpensAnother(const Call& call, const Fragment& fragment) const;
  Call& Open(const Fragment& fragment, Emitter& out);
  void Add(Call& call, const Fragment& fragment, Emitter& out);
  void Announce(Call& call, Emitter& out);
  void EmitExtraContent(const Call& call, json::Value extra_content, Emitter& out);
  void EmitArguments(const Call& call, absl::string_view arguments, Emitter& out);

  const int32_t choice_;
  IdSource& ids_;
  std::vector<Call> calls_;
  uint64_t list_ = 0;  // counts lists
  std::string joined_;
  std::string serialised_;
};

}  // namespace sluice::dialect::openai

#endif  // SLUICE_SERVER_DIALECT_OPENAI_TOOL_CALLS_H_
