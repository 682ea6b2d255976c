#include "server/chat/validate_tools.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::chat {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Mode = ToolChoice::Mode;

std::vector<std::string> Fields(const Request& request) {
  Checker check;
  CheckTools(request, check);
  std::vector<std::string> fields;
  for (const FieldViolation& violation : check.Take()) fields.push_back(violation.field);
  return fields;
}

Request WithTools() {
  Request request;
  request.tools.resize(2);
  request.tools[0].kind = ToolKind::kFunction;
  request.tools[0].name = "add-2_x";
  request.tools[1].kind = ToolKind::kCustom;
  request.tools[1].name = std::string(64, 'n');
  return request;
}

std::vector<std::string> FieldsOf(ToolChoice choice) {
  Request request = WithTools();
  request.tool_choice = std::move(choice);
  return Fields(request);
}

TEST(CheckTools, NamesAndKinds) {
  EXPECT_THAT(Fields(WithTools()), IsEmpty());
  Request request = WithTools();
  request.tools[0].name = "a b";
  request.tools[1].name = std::string(65, 'n');
  request.tools.push_back(Tool());
  EXPECT_THAT(Fields(request), ElementsAre("tools[0].function.name", "tools[1].custom.name", "tools[2]"));
}

TEST(CheckTools, AGrammarIsWhole) {
  Request request = WithTools();
  request.tools[1].grammar.emplace();
  EXPECT_THAT(Fields(request), ElementsAre("tools[1].custom.grammar.syntax", "tools[1].custom.grammar.definition"));
  request.tools[1].grammar = Grammar{GrammarSyntax::kRegex, "a+"};
  EXPECT_THAT(Fields(request), IsEmpty());
}

TEST(CheckTools, AChoiceNamesToolsThatThereAre) {
  EXPECT_THAT(FieldsOf({Mode::kNamed, {}, {{ToolKind::kFunction, "add-2_x"}}}), IsEmpty());
  EXPECT_THAT(FieldsOf({Mode::kNamed, {}, {{ToolKind::kCustom, "add-2_x"}}}), ElementsAre("tool_choice"));
  EXPECT_THAT(FieldsOf({Mode::kAllowed, Mode::kAuto, {{ToolKind::kFunction, "add-2_x"}}}), IsEmpty());
  EXPECT_THAT(FieldsOf({Mode::kAllowed, Mode::kNone, {{ToolKind::kFunction, "x"}, {{}, ""}}}),
              ElementsAre("tool_choice.allowed_tools.mode", "tool_choice.allowed_tools.tools[0]",
                          "tool_choice.allowed_tools.tools[1]"));
  EXPECT_THAT(FieldsOf({Mode::kAllowed, Mode::kRequired, {}}), ElementsAre("tool_choice.allowed_tools.tools"));
  EXPECT_THAT(FieldsOf({{}, {}, {}}), ElementsAre("tool_choice"));
}

TEST(CheckTools, ACallCannotBeRequiredWithoutTools) {
  Request request;
  request.tool_choice = ToolChoice{Mode::kRequired, {}, {}};
  EXPECT_THAT(Fields(request), ElementsAre("tool_choice"));
  request.tool_choice->mode = Mode::kNone;
  EXPECT_THAT(Fields(request), IsEmpty());
}

TEST(CheckTools, AFormatIsOneOfThree) {
  Request request;
  request.response_format.emplace();
  EXPECT_THAT(Fields(request), ElementsAre("response_format"));
  request.response_format->kind = ResponseFormat::Kind::kJsonObject;
  EXPECT_THAT(Fields(request), IsEmpty());
  request.response_format->kind = ResponseFormat::Kind::kJsonSchema;
  EXPECT_THAT(Fields(request), ElementsAre("response_format.json_schema.name"));
}

}  // namespace
}  // namespace sluice::chat
