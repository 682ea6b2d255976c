#include "server/config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/base/utf8.h"
#include "server/config/environment.h"

namespace sluice::config {
namespace {

// Builds the tree from the parser's events. (The parser's own document type resolves duplicate keys silently.)
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(Problems* problems) : problems_(problems) {}

  YamlPtr root() const { return root_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Place(Make(YamlNode::Kind::kNull, mark), anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    // yaml-cpp makes single bytes of the escapes \N and \_ (U+0085, U+00A0), which are no UTF-8.
    if (!IsValidUtf8(value)) {
      problems_->AddAt(mark.line + 1, "", "an escape \\N or \\_, which is not read right; write the character itself");
    }
    CheckTag(mark, tag);
    auto node = Make(YamlNode::Kind::kScalar, mark);
    node->scalar = RepairUtf8(value);
    Place(std::move(node), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found != anchors_.end()) return Place(found->second, 0);
    problems_->AddAt(mark.line + 1, "", "an alias inside the value it stands for; write the value out");
    Place(Make(YamlNode::Kind::kNull, mark), 0);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    CheckTag(mark, tag);
    open_.push_back({Make(YamlNode::Kind::kSequence, mark), anchor, nullptr});
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    CheckTag(mark, tag);
    open_.push_back({Make(YamlNode::Kind::kMap, mark), anchor, nullptr});
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Open {
    std::shared_ptr<YamlNode> node;
    YAML::anchor_t anchor;
    YamlPtr key;  // of a map: read, its value still to come
  };

  static std::shared_ptr<YamlNode> Make(YamlNode::Kind kind, const YAML::Mark& mark) {
    auto node = std::make_shared<YamlNode>();
    node->kind = kind;
    node->line = mark.line + 1;
    return node;
  }

  // "?" and "!" mark plain and quoted scalars. Anything private (!vault, !ENV) would be ignored silently otherwise.
  void CheckTag(const YAML::Mark& mark, absl::string_view tag) {
    if (tag.empty() || tag == "?" || tag == "!" || absl::StartsWith(tag, "tag:yaml.org,2002:")) return;
    problems_->AddAt(mark.line + 1, "", "YAML tags are not supported; remove the word that begins with '!'");
  }

  void Close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    Place(std::move(done.node), done.anchor);
  }

  void Place(YamlPtr node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = node;
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node->kind == YamlNode::Kind::kMap && parent.key == nullptr) {
      parent.key = std::move(node);
      return;
    }
    const size_t nodes = parent.node->nodes + node->nodes;
    if (nodes > kMaxYamlNodes || node->depth >= kMaxYamlDepth) return Overflow(&parent);
    parent.node->nodes = nodes;
    parent.node->depth = std::max(parent.node->depth, node->depth + 1);
    if (parent.node->kind == YamlNode::Kind::kSequence) {
      parent.node->items.push_back(std::move(node));
      return;
    }
    const YamlPtr key = std::exchange(parent.key, nullptr);
    if (key->kind != YamlNode::Kind::kScalar) {
      return problems_->AddAt(key->line, "", "a field's name is missing or is not plain text");
    }
    parent.node->entries.push_back({key->scalar, key->line, std::move(node)});
  }

  // Drops the value; said once, as every level above an overflow overflows too.
  void Overflow(Open* parent) {
    parent->key = nullptr;
    if (std::exchange(overflowed_, true)) return;
    problems_->AddAt(parent->node->line, "", "too many values or too deeply nested, with aliases written out");
  }

  Problems* const problems_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, YamlPtr> anchors_;
  YamlPtr root_;
  bool overflowed_ = false;
};

// The parser takes some control characters for the end of the file, and so would drop what follows; bytes that are not
// UTF-8 it hands on, into log lines and JSON.
bool IsPlainText(const std::string& text, Problems* problems) {
  const size_t valid = Utf8ValidPrefix(text);
  int line = 1;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') ++line;
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool control = (byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t') || byte == 0x7f;
    if (!control && i < valid) continue;
    problems->AddAt(line, "",
                    absl::StrCat(control ? "a control character" : "bytes that are not UTF-8",
                                 "; the file has to be plain UTF-8 text"));
    return false;
  }
  return true;
}

}  // namespace

YamlPtr ParseYaml(const std::string& text, Problems* problems) {
  if (text.size() > kMaxFileBytes) {
    problems->AddAt(0, "", absl::StrCat("larger than ", kMaxFileBytes, " bytes"));
    return nullptr;
  }
  if (!IsPlainText(text, problems)) return nullptr;
  TreeBuilder tree(problems);
  try {
    std::istringstream in(text);
    YAML::Parser parser(in);
    if (!parser.HandleNextDocument(tree)) return std::make_shared<YamlNode>();
    if (parser) problems->AddAt(0, "", "more than one YAML document; keep only one, without lines of ---");
  } catch (const YAML::Exception& e) {
    // The parser quotes single bytes, of longer characters too.
    problems->AddAt(e.mark.line + 1, "",
                    absl::StrCat("not valid YAML (column ", e.mark.column + 1, "): ", RepairUtf8(e.msg)));
    return nullptr;
  }
  return tree.root() != nullptr ? tree.root() : std::make_shared<YamlNode>();
}

}  // namespace sluice::config
