#include "server/dialect/gemini/tools.h"

namespace sluice::dialect::gemini {
namespace {

void PutFunction(json::Writer& json, const chat::Tool& tool) {
  json.StartObject().Member("name", tool.name);
  if (!tool.description.empty()) json.Member("description", tool.description);
  if (tool.parameters_json) json.Key("parametersJsonSchema").Raw(*tool.parameters_json);
  json.EndObject();
}

const char* Mode(const chat::ToolChoice& choice) {
  using Mode = chat::ToolChoice::Mode;
  switch (choice.mode.value_or(Mode::kAuto)) {
    case Mode::kNone:
      return "NONE";
    case Mode::kAuto:
      return "AUTO";
    case Mode::kRequired:
    case Mode::kNamed:
      return "ANY";
    case Mode::kAllowed:
      return choice.allowed_mode == Mode::kRequired ? "ANY" : "VALIDATED";
  }
  return "AUTO";
}

void PutChoice(json::Writer& json, const chat::ToolChoice& choice) {
  using Mode = chat::ToolChoice::Mode;
  json.Key("toolConfig").StartObject().Key("functionCallingConfig").StartObject();
  json.Member("mode", gemini::Mode(choice));
  if (choice.mode == Mode::kNamed || choice.mode == Mode::kAllowed) {
    json.Key("allowedFunctionNames").StartArray();
    for (const chat::ToolReference& reference : choice.named) json.String(reference.name);
    json.EndArray();
  }
  json.EndObject().EndObject();
}

}  // namespace

void PutTools(json::Writer& json, const chat::Request& request) {
  if (!request.tools.empty() || request.web_search) {
    json.Key("tools").StartArray();
    if (!request.tools.empty()) {
      json.StartObject().Key("functionDeclarations").StartArray();
      for (const chat::Tool& tool : request.tools) PutFunction(json, tool);
      json.EndArray().EndObject();
    }
    if (request.web_search) json.StartObject().Key("googleSearch").StartObject().EndObject().EndObject();
    json.EndArray();
  }
  if (request.tool_choice) PutChoice(json, *request.tool_choice);
}

}  // namespace sluice::dialect::gemini
