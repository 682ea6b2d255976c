#include <gtest/gtest.h>

#include "server/dialect/gemini/fit_messages.h"
#include "server/dialect/gemini/opaque_parts.h"
#include "server/dialect/opaque.h"
#include "tests/unit/dialect/gemini_harness.h"

namespace sluice::dialect::gemini {
namespace {

chat::Message From(chat::Role role, std::vector<chat::Part> content) {
  chat::Message message;
  message.role = role;
  message.content = std::move(content);
  return message;
}

chat::Request Says(std::vector<chat::Message> messages) {
  chat::Request request;
  request.model = "m";
  request.messages = std::move(messages);
  return request;
}

chat::Message CallOf(std::string id, std::string arguments) {
  chat::Message message = From(chat::Role::kAssistant, {});
  message.tool_calls.push_back({std::move(id), chat::ToolKind::kFunction, "f", std::move(arguments)});
  return message;
}

chat::Message ResultOf(std::string id) {
  chat::Message message = From(chat::Role::kTool, {chat::TextPart("r")});
  message.tool_call_id = std::move(id);
  return message;
}

TEST(GeminiFitMessagesTest, LaterInstructionsBecomeTheUsers) {
  chat::Request request =
      Says({From(chat::Role::kSystem, {chat::TextPart("s")}), From(chat::Role::kDeveloper, {chat::TextPart("d")}),
            From(chat::Role::kUser, {chat::TextPart("u")}), From(chat::Role::kSystem, {chat::TextPart("later")})});
  EXPECT_EQ(FitLines(request), (Lines{"messages[3].role policy"}));
  EXPECT_EQ(request.messages[1].role, chat::Role::kDeveloper);
  EXPECT_EQ(request.messages[3].role, chat::Role::kUser);
}

TEST(GeminiFitMessagesTest, InstructionsAloneAreNoQuestion) {
  chat::Request request = Says({From(chat::Role::kSystem, {chat::TextPart("s")})});
  EXPECT_EQ(FitLines(request), (Lines{"messages refuse"}));
}

TEST(GeminiFitMessagesTest, NamesAndBreakpoints) {
  chat::Request request = Says({From(chat::Role::kUser, {chat::TextPart("a"), chat::TextPart("b")})});
  request.messages[0].name = "n";
  request.messages[0].content[1].cache_breakpoint = true;
  EXPECT_EQ(FitLines(request),
            (Lines{"messages[0].content[1].prompt_cache_breakpoint policy", "messages[0].name policy"}));
  EXPECT_EQ(FitLines(request), Lines{});
}

TEST(GeminiFitMessagesTest, PicturesAndFiles) {
  chat::Image low;
  low.url = "https://a/b.png";
  low.detail = chat::ImageDetail::kLow;
  chat::Image automatic = low;
  automatic.detail = chat::ImageDetail::kAuto;
  chat::Image broken;
  broken.url = "data:image/png;base64,***";
  chat::File untyped;
  untyped.data = "x";
  untyped.filename = "f";
  chat::Request request =
      Says({From(chat::Role::kUser, {{low}, {broken}, {automatic}, {untyped}, chat::TextPart("x")})});
  EXPECT_EQ(FitLines(request),
            (Lines{"messages[0].content[0].image.detail policy", "messages[0].content[1].image.url refuse",
                   "messages[0].content[3].file.mime_type refuse"}));
  EXPECT_EQ(request.messages[0].content.size(), 3u);
}

TEST(GeminiFitMessagesTest, OpaquePartsOfOthers) {
  const chat::Part ours = {chat::Opaque{OpaqueOfCall("s", "c")}};
  const chat::Part changed = {chat::Opaque{WrapOpaque(kDialectName, R"({"x":1})")}};
  const chat::Part others = {chat::Opaque{WrapOpaque("anthropic", R"({"x":1})")}};
  const chat::Part nobodys = {chat::Opaque{"x"}};
  chat::Request request = Says({From(chat::Role::kUser, {chat::TextPart("u")}),
                                From(chat::Role::kAssistant, {others, ours, nobodys, changed, chat::TextPart("a")})});
  EXPECT_EQ(FitLines(request), (Lines{"messages[1].content[0].opaque drop", "messages[1].content[2].opaque refuse",
                                      "messages[1].content[3].opaque refuse"}));
  EXPECT_EQ(request.messages[1].content.size(), 2u);
  EXPECT_EQ(FitLines(request), Lines{});
}

TEST(GeminiFitMessagesTest, CallsAreFunctionsWithAnObject) {
  chat::Request request = Says({From(chat::Role::kUser, {chat::TextPart("u")}), CallOf("a", "{\"x\":"), CallOf("b", ""),
                                CallOf("c", " "), CallOf("d", "[1]"), CallOf("e", "{}")});
  request.messages[5].tool_calls.push_back({"x", chat::ToolKind::kCustom, "g", "free text"});
  EXPECT_EQ(FitLines(request),
            (Lines{"messages[1].tool_calls[0].function.arguments refuse",
                   "messages[4].tool_calls[0].function.arguments refuse", "messages[5].tool_calls[1].custom refuse"}));
  EXPECT_EQ(FitLines(request), Lines{});
}

TEST(GeminiFitMessagesTest, AResultNeedsItsCallBeforeIt) {
  chat::Request request = Says({ResultOf("a"), CallOf("a", "{}"), ResultOf("a"), ResultOf("b")});
  EXPECT_EQ(FitLines(request), (Lines{"messages[0].tool_call_id refuse", "messages[3].tool_call_id refuse"}));
  EXPECT_EQ(request.messages.size(), 2u);
}

TEST(GeminiFitMessagesTest, SpokenAnswersAreNotKept) {
  chat::Request request = Says({From(chat::Role::kUser, {chat::TextPart("u")}), From(chat::Role::kAssistant, {})});
  request.messages[1].audio_id = "audio_1";
  EXPECT_EQ(FitLines(request), (Lines{"messages[1].audio_id refuse"}));
}

}  // namespace
}  // namespace sluice::dialect::gemini
