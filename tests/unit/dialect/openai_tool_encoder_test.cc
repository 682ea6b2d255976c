#include <gtest/gtest.h>

#include "server/dialect/openai/tool_encoder.h"

namespace sluice::dialect::openai {
namespace {

using chat::ToolChoice;
using chat::ToolKind;

std::string Json(const chat::Request& request) {
  std::string out;
  json::Writer json(out);
  json.StartObject();
  PutTools(json, request);
  json.EndObject();
  return out;
}

std::string ChoiceJson(ToolChoice choice) {
  chat::Request request;
  request.tool_choice = std::move(choice);
  return Json(request);
}

std::string FormatJson(chat::ResponseFormat format) {
  chat::Request request;
  request.response_format = std::move(format);
  return Json(request);
}

TEST(OpenAiTools, NothingAskedNothingWritten) { EXPECT_EQ(Json({}), "{}"); }

TEST(OpenAiTools, FunctionsAndCustomTools) {
  chat::Request request;
  request.tools.resize(4);
  request.tools[0] = {ToolKind::kFunction, "add", "Adds.", "{ \"type\":\"object\",\n\"b\":1.0, \"a\":2 }", true, {}};
  request.tools[1] = {ToolKind::kFunction, "now", "", {}, {}, {}};
  request.tools[2] = {ToolKind::kCustom, "sql", "Runs.", {}, {}, chat::Grammar{chat::GrammarSyntax::kLark, "start: x"}};
  request.tools[3] = {ToolKind::kCustom, "note", "", {}, {}, {}};
  request.parallel_tool_calls = false;
  EXPECT_EQ(Json(request),
            "{\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"add\",\"description\":\"Adds.\","
            "\"parameters\":{ \"type\":\"object\",\n\"b\":1.0, \"a\":2 },\"strict\":true}},"
            "{\"type\":\"function\",\"function\":{\"name\":\"now\"}},"
            "{\"type\":\"custom\",\"custom\":{\"name\":\"sql\",\"description\":\"Runs.\","
            "\"format\":{\"type\":\"grammar\",\"grammar\":{\"syntax\":\"lark\",\"definition\":\"start: x\"}}}},"
            "{\"type\":\"custom\",\"custom\":{\"name\":\"note\"}}],\"parallel_tool_calls\":false}");
}

TEST(OpenAiTools, EveryChoice) {
  using Mode = ToolChoice::Mode;
  EXPECT_EQ(ChoiceJson({Mode::kNone, {}, {}}), R"({"tool_choice":"none"})");
  EXPECT_EQ(ChoiceJson({Mode::kAuto, {}, {}}), R"({"tool_choice":"auto"})");
  EXPECT_EQ(ChoiceJson({Mode::kRequired, {}, {}}), R"({"tool_choice":"required"})");
  EXPECT_EQ(ChoiceJson({Mode::kNamed, {}, {{ToolKind::kFunction, "f"}}}),
            R"({"tool_choice":{"type":"function","function":{"name":"f"}}})");
  EXPECT_EQ(ChoiceJson({Mode::kNamed, {}, {{ToolKind::kCustom, "c"}}}),
            R"({"tool_choice":{"type":"custom","custom":{"name":"c"}}})");
  EXPECT_EQ(ChoiceJson({Mode::kAllowed, Mode::kRequired, {{ToolKind::kFunction, "f"}, {ToolKind::kCustom, "c"}}}),
            R"({"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[)"
            R"({"type":"function","function":{"name":"f"}},{"type":"custom","custom":{"name":"c"}}]}}})");
}

TEST(OpenAiTools, EveryFormat) {
  using Kind = chat::ResponseFormat::Kind;
  EXPECT_EQ(FormatJson({Kind::kText, "", "", {}, {}}), R"({"response_format":{"type":"text"}})");
  EXPECT_EQ(FormatJson({Kind::kJsonObject, "", "", {}, {}}), R"({"response_format":{"type":"json_object"}})");
  EXPECT_EQ(
      FormatJson({Kind::kJsonSchema, "n", "d", "{ \"a\" : 1 }", false}),
      R"({"response_format":{"type":"json_schema","json_schema":{"name":"n","description":"d","schema":{ "a" : 1 },"strict":false}}})");
}

}  // namespace
}  // namespace sluice::dialect::openai
