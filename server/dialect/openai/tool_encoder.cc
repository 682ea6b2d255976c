#include "server/dialect/openai/tool_encoder.h"

#include "server/dialect/openai/words.h"

namespace sluice::dialect::openai {
namespace {

void PutGrammar(json::Writer& json, const chat::Grammar& grammar) {
  json.Key("format").StartObject().Member("type", "grammar").Key("grammar").StartObject();
  Put(json, "syntax", grammar.syntax);
  json.Member("definition", grammar.definition).EndObject().EndObject();
}

void PutTool(json::Writer& json, const chat::Tool& tool) {
  const char* const kind = Word(tool.kind.value_or(chat::ToolKind::kFunction));
  json.StartObject().Member("type", kind).Key(kind).StartObject().Member("name", tool.name);
  Put(json, "description", tool.description);
  PutRaw(json, "parameters", tool.parameters_json);
  Put(json, "strict", tool.strict);
  if (tool.grammar) PutGrammar(json, *tool.grammar);
  json.EndObject().EndObject();
}

void PutReference(json::Writer& json, const chat::ToolReference& reference) {
  const char* const kind = Word(reference.kind.value_or(chat::ToolKind::kFunction));
  json.StartObject().Member("type", kind).Key(kind).StartObject().Member("name", reference.name);
  json.EndObject().EndObject();
}

const char* Word(chat::ToolChoice::Mode mode) {
  switch (mode) {
    case chat::ToolChoice::Mode::kNone:
      return "none";
    case chat::ToolChoice::Mode::kRequired:
      return "required";
    default:
      return "auto";
  }
}

void PutChoice(json::Writer& json, const chat::ToolChoice& choice) {
  using Mode = chat::ToolChoice::Mode;
  json.Key("tool_choice");
  if (choice.mode == Mode::kNamed && !choice.named.empty()) return PutReference(json, choice.named[0]);
  if (choice.mode != Mode::kAllowed) {
    json.String(Word(choice.mode.value_or(Mode::kAuto)));
    return;
  }
  json.StartObject().Member("type", "allowed_tools").Key("allowed_tools").StartObject();
  json.Member("mode", Word(choice.allowed_mode.value_or(Mode::kAuto))).Key("tools").StartArray();
  for (const chat::ToolReference& reference : choice.named) PutReference(json, reference);
  json.EndArray().EndObject().EndObject();
}

void PutFormat(json::Writer& json, const chat::ResponseFormat& format) {
  using Kind = chat::ResponseFormat::Kind;
  json.Key("response_format").StartObject();
  switch (format.kind.value_or(Kind::kText)) {
    case Kind::kText:
      json.Member("type", "text");
      break;
    case Kind::kJsonObject:
      json.Member("type", "json_object");
      break;
    case Kind::kJsonSchema:
      json.Member("type", "json_schema").Key("json_schema").StartObject().Member("name", format.name);
      Put(json, "description", format.description);
      PutRaw(json, "schema", format.schema_json);
      Put(json, "strict", format.strict);
      json.EndObject();
      break;
  }
  json.EndObject();
}

}  // namespace

void PutTools(json::Writer& json, const chat::Request& request) {
  if (!request.tools.empty()) {
    json.Key("tools").StartArray();
    for (const chat::Tool& tool : request.tools) PutTool(json, tool);
    json.EndArray();
  }
  if (request.tool_choice) PutChoice(json, *request.tool_choice);
  Put(json, "parallel_tool_calls", request.parallel_tool_calls);
  if (request.response_format) PutFormat(json, *request.response_format);
}

}  // namespace sluice::dialect::openai
