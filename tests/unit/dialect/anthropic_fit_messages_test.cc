#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/dialect/anthropic/fit_messages.h"
#include "server/dialect/anthropic/opaque_parts.h"
#include "tests/unit/chat/messages.h"

namespace sluice::dialect::anthropic {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Severity = Misfit::Severity;

MATCHER_P2(Says, field, severity, "") { return arg.field == field && arg.severity == severity && !arg.why.empty(); }

std::vector<Misfit> Misfits(std::vector<chat::Message>* messages) {
  std::vector<Misfit> misfits;
  FitMessages(messages, &misfits);
  return misfits;
}

chat::Message With(chat::Role role, std::vector<chat::Part> parts) {
  chat::Message message;
  message.role = role;
  message.content = std::move(parts);
  return message;
}

const std::string kBlock = WrapBlock(R"({"type":"thinking","thinking":"","signature":"s"})", 0);

TEST(AnthropicFitMessages, WhatAnthropicTakesStays) {
  std::vector<chat::Message> messages = {
      chat::Say(chat::Role::kSystem, {"s"}),
      With(chat::Role::kUser, {chat::TextPart("a"),
                               {chat::Image{"https://x.test/", "", "", chat::ImageDetail::kAuto}, true},
                               {chat::Image{"data:image/png;base64,UE5H", "", "", {}}, false},
                               {chat::File{"", "%PDF", "a.pdf", "application/pdf"}, false}}),
      With(chat::Role::kAssistant, {{chat::Opaque{kBlock}, false}, {chat::Refusal{"no"}, false}})};
  messages[2].tool_calls = {{"a", chat::ToolKind::kFunction, "f", " {\"x\":{}} "},
                            {"b", chat::ToolKind::kFunction, "f", " \n"}};
  EXPECT_THAT(Misfits(&messages), IsEmpty());
  EXPECT_EQ(messages[1].content.size(), 4u);
  EXPECT_EQ(messages[2].content.size(), 2u);
}

TEST(AnthropicFitMessages, PartsThatDoNotFitAreNamedByTheirPlace) {
  std::vector<chat::Message> messages = {
      With(chat::Role::kUser, {{chat::InputAudio{"WAV", chat::AudioFormat::kWav}, false},
                               chat::TextPart("a"),
                               {chat::File{"file-1", "", "", ""}, false},
                               {chat::File{"", "x", "a.bin", ""}, false},
                               {chat::File{"", "\xFF", "a.txt", "text/plain"}, false},
                               {chat::Image{"data:,<svg/>", "", "", {}}, false},
                               {chat::Image{"https://x.test/", "", "", chat::ImageDetail::kHigh}, false},
                               {chat::Text{""}, true}})};
  EXPECT_THAT(Misfits(&messages),
              ElementsAre(Says("messages[0].content[0].audio", Severity::kRefuse),
                          Says("messages[0].content[2].file.file_id", Severity::kRefuse),
                          Says("messages[0].content[3].file.mime_type", Severity::kRefuse),
                          Says("messages[0].content[4].file.mime_type", Severity::kRefuse),
                          Says("messages[0].content[5].image.url", Severity::kRefuse),
                          Says("messages[0].content[6].image.detail", Severity::kPolicy),
                          Says("messages[0].content[7].prompt_cache_breakpoint", Severity::kPolicy)));
  EXPECT_EQ(messages[0].content.size(), 3u);
  EXPECT_THAT(Misfits(&messages), IsEmpty());
}

TEST(AnthropicFitMessages, OpaquePartsAreOursOrLeftOut) {
  std::vector<chat::Message> messages = {
      chat::Say(chat::Role::kUser, {"u"}),
      With(chat::Role::kAssistant, {{chat::Opaque{WrapOpaque("openai", "{}")}, false},
                                    {chat::Opaque{"junk"}, false},
                                    {chat::Opaque{WrapOpaque("anthropic", "{}")}, false},
                                    {chat::Opaque{kBlock}, true}})};
  EXPECT_THAT(Misfits(&messages),
              ElementsAre(Says("messages[1].content[0].opaque", Severity::kDrop),
                          Says("messages[1].content[1].opaque", Severity::kRefuse),
                          Says("messages[1].content[2].opaque", Severity::kRefuse),
                          Says("messages[1].content[3].prompt_cache_breakpoint", Severity::kPolicy)));
  ASSERT_EQ(messages[1].content.size(), 1u);
  EXPECT_EQ(std::get<chat::Opaque>(messages[1].content[0].body).data, kBlock);
}

TEST(AnthropicFitMessages, MembersThatDoNotFit) {
  std::vector<chat::Message> messages = {chat::Say(chat::Role::kUser, {"u"}, "ann"), With(chat::Role::kAssistant, {})};
  messages[1].audio_id = "audio_1";
  messages[1].tool_calls = {{"a", chat::ToolKind::kFunction, "f", "{\"x\":"},
                            {"b", chat::ToolKind::kFunction, "f", "[]"},
                            {"c", chat::ToolKind::kCustom, "f", "free text"}};
  EXPECT_THAT(Misfits(&messages), ElementsAre(Says("messages[0].name", Severity::kPolicy),
                                              Says("messages[1].tool_calls[0].function.arguments", Severity::kRefuse),
                                              Says("messages[1].tool_calls[1].function.arguments", Severity::kRefuse),
                                              Says("messages[1].tool_calls[2].custom", Severity::kRefuse),
                                              Says("messages[1].audio_id", Severity::kRefuse)));
  EXPECT_THAT(Misfits(&messages), IsEmpty());
}

TEST(AnthropicFitMessages, InstructionsAloneAreNoConversation) {
  std::vector<chat::Message> messages = {chat::Say(chat::Role::kSystem, {"s"})};
  EXPECT_THAT(Misfits(&messages), ElementsAre(Says("messages", Severity::kRefuse)));
}

}  // namespace
}  // namespace sluice::dialect::anthropic
