#include <gtest/gtest.h>

#include "server/dialect/anthropic/tool_encoder.h"

namespace sluice::dialect::anthropic {
namespace {

using Mode = chat::ToolChoice::Mode;

std::string Json(const chat::Request& request) {
  std::string out;
  json::Writer json(out);
  json.StartObject();
  PutTools(json, request);
  json.EndObject();
  return out;
}

// What stands for the choice, among the tools f and g.
std::string Choice(std::optional<chat::ToolChoice> choice, std::optional<bool> parallel = {}) {
  chat::Request request;
  request.tools = {{chat::ToolKind::kFunction, "f", "", "{}", {}, {}},
                   {chat::ToolKind::kFunction, "g", "", "{}", {}, {}}};
  request.tool_choice = std::move(choice);
  request.parallel_tool_calls = parallel;
  const std::string json = Json(request);
  const std::string tools = R"({"tools":[{"name":"f","input_schema":{}},{"name":"g","input_schema":{}}])";
  EXPECT_EQ(json.substr(0, tools.size()), tools);
  return json.substr(tools.size());
}

TEST(AnthropicTools, NothingOfNothing) { EXPECT_EQ(Json({}), "{}"); }

TEST(AnthropicTools, ASchemaGoesByteForByte) {
  chat::Request request;
  request.tools = {{chat::ToolKind::kFunction, "f", "d", R"({"b" : 1, "a":[ ]})", false, {}}};
  EXPECT_EQ(Json(request),
            R"({"tools":[{"name":"f","description":"d","input_schema":{"b" : 1, "a":[ ]},"strict":false}]})");
}

TEST(AnthropicTools, AWebSearchIsAToolOfAnthropicsOwn) {
  chat::Request request;
  request.web_search.emplace();
  EXPECT_EQ(Json(request), R"({"tools":[{"type":"web_search_20250305","name":"web_search"}]})");
  request.web_search->user_location = chat::Location{"DE", "", "Berlin", "Europe/Berlin"};
  request.tools = {{chat::ToolKind::kFunction, "f", "", "{}", {}, {}}};
  EXPECT_EQ(Json(request),
            R"({"tools":[{"name":"f","input_schema":{}},{"type":"web_search_20250305","name":"web_search",)"
            R"("user_location":{"type":"approximate","city":"Berlin","country":"DE","timezone":"Europe/Berlin"}}]})");
}

TEST(AnthropicTools, EachChoice) {
  EXPECT_EQ(Choice({}), "}");
  EXPECT_EQ(Choice(chat::ToolChoice{Mode::kAuto, {}, {}}), R"(,"tool_choice":{"type":"auto"}})");
  EXPECT_EQ(Choice(chat::ToolChoice{Mode::kNone, {}, {}}), R"(,"tool_choice":{"type":"none"}})");
  EXPECT_EQ(Choice(chat::ToolChoice{Mode::kRequired, {}, {}}), R"(,"tool_choice":{"type":"any"}})");
  EXPECT_EQ(Choice(chat::ToolChoice{Mode::kNamed, {}, {{chat::ToolKind::kFunction, "g"}}}),
            R"(,"tool_choice":{"type":"tool","name":"g"}})");
}

TEST(AnthropicTools, OneCallAtATime) {
  EXPECT_EQ(Choice({}, true), "}");
  EXPECT_EQ(Choice({}, false), R"(,"tool_choice":{"type":"auto","disable_parallel_tool_use":true}})");
  EXPECT_EQ(Choice(chat::ToolChoice{Mode::kNone, {}, {}}, false), R"(,"tool_choice":{"type":"none"}})");
  EXPECT_EQ(Choice(chat::ToolChoice{Mode::kNamed, {}, {{chat::ToolKind::kFunction, "g"}}}, false),
            R"(,"tool_choice":{"type":"tool","name":"g","disable_parallel_tool_use":true}})");
}

TEST(AnthropicTools, OfToolsThatAreNotAllowedTheModelIsNotTold) {
  chat::Request request;
  request.tools = {{chat::ToolKind::kFunction, "f", "", "{}", {}, {}},
                   {chat::ToolKind::kFunction, "g", "", "{}", {}, {}},
                   {chat::ToolKind::kFunction, "h", "", "{}", {}, {}}};
  request.tool_choice = chat::ToolChoice{
      Mode::kAllowed, Mode::kRequired, {{chat::ToolKind::kFunction, "h"}, {chat::ToolKind::kFunction, "f"}}};
  EXPECT_EQ(
      Json(request),
      R"({"tools":[{"name":"f","input_schema":{}},{"name":"h","input_schema":{}}],"tool_choice":{"type":"any"}})");
  request.tool_choice->allowed_mode = Mode::kAuto;
  EXPECT_EQ(
      Json(request),
      R"({"tools":[{"name":"f","input_schema":{}},{"name":"h","input_schema":{}}],"tool_choice":{"type":"auto"}})");
}

}  // namespace
}  // namespace sluice::dialect::anthropic
