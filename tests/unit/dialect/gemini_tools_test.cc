#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "server/dialect/gemini/tools.h"

namespace sluice::dialect::gemini {
namespace {

using Mode = chat::ToolChoice::Mode;

std::string Put(const chat::Request& request) {
  std::string text;
  json::Writer json(text);
  json.StartObject();
  PutTools(json, request);
  json.EndObject();
  return text;
}

chat::Request WithTools() {
  chat::Request request;
  for (const char* name : {"f", "g"}) {
    chat::Tool& tool = request.tools.emplace_back();
    tool.kind = chat::ToolKind::kFunction;
    tool.name = name;
  }
  request.tools[0].description = "d";
  request.tools[0].parameters_json = R"({ "type":"object", "b":1.0, "a":2 })";
  return request;
}

constexpr char kTools[] = R"("tools":[{"functionDeclarations":[{"name":"f","description":"d",)"
                          R"("parametersJsonSchema":{ "type":"object", "b":1.0, "a":2 }},{"name":"g"}]})";

std::string Config(absl::string_view config) {
  return absl::StrCat("{", kTools, R"(],"toolConfig":{"functionCallingConfig":{)", config, "}}}");
}

TEST(GeminiToolsTest, FunctionsAndSearch) {
  chat::Request request;
  EXPECT_EQ(Put(request), "{}");
  request = WithTools();
  EXPECT_EQ(Put(request), absl::StrCat("{", kTools, "]}"));
  request.web_search.emplace();
  EXPECT_EQ(Put(request), absl::StrCat("{", kTools, R"(,{"googleSearch":{}}]})"));
  request.tools.clear();
  EXPECT_EQ(Put(request), R"({"tools":[{"googleSearch":{}}]})");
}

TEST(GeminiToolsTest, EveryChoice) {
  chat::Request request = WithTools();
  request.tool_choice.emplace().mode = Mode::kAuto;
  EXPECT_EQ(Put(request), Config(R"("mode":"AUTO")"));
  request.tool_choice->mode = Mode::kNone;
  EXPECT_EQ(Put(request), Config(R"("mode":"NONE")"));
  request.tool_choice->mode = Mode::kRequired;
  EXPECT_EQ(Put(request), Config(R"("mode":"ANY")"));
  request.tool_choice->named = {{chat::ToolKind::kFunction, "g"}};
  request.tool_choice->mode = Mode::kNamed;
  EXPECT_EQ(Put(request), Config(R"("mode":"ANY","allowedFunctionNames":["g"])"));
  request.tool_choice->mode = Mode::kAllowed;
  request.tool_choice->allowed_mode = Mode::kRequired;
  request.tool_choice->named.push_back({chat::ToolKind::kFunction, "f"});
  EXPECT_EQ(Put(request), Config(R"("mode":"ANY","allowedFunctionNames":["g","f"])"));
  request.tool_choice->allowed_mode = Mode::kAuto;
  EXPECT_EQ(Put(request), Config(R"("mode":"VALIDATED","allowedFunctionNames":["g","f"])"));
}

}  // namespace
}  // namespace sluice::dialect::gemini
