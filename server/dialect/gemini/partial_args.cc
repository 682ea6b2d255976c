#include "server/dialect/gemini/partial_args.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/json/shape.h"

namespace sluice::dialect::gemini {
namespace {

constexpr size_t kMaxSteps = 100;   // Write calls itself as deep
constexpr size_t kNodeBytes = 200;  // about what a node takes beside its texts

// A name in quotes, of either sort, at the front of `path`; takes it off.
bool TakeQuoted(absl::string_view& path, std::string& name) {
  const char quote = path[0];
  std::string json;  // as JSON writes it
  for (size_t i = 1; i < path.size(); ++i) {
    if (path[i] == quote) {
      path.remove_prefix(i + 1);
      return json::AppendUnescaped(json, name);
    }
    if (path[i] == '\\' && i + 1 < path.size()) {
      ++i;
      if (path[i] != '\'') json += '\\';
    } else if (path[i] == '"') {
      json += '\\';
    }
    json += path[i];
  }
  return false;
}

// "[...]", of which the opening bracket is off.
bool TakeBracket(absl::string_view& path, PathStep& step) {
  if (path.empty()) return false;
  if (path[0] == '"' || path[0] == '\'') {
    if (!TakeQuoted(path, step.name)) return false;
  } else {
    const size_t end = path.find(']');
    const absl::string_view digits = path.substr(0, end);
    uint32_t index;
    if (end == absl::string_view::npos || digits.find_first_not_of("0123456789") != absl::string_view::npos ||
        !absl::SimpleAtoi(digits, &index)) {
      return false;
    }
    step.index = index;
    path.remove_prefix(end);
  }
  return absl::ConsumePrefix(&path, "]");
}

}  // namespace

std::optional<std::vector<PathStep>> ReadPath(absl::string_view path) {
  if (!absl::ConsumePrefix(&path, "$")) return std::nullopt;
  std::vector<PathStep> steps;
  while (!path.empty()) {
    PathStep& step = steps.emplace_back();
    if (steps.size() > kMaxSteps) return std::nullopt;
    if (absl::ConsumePrefix(&path, "[")) {
      if (!TakeBracket(path, step)) return std::nullopt;
    } else if (absl::ConsumePrefix(&path, ".")) {
      step.name = std::string(path.substr(0, path.find_first_of(".[")));
      if (step.name.empty()) return std::nullopt;
      path.remove_prefix(step.name.size());
    } else {
      return std::nullopt;
    }
  }
  return steps;
}

PartialArgs::PartialArgs(size_t max_bytes) : bytes_left_(max_bytes) { nodes_.emplace_back().kind = Kind::kObject; }

bool PartialArgs::Keep(size_t bytes) {
  if (bytes > bytes_left_) return false;
  bytes_left_ -= bytes;
  return true;
}

size_t PartialArgs::AddNode() {
  if (!Keep(kNodeBytes)) return 0;
  nodes_.emplace_back();
  return nodes_.size() - 1;
}

// The node at that place, made if need be; nullptr if there can be none.
PartialArgs::Node* PartialArgs::Find(const std::vector<PathStep>& path) {
  Node* node = &nodes_.front();
  for (const PathStep& step : path) {
    const Kind wanted = step.index ? Kind::kArray : Kind::kObject;
    if (node->kind == Kind::kNone) node->kind = wanted;
    if (node->kind != wanted) return nullptr;
    size_t child = 0;
    if (step.index) {
      if (*step.index < node->children.size()) {
        child = node->children[*step.index];
      } else if (*step.index == node->children.size()) {
        child = AddNode();
      }
      if (child != 0 && *step.index == node->children.size()) node->children.push_back(child);
    } else if (const auto known = node->place.find(step.name); known != node->place.end()) {
      child = known->second;
    } else if (Keep(2 * step.name.size())) {
      child = AddNode();
      if (child != 0) {
        node->place.emplace(step.name, child);
        node->names.push_back(step.name);
        node->children.push_back(child);
      }
    }
    if (child == 0) return nullptr;
    node = &nodes_[child];
  }
  return node;
}

bool PartialArgs::Put(json::Value value, Node& node) {
  if (node.kind == Kind::kObject || node.kind == Kind::kArray) return false;
  if (value.is_string()) {
    if (node.kind != Kind::kString) node.text.clear();
    node.kind = Kind::kString;
    const absl::string_view text = node.join.Next(value.AsText(), joined_);
    node.text.append(text.data(), text.size());
    return Keep(text.size());
  }
  node.kind = Kind::kRaw;
  node.text = std::string(value.Raw());
  return Keep(node.text.size());
}

bool PartialArgs::Add(json::Value piece) {
  json::Value value;
  bool is_null = false;
  for (const auto& [key, member] : piece.members()) {
    if (key == "stringValue" || key == "numberValue" || key == "boolValue") value = member;
    is_null |= key == "nullValue";
  }
  if (value.kind() == json::Kind::kAbsent && !is_null) return true;  // only says that a place is to come
  const auto path = ReadPath(piece.Find("jsonPath").AsString());
  if (!path || path->empty()) return false;
  Node* const node = Find(*path);
  if (node == nullptr) return false;
  if (value.kind() != json::Kind::kAbsent) return Put(value, *node);
  if (node->kind == Kind::kObject || node->kind == Kind::kArray) return false;
  node->kind = Kind::kRaw;
  node->text = "null";
  return true;
}

bool PartialArgs::AddWhole(json::Value args) {
  for (const auto& [key, value] : args.members()) {
    Node* const node = Find({{std::string(key), std::nullopt}});
    if (node == nullptr || !Put(value, *node)) return false;
  }
  return true;
}

void PartialArgs::Write(const Node& node, json::Writer& json) const {
  switch (node.kind) {
    case Kind::kNone:
      json.Null();
      return;
    case Kind::kRaw:
      json.Raw(node.text);
      return;
    case Kind::kString: {
      TextJoin join = node.join;
      json.String(absl::StrCat(node.text, join.Flush()));
      return;
    }
    case Kind::kArray:
      json.StartArray();
      for (const size_t child : node.children) Write(nodes_[child], json);
      json.EndArray();
      return;
    case Kind::kObject:
      json.StartObject();
      for (size_t i = 0; i < node.children.size(); ++i) {
        json.Key(node.names[i]);
        Write(nodes_[node.children[i]], json);
      }
      json.EndObject();
      return;
  }
}

std::string PartialArgs::Json() const {
  std::string text;
  json::Writer json(text);
  Write(nodes_.front(), json);
  return text;
}

}  // namespace sluice::dialect::gemini
