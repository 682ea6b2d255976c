#include "server/dialect/openai/message_encoder.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/dialect/opaque.h"
#include "server/dialect/openai/opaque_parts.h"
#include "server/dialect/openai/words.h"
#include "server/json/tape.h"

namespace sluice::dialect::openai {
namespace {

std::string DataUri(absl::string_view mime_type, absl::string_view data) {
  return absl::StrCat("data:", mime_type, ";base64,", absl::Base64Escape(data));
}

// Writes one content part.
class PartWriter {
 public:
  PartWriter(json::Writer& json, bool cache_breakpoint) : json_(json), cache_breakpoint_(cache_breakpoint) {}

  void operator()(std::monostate) const {}
  void operator()(const chat::Opaque&) const {}
  void operator()(const chat::Text& text) const {
    json_.StartObject().Member("type", "text").Member("text", text.text);
    End();
  }
  void operator()(const chat::Refusal& refusal) const {
    json_.StartObject().Member("type", "refusal").Member("refusal", refusal.text);
    End();
  }
  void operator()(const chat::Image& image) const {
    json_.StartObject().Member("type", "image_url").Key("image_url").StartObject();
    json_.Member("url", image.url.empty() ? DataUri(image.mime_type, image.data) : image.url);
    Put(json_, "detail", image.detail);
    json_.EndObject();
    End();
  }
  void operator()(const chat::InputAudio& audio) const {
    json_.StartObject().Member("type", "input_audio").Key("input_audio").StartObject();
    json_.Member("data", absl::Base64Escape(audio.data));
    Put(json_, "format", audio.format);
    json_.EndObject();
    End();
  }
  void operator()(const chat::File& file) const {
    json_.StartObject().Member("type", "file").Key("file").StartObject();
    if (!file.file_id.empty()) {
      json_.Member("file_id", file.file_id);
    } else {
      const absl::string_view type =
          file.mime_type.empty() ? "application/octet-stream" : absl::string_view(file.mime_type);
      json_.Member("filename", file.filename).Member("file_data", DataUri(type, file.data));
    }
    json_.EndObject();
    End();
  }

 private:
  void End() const {
    if (cache_breakpoint_) {
      json_.Key("prompt_cache_breakpoint").StartObject().Member("mode", "explicit").EndObject();
    }
    json_.EndObject();
  }

  json::Writer& json_;
  const bool cache_breakpoint_;
};

// What an assistant's opaque parts put into its message.
struct Returned {
  std::string reasoning_details;                     // the array's elements
  std::map<std::string, std::string> extra_content;  // by tool call
};

Returned ReadOpaque(const chat::Message& message) {
  Returned returned;
  json::Tape tape;
  for (const chat::Part& part : message.content) {
    const auto* const opaque = std::get_if<chat::Opaque>(&part.body);
    std::string native;
    if (opaque == nullptr || UnwrapOpaque(kDialectName, opaque->data, &native) != OpaqueOrigin::kThis) continue;
    if (tape.Parse(native, {.max_bytes = native.size()}) != json::Tape::Result::kOk) continue;
    for (const json::Value entry : tape.root().Find("reasoning_details").elements()) {
      absl::StrAppend(&returned.reasoning_details, returned.reasoning_details.empty() ? "" : ",", entry.Raw());
    }
    const json::Value extra = tape.root().Find("extra_content");
    if (extra.is_object()) {
      returned.extra_content[std::string(tape.root().Find("call").AsString())] = std::string(extra.Raw());
    }
  }
  return returned;
}

void PutContent(json::Writer& json, const std::vector<const chat::Part*>& parts) {
  json.Key("content");
  const auto* const sole = parts.size() == 1 ? std::get_if<chat::Text>(&parts[0]->body) : nullptr;
  if (parts.empty()) {
    json.Null();
  } else if (sole != nullptr && !parts[0]->cache_breakpoint) {
    json.String(sole->text);  // every server takes that, and not every one takes parts
  } else {
    json.StartArray();
    for (const chat::Part* part : parts) std::visit(PartWriter(json, part->cache_breakpoint), part->body);
    json.EndArray();
  }
}

void PutToolCalls(json::Writer& json, const chat::Message& message, const Returned& returned) {
  json.Key("tool_calls").StartArray();
  for (const chat::ToolCall& call : message.tool_calls) {
    const chat::ToolKind kind = call.kind.value_or(chat::ToolKind::kFunction);
    json.StartObject().Member("id", call.id).Member("type", Word(kind)).Key(Word(kind)).StartObject();
    json.Member("name", call.name);
    json.Member(kind == chat::ToolKind::kFunction ? "arguments" : "input", call.arguments).EndObject();
    if (const auto extra = returned.extra_content.find(call.id); extra != returned.extra_content.end()) {
      json.Key("extra_content").Raw(extra->second);
    }
    json.EndObject();
  }
  json.EndArray();
}

}  // namespace

void PutMessage(json::Writer& json, const chat::Message& message) {
  json.StartObject().Member("role", Word(message.role.value_or(chat::Role::kUser)));
  std::vector<const chat::Part*> parts;
  const chat::Refusal* refusal = nullptr;
  for (const chat::Part& part : message.content) {
    if (std::holds_alternative<chat::Opaque>(part.body)) continue;
    if (const auto* const said = std::get_if<chat::Refusal>(&part.body)) {
      refusal = said;
    } else {
      parts.push_back(&part);
    }
  }
  PutContent(json, parts);
  if (refusal != nullptr) json.Member("refusal", refusal->text);
  Put(json, "name", message.name);
  const Returned returned = ReadOpaque(message);
  if (!message.tool_calls.empty()) PutToolCalls(json, message, returned);
  Put(json, "tool_call_id", message.tool_call_id);
  if (!message.audio_id.empty()) json.Key("audio").StartObject().Member("id", message.audio_id).EndObject();
  if (!returned.reasoning_details.empty()) {
    json.Key("reasoning_details").Raw(absl::StrCat("[", returned.reasoning_details, "]"));
  }
  json.EndObject();
}

}  // namespace sluice::dialect::openai
