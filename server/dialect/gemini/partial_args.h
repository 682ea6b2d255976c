#ifndef SLUICE_SERVER_DIALECT_GEMINI_PARTIAL_ARGS_H_
#define SLUICE_SERVER_DIALECT_GEMINI_PARTIAL_ARGS_H_

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/dialect/text_join.h"
#include "server/json/tape.h"
#include "server/json/writer.h"

namespace sluice::dialect::gemini {

// One step of a path into arguments: a member's name, or an element's number.
struct PathStep {
  std::string name;
  std::optional<size_t> index;
};

// Reads a JSONPath that names one place (RFC 9535 2.3.5.1): $.a['b'][0]. Nothing for any other, and for one that is
// longer than any arguments are deep.
std::optional<std::vector<PathStep>> ReadPath(absl::string_view path);

// Puts the arguments of one function call together that come in pieces (Vertex AI, streamFunctionCallArguments), each
// with its path. Pieces of one string are joined; of another value the last counts. Members keep the order in which
// they first came.
class PartialArgs {
 public:
  // `max_bytes` bounds what is kept.
  explicit PartialArgs(size_t max_bytes);

  // One element of partialArgs. False: its path leads nowhere (it is none, or goes through a value, or leaves elements
  // out), or there is too much.
  bool Add(json::Value piece);
  // The members of an `args` object that came beside the pieces.
  bool AddWhole(json::Value args);
  // All of them so far, as the text of an object.
  std::string Json() const;

 private:
  enum class Kind { kNone, kObject, kArray, kString, kRaw };
  struct Node {
    Kind kind = Kind::kNone;
    std::string text;                     // kString: the characters; kRaw: JSON
    TextJoin join;                        // kString
    std::vector<std::string> names;       // kObject: of the children
    std::vector<size_t> children;         // kObject and kArray: places in nodes_
    std::map<std::string, size_t> place;  // kObject: of the children in nodes_, by name
  };

  Node* Find(const std::vector<PathStep>& path);
  size_t AddNode();
  bool Keep(size_t bytes);
  bool Put(json::Value value, Node& node);
  void Write(const Node& node, json::Writer& json) const;

  std::deque<Node> nodes_;  // the first is the whole
  size_t bytes_left_;
  std::string joined_;
};

}  // namespace sluice::dialect::gemini

#endif  // SLUICE_SERVER_DIALECT_GEMINI_PARTIAL_ARGS_H_
