#include "server/dialect/gemini/contents.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "server/dialect/data_uri.h"
#include "server/dialect/gemini/model_content.h"
#include "server/dialect/json_object.h"

namespace sluice::dialect::gemini {
namespace {

void PutInline(json::Writer& json, absl::string_view mime_type, absl::string_view base64) {
  json.StartObject().Key("inlineData").StartObject().Member("mimeType", mime_type).Member("data", base64);
  json.EndObject().EndObject();
}

void PutFile(json::Writer& json, absl::string_view uri, absl::string_view mime_type) {
  json.StartObject().Key("fileData").StartObject();
  if (!mime_type.empty()) json.Member("mimeType", mime_type);
  json.Member("fileUri", uri).EndObject().EndObject();
}

// Writes one part of a user's message.
class PartWriter {
 public:
  explicit PartWriter(json::Writer& json) : json_(json) {}

  void operator()(std::monostate) const {}
  void operator()(const chat::Opaque&) const {}
  void operator()(const chat::Text& text) const { PutText(text.text); }
  void operator()(const chat::Refusal& refusal) const { PutText(refusal.text); }
  void operator()(const chat::Image& image) const {
    if (image.url.empty()) return PutInline(json_, image.mime_type, absl::Base64Escape(image.data));
    if (const auto data = ReadDataUri(image.url)) return PutInline(json_, data->mime_type, data->base64);
    PutFile(json_, image.url, image.mime_type);
  }
  void operator()(const chat::InputAudio& audio) const {
    PutInline(json_, audio.format == chat::AudioFormat::kMp3 ? "audio/mp3" : "audio/wav",
              absl::Base64Escape(audio.data));
  }
  void operator()(const chat::File& file) const {
    if (!file.file_id.empty()) return PutFile(json_, file.file_id, file.mime_type);
    PutInline(json_, file.mime_type, absl::Base64Escape(file.data));
  }

 private:
  void PutText(absl::string_view text) const { json_.StartObject().Member("text", text).EndObject(); }

  json::Writer& json_;
};

absl::string_view TextOf(const chat::Part& part) {
  const auto* const text = std::get_if<chat::Text>(&part.body);
  return text == nullptr ? absl::string_view() : absl::string_view(text->text);
}

// Gemini takes an object. A tool that gave one is understood as it is; other text goes into one.
void PutResult(json::Writer& json, const std::vector<chat::Part>& content) {
  json.Key("response");
  if (content.size() == 1 && IsJsonObject(TextOf(content[0]))) {
    json.Raw(TextOf(content[0]));
    return;
  }
  json.StartObject().Key("result");
  if (content.size() == 1) {
    json.String(TextOf(content[0]));
  } else {
    json.StartArray();
    for (const chat::Part& part : content) json.String(TextOf(part));
    json.EndArray();
  }
  json.EndObject();
}

bool HasParts(const chat::Message& message) { return !message.content.empty() || !message.tool_calls.empty(); }

class ContentsWriter {
 public:
  explicit ContentsWriter(json::Writer& json) : json_(json) {}

  void Put(const chat::Message& message) {
    switch (message.role.value_or(chat::Role::kUser)) {
      case chat::Role::kAssistant:
        for (const chat::ToolCall& call : message.tool_calls) names_[call.id] = call.name;
        Open(Turn::kModel);
        return PutModelParts(json_, message);
      case chat::Role::kTool:
        Open(Turn::kResults);
        return PutFunctionResponse(message);
      default:
        Open(Turn::kUser);
        for (const chat::Part& part : message.content) std::visit(PartWriter(json_), part.body);
    }
  }
  void End() { Open(Turn::kNone); }

 private:
  enum class Turn { kNone, kUser, kModel, kResults };

  void Open(Turn turn) {
    if (turn == turn_) return;
    if (turn_ != Turn::kNone) json_.EndArray().EndObject();
    turn_ = turn;
    if (turn == Turn::kNone) return;
    json_.StartObject().Member("role", turn == Turn::kModel ? "model" : "user").Key("parts").StartArray();
  }

  void PutFunctionResponse(const chat::Message& message) {
    json_.StartObject().Key("functionResponse").StartObject();
    json_.Member("id", message.tool_call_id).Member("name", names_[message.tool_call_id]);
    PutResult(json_, message.content);
    json_.EndObject().EndObject();
  }

  json::Writer& json_;
  Turn turn_ = Turn::kNone;
  std::map<std::string, std::string> names_;  // of functions, by the call's id
};

}  // namespace

bool IsInstruction(const chat::Message& message) {
  return message.role == chat::Role::kSystem || message.role == chat::Role::kDeveloper;
}

void PutContents(json::Writer& json, const std::vector<chat::Message>& messages) {
  auto at = messages.begin();
  if (at != messages.end() && IsInstruction(*at)) {
    json.Key("systemInstruction").StartObject().Key("parts").StartArray();
    for (; at != messages.end() && IsInstruction(*at); ++at) {
      for (const chat::Part& part : at->content) std::visit(PartWriter(json), part.body);
    }
    json.EndArray().EndObject();
  }
  json.Key("contents").StartArray();
  ContentsWriter contents(json);
  for (; at != messages.end(); ++at) {
    if (HasParts(*at)) contents.Put(*at);
  }
  contents.End();
  json.EndArray();
}

}  // namespace sluice::dialect::gemini
