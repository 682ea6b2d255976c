#ifndef SLUICE_SERVER_CONFIG_YAML_H_
#define SLUICE_SERVER_CONFIG_YAML_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/config/problems.h"

namespace sluice::config {

struct YamlNode;
using YamlPtr = std::shared_ptr<const YamlNode>;  // an alias shares the node of its anchor

struct YamlEntry {
  std::string key;
  int line = 0;
  YamlPtr value;
};

// One value of a YAML document. Scalars are text: what they mean is for the schema to say.
struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };
  Kind kind = Kind::kNull;
  int line = 0;  // counts from 1
  std::string scalar;
  std::vector<YamlPtr> items;
  std::vector<YamlEntry> entries;  // in the file's order; a key may stand twice, which the reader reports
  // Of the tree below, with aliases counted as if written out: what bounds an alias bomb.
  size_t nodes = 1;
  size_t depth = 1;
};

// The document in `text`, or nullptr after a syntax error. Problems found go into `problems`. At most kMaxFileBytes,
// kMaxYamlNodes and kMaxYamlDepth.
YamlPtr ParseYaml(const std::string& text, Problems* problems);

inline constexpr size_t kMaxYamlNodes = 100'000;
inline constexpr size_t kMaxYamlDepth = 32;

}  // namespace sluice::config

#endif  // SLUICE_SERVER_CONFIG_YAML_H_
