#include "server/config/message_reader.h"

#include <google/protobuf/duration.pb.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "server/base/utf8.h"
#include "server/config/nearest.h"

namespace sluice::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

std::vector<std::string> FieldNames(const Descriptor* descriptor) {
  std::vector<std::string> names;
  for (int i = 0; i < descriptor->field_count(); ++i) names.push_back(descriptor->field(i)->name());
  return names;
}

std::string Child(const std::string& path, absl::string_view name) {
  return path.empty() ? std::string(name) : absl::StrCat(path, ".", name);
}

// Reports each name that stands twice. Calls `use` for those that stand once or first.
template <typename Use>
void EachEntry(const YamlNode& node, const std::string& path, Problems* problems, Use use) {
  std::map<std::string, int> first;
  for (const YamlEntry& entry : node.entries) {
    const std::string child = Child(path, entry.key);
    const auto [seen, fresh] = first.emplace(entry.key, entry.line);
    if (!fresh) {
      problems->AddAt(entry.line, child, absl::StrCat("given twice, first in line ", seen->second, "; keep one"));
      continue;
    }
    use(entry, child);
  }
}

// How a mistyped value is shown: as it stands in the file, never with a variable's content.
std::string Quoted(const YamlNode& node) {
  size_t end = std::min<size_t>(node.scalar.size(), 40);
  while (end > 0 && end < node.scalar.size() && (node.scalar[end] & 0xC0) == 0x80) --end;  // not inside a character
  return absl::StrCat("\"", node.scalar.substr(0, end), "\"");
}

bool IsNameCharacter(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }

}  // namespace

void MessageReader::ReadMessage(const YamlNode& node, const std::string& path, Message* message) {
  if (!IsMap(node, path)) return;
  const Descriptor* const descriptor = message->GetDescriptor();
  EachEntry(node, path, problems_, [&](const YamlEntry& entry, const std::string& child) {
    problems_->Locate(child, entry.line);
    const FieldDescriptor* const field = descriptor->FindFieldByName(entry.key);
    if (field != nullptr) return ReadField(*entry.value, child, field, message);
    const std::vector<std::string> known = FieldNames(descriptor);
    problems_->Add(child, absl::StrCat("unknown field", DidYouMean(entry.key, known),
                                       "; known here: ", absl::StrJoin(known, ", ")));
  });
}

void MessageReader::ReadField(const YamlNode& node, const std::string& path, const Field* field, Message* message) {
  if (field->is_map()) return ReadMap(node, path, field, message);
  if (field->is_repeated()) return ReadList(node, path, field, message);
  if (field->cpp_type() != Field::CPPTYPE_MESSAGE) return ReadScalar(node, path, field, message);
  Message* const child = message->GetReflection()->MutableMessage(message, field);
  if (field->message_type() == google::protobuf::Duration::descriptor()) return ReadDuration(node, path, child);
  ReadMessage(node, path, child);
}

void MessageReader::ReadList(const YamlNode& node, const std::string& path, const Field* field, Message* message) {
  if (node.kind == YamlNode::Kind::kNull) return;
  if (node.kind != YamlNode::Kind::kSequence) return problems_->Add(path, "expected a list, as in [a, b]");
  const Reflection* const reflection = message->GetReflection();
  for (size_t i = 0; i < node.items.size(); ++i) {
    const YamlNode& item = *node.items[i];
    const std::string child = absl::StrCat(path, "[", i, "]");
    problems_->Locate(child, item.line);
    if (field->cpp_type() == Field::CPPTYPE_MESSAGE) {
      ReadMessage(item, child, reflection->AddMessage(message, field));
      continue;
    }
    std::string text;  // an item that failed stays, empty, so that the others keep their places
    Text(item, child, &text);
    reflection->AddString(message, field, std::move(text));
  }
}

void MessageReader::ReadMap(const YamlNode& node, const std::string& path, const Field* field, Message* message) {
  if (!IsMap(node, path)) return;
  const Field* const value = field->message_type()->map_value();
  EachEntry(node, path, problems_, [&](const YamlEntry& entry, const std::string& child) {
    problems_->Locate(child, entry.line);
    Message* const pair = message->GetReflection()->AddMessage(message, field);
    pair->GetReflection()->SetString(pair, field->message_type()->map_key(), entry.key);
    ReadField(*entry.value, child, value, pair);
  });
}

void MessageReader::ReadScalar(const YamlNode& node, const std::string& path, const Field* field, Message* message) {
  std::string text;
  if (!Text(node, path, &text)) return;
  const Reflection* const reflection = message->GetReflection();
  switch (field->cpp_type()) {
    case Field::CPPTYPE_BOOL:
      if (text == "true" || text == "false") return reflection->SetBool(message, field, text == "true");
      return problems_->Add(path, absl::StrCat(Quoted(node), " is neither true nor false"));
    case Field::CPPTYPE_INT32:
      if (int32_t number; absl::SimpleAtoi(text, &number)) return reflection->SetInt32(message, field, number);
      return problems_->Add(path, absl::StrCat(Quoted(node), " is not a whole number, or too large"));
    case Field::CPPTYPE_INT64:
      if (int64_t number; absl::SimpleAtoi(text, &number)) return reflection->SetInt64(message, field, number);
      return problems_->Add(path, absl::StrCat(Quoted(node), " is not a whole number of bytes; write it out"));
    case Field::CPPTYPE_DOUBLE:
      if (double number; absl::SimpleAtod(text, &number)) return reflection->SetDouble(message, field, number);
      return problems_->Add(path, absl::StrCat(Quoted(node), " is not a number"));
    default:
      return reflection->SetString(message, field, std::move(text));
  }
}

void MessageReader::ReadDuration(const YamlNode& node, const std::string& path, Message* message) {
  std::string text;
  if (!Text(node, path, &text)) return;
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) || duration == absl::InfiniteDuration() ||
      duration == -absl::InfiniteDuration()) {
    return problems_->Add(
        path, absl::StrCat(Quoted(node), " is not a duration; write a number with a unit, as in 500ms, 10s or 30m"));
  }
  absl::Duration rest;
  const int64_t seconds = absl::IDivDuration(duration, absl::Seconds(1), &rest);
  auto* const out = static_cast<google::protobuf::Duration*>(message);
  out->set_seconds(seconds);
  out->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
}

bool MessageReader::IsMap(const YamlNode& node, const std::string& path) {
  if (node.kind == YamlNode::Kind::kMap) return true;
  if (node.kind != YamlNode::Kind::kNull) {
    problems_->AddAt(node.line, path, "expected fields (name: value) here");
  }
  return false;
}

bool MessageReader::Text(const YamlNode& node, const std::string& path, std::string* text) {
  if (node.kind == YamlNode::Kind::kScalar) return Expand(node, path, text);
  problems_->Add(path, node.kind == YamlNode::Kind::kNull ? "has no value; give one or remove the field"
                                                          : "expected a single value here");
  return false;
}

bool MessageReader::Expand(const YamlNode& node, const std::string& path, std::string* text) {
  const std::string& raw = node.scalar;
  bool complete = true;
  text->clear();
  for (size_t i = 0; i < raw.size();) {
    if (raw.compare(i, 3, "$${") == 0) {
      text->append("${");
      i += 3;
      continue;
    }
    if (raw.compare(i, 2, "${") != 0) {
      text->push_back(raw[i++]);
      continue;
    }
    size_t end = i + 2;
    while (end < raw.size() && IsNameCharacter(raw[end])) ++end;
    const std::string name = raw.substr(i + 2, end - i - 2);
    if (name.empty() || end == raw.size() || raw[end] != '}') {
      // What stands between the braces may be a key pasted there, so it is not shown.
      problems_->Add(path, "a ${ that is not followed by NAME}; write ${NAME}, or $${ for a literal ${");
      return false;
    }
    const std::optional<std::string> value = environment_.variable(name);
    if (value && IsValidUtf8(*value)) {
      text->append(*value);
    } else if (value) {
      problems_->Add(path,
                     absl::StrCat("the environment variable ", name, " holds bytes that are not UTF-8; set it anew"));
      complete = false;
    } else {
      problems_->Add(path, absl::StrCat("the environment variable ", name,
                                        " is not set; set it, name it in --env-file, "
                                        "or write the value here"));
      complete = false;
    }
    i = end + 1;
  }
  return complete;
}

}  // namespace sluice::config
