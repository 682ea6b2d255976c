#include "server/dialect/anthropic/tool_encoder.h"

#include <set>

#include "absl/strings/string_view.h"

namespace sluice::dialect::anthropic {
namespace {

using Mode = chat::ToolChoice::Mode;

void PutTool(json::Writer& json, const chat::Tool& tool) {
  json.StartObject().Member("name", tool.name);
  if (!tool.description.empty()) json.Member("description", tool.description);
  json.Key("input_schema");
  if (tool.parameters_json) {
    json.Raw(*tool.parameters_json);
  } else {
    json.StartObject().Member("type", "object").EndObject();
  }
  if (tool.strict) json.Key("strict").Bool(*tool.strict);
  json.EndObject();
}

// The tool that Anthropic runs itself, in the version that every model with it takes.
void PutSearch(json::Writer& json, const chat::WebSearch& search) {
  json.StartObject().Member("type", "web_search_20250305").Member("name", "web_search");
  if (search.user_location) {
    json.Key("user_location").StartObject().Member("type", "approximate");
    const auto put = [&json](const char* name, const std::string& value) {
      if (!value.empty()) json.Member(name, value);
    };
    put("city", search.user_location->city);
    put("region", search.user_location->region);
    put("country", search.user_location->country);
    put("timezone", search.user_location->timezone);
    json.EndObject();
  }
  json.EndObject();
}

const char* TypeOf(Mode mode) {
  switch (mode) {
    case Mode::kNone:
      return "none";
    case Mode::kAuto:
    case Mode::kAllowed:
      return "auto";
    case Mode::kRequired:
      return "any";
    case Mode::kNamed:
      return "tool";
  }
  return "auto";
}

void PutChoice(json::Writer& json, const chat::Request& request) {
  const bool sole_call = !request.parallel_tool_calls.value_or(true);
  if (!request.tool_choice && !sole_call) return;
  Mode mode = request.tool_choice ? request.tool_choice->mode.value_or(Mode::kAuto) : Mode::kAuto;
  if (mode == Mode::kAllowed) mode = request.tool_choice->allowed_mode.value_or(Mode::kAuto);
  json.Key("tool_choice").StartObject().Member("type", TypeOf(mode));
  if (mode == Mode::kNamed && !request.tool_choice->named.empty()) {
    json.Member("name", request.tool_choice->named[0].name);
  }
  if (sole_call && mode != Mode::kNone) json.Key("disable_parallel_tool_use").Bool(true);
  json.EndObject();
}

}  // namespace

void PutTools(json::Writer& json, const chat::Request& request) {
  const bool narrowed = request.tool_choice && request.tool_choice->mode == Mode::kAllowed;
  std::set<absl::string_view> allowed;
  if (narrowed) {
    for (const chat::ToolReference& reference : request.tool_choice->named) allowed.insert(reference.name);
  }
  if (!request.tools.empty() || request.web_search) {
    json.Key("tools").StartArray();
    for (const chat::Tool& tool : request.tools) {
      if (!narrowed || allowed.count(tool.name) > 0) PutTool(json, tool);
    }
    if (request.web_search) PutSearch(json, *request.web_search);
    json.EndArray();
  }
  PutChoice(json, request);
}

}  // namespace sluice::dialect::anthropic
