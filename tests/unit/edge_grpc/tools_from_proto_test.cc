#include "server/edge/grpc/tools_from_proto.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace sluice::edge {
namespace {

using Mode = chat::ToolChoice::Mode;

chat::Request Convert(v1::ChatRequest proto) {
  std::vector<chat::FieldViolation> found;
  Violations violations(&found);
  chat::Request request;
  TakeTools(&proto, Place(), &request, violations);
  for (const auto& violation : found) ADD_FAILURE() << violation.field << ": " << violation.description;
  return request;
}

TEST(ToolsFromProtoTest, AFunctionsSchemaArrivesByteForByte) {
  const std::string schema = "{ \"b\":1.0,\r\n \"a\" : 12345678901234567890 }";
  v1::ChatRequest proto;
  v1::FunctionTool* function = proto.add_tools()->mutable_function();
  function->set_name("add");
  function->set_description("adds");
  function->set_parameters_json(schema);
  function->set_strict(false);
  proto.add_tools()->mutable_function()->set_name("now");
  const chat::Request request = Convert(proto);
  ASSERT_EQ(request.tools.size(), 2u);
  EXPECT_EQ(request.tools[0].kind, chat::ToolKind::kFunction);
  EXPECT_EQ(request.tools[0].name, "add");
  EXPECT_EQ(request.tools[0].description, "adds");
  EXPECT_EQ(request.tools[0].parameters_json, schema);
  EXPECT_EQ(request.tools[0].strict, false);
  EXPECT_EQ(request.tools[1].parameters_json, std::nullopt);
  EXPECT_EQ(request.tools[1].strict, std::nullopt);
}

TEST(ToolsFromProtoTest, ACustomToolArrivesWithItsGrammar) {
  v1::ChatRequest proto;
  v1::CustomTool* custom = proto.add_tools()->mutable_custom();
  custom->set_name("run");
  custom->set_description("runs");
  custom->mutable_grammar()->set_syntax(v1::GRAMMAR_SYNTAX_REGEX);
  custom->mutable_grammar()->set_definition("a+");
  custom = proto.add_tools()->mutable_custom();
  custom->mutable_grammar()->set_syntax(v1::GRAMMAR_SYNTAX_LARK);
  proto.add_tools()->mutable_custom();
  proto.add_tools();
  const chat::Request request = Convert(proto);
  ASSERT_EQ(request.tools.size(), 4u);
  EXPECT_EQ(request.tools[0].kind, chat::ToolKind::kCustom);
  EXPECT_EQ(request.tools[0].name, "run");
  EXPECT_EQ(request.tools[0].description, "runs");
  ASSERT_TRUE(request.tools[0].grammar.has_value());
  EXPECT_EQ(request.tools[0].grammar->syntax, chat::GrammarSyntax::kRegex);
  EXPECT_EQ(request.tools[0].grammar->definition, "a+");
  EXPECT_EQ(request.tools[1].grammar->syntax, chat::GrammarSyntax::kLark);
  EXPECT_FALSE(request.tools[2].grammar.has_value());
  EXPECT_EQ(request.tools[3].kind, std::nullopt);
}

TEST(ToolsFromProtoTest, EachWayToChooseArrives) {
  v1::ChatRequest proto;
  EXPECT_FALSE(Convert(proto).tool_choice.has_value());
  v1::ToolChoice* choice = proto.mutable_tool_choice();
  EXPECT_EQ(Convert(proto).tool_choice->mode, std::nullopt);
  choice->set_mode(v1::TOOL_CHOICE_MODE_UNSPECIFIED);
  EXPECT_EQ(Convert(proto).tool_choice->mode, std::nullopt);
  choice->set_mode(v1::TOOL_CHOICE_MODE_NONE);
  EXPECT_EQ(Convert(proto).tool_choice->mode, Mode::kNone);
  choice->set_mode(v1::TOOL_CHOICE_MODE_AUTO);
  EXPECT_EQ(Convert(proto).tool_choice->mode, Mode::kAuto);
  choice->set_mode(v1::TOOL_CHOICE_MODE_REQUIRED);
  EXPECT_EQ(Convert(proto).tool_choice->mode, Mode::kRequired);
  choice->set_function("add");
  const auto function = *Convert(proto).tool_choice;
  EXPECT_EQ(function.mode, Mode::kNamed);
  ASSERT_EQ(function.named.size(), 1u);
  EXPECT_EQ(function.named[0].kind, chat::ToolKind::kFunction);
  EXPECT_EQ(function.named[0].name, "add");
  choice->set_custom("run");
  const auto custom = *Convert(proto).tool_choice;
  EXPECT_EQ(custom.mode, Mode::kNamed);
  EXPECT_EQ(custom.named.at(0).kind, chat::ToolKind::kCustom);
  EXPECT_EQ(custom.named.at(0).name, "run");
}

TEST(ToolsFromProtoTest, AllowedToolsKeepTheirOrder) {
  v1::ChatRequest proto;
  v1::AllowedTools* allowed = proto.mutable_tool_choice()->mutable_allowed_tools();
  allowed->set_mode(v1::TOOL_CHOICE_MODE_REQUIRED);
  allowed->add_tools()->set_custom("run");
  allowed->add_tools()->set_function("add");
  allowed->add_tools();
  const auto choice = *Convert(proto).tool_choice;
  EXPECT_EQ(choice.mode, Mode::kAllowed);
  EXPECT_EQ(choice.allowed_mode, Mode::kRequired);
  ASSERT_EQ(choice.named.size(), 3u);
  EXPECT_EQ(choice.named[0].kind, chat::ToolKind::kCustom);
  EXPECT_EQ(choice.named[0].name, "run");
  EXPECT_EQ(choice.named[1].kind, chat::ToolKind::kFunction);
  EXPECT_EQ(choice.named[1].name, "add");
  EXPECT_EQ(choice.named[2].kind, std::nullopt);
}

TEST(ToolsFromProtoTest, WhetherCallsMayBeParallelIsLeftOutOrSaid) {
  v1::ChatRequest proto;
  EXPECT_EQ(Convert(proto).parallel_tool_calls, std::nullopt);
  proto.set_parallel_tool_calls(false);
  EXPECT_EQ(Convert(proto).parallel_tool_calls, false);
}

}  // namespace
}  // namespace sluice::edge
