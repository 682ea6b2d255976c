#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/dialect/opaque.h"
#include "server/dialect/openai/fit.h"
#include "server/dialect/openai/opaque_parts.h"
#include "tests/unit/chat/messages.h"

namespace sluice::dialect::openai {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Severity = Misfit::Severity;

MATCHER_P2(Says, field, severity, "") { return arg.field == field && arg.severity == severity && !arg.why.empty(); }

std::vector<Misfit> Misfits(chat::Request* request, const Target& target = {}) {
  std::vector<Misfit> misfits;
  Fit(target, request, &misfits);
  return misfits;
}

TEST(OpenAiFit, WhatTheContractHasFits) {
  chat::Request request;
  request.messages = {chat::Say(chat::Role::kUser, {"hi"})};
  request.messages[0].content.push_back({chat::Opaque{OpaqueReasoningDetails("{}")}, false});
  request.temperature = 1;
  request.include_obfuscation = true;
  request.extra_json = R"({"top_k":1})";
  EXPECT_THAT(Misfits(&request), IsEmpty());
  EXPECT_EQ(request.messages[0].content.size(), 2u);
  EXPECT_TRUE(request.include_obfuscation.has_value());
}

TEST(OpenAiFit, AnotherProvidersOpaquePartsAreLeftOutEachByItsPlace) {
  chat::Request request;
  request.messages = {chat::Say(chat::Role::kUser, {"hi"}), chat::Say(chat::Role::kAssistant, {})};
  request.messages[1].content = {{chat::Opaque{WrapOpaque("anthropic", "{}")}, false},
                                 chat::TextPart("a"),
                                 {chat::Opaque{"junk"}, false},
                                 {chat::Opaque{OpaqueReasoningDetails("{}")}, false}};
  EXPECT_THAT(Misfits(&request), ElementsAre(Says("messages[1].content[0].opaque", Severity::kDrop),
                                             Says("messages[1].content[2].opaque", Severity::kRefuse)));
  ASSERT_EQ(request.messages[1].content.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<chat::Text>(request.messages[1].content[0].body));
  EXPECT_TRUE(std::holds_alternative<chat::Opaque>(request.messages[1].content[1].body));
}

TEST(OpenAiFit, ExtraMembersMustNotReplaceFieldsOfTheContract) {
  chat::Request request;
  request.extra_json = R"({"tools":[],"functions":[],"my_own":1})";
  EXPECT_THAT(Misfits(&request), ElementsAre(Says("extra_json.tools", Severity::kRefuse),
                                             Says("extra_json.functions", Severity::kRefuse)));
}

TEST(OpenAiFit, PaddingNeedsStreamOptions) {
  Target target;
  target.ask_usage = false;
  chat::Request request;
  request.include_obfuscation = false;
  EXPECT_THAT(Misfits(&request, target), ElementsAre(Says("stream_options.include_obfuscation", Severity::kPolicy)));
  EXPECT_FALSE(request.include_obfuscation.has_value());
}

}  // namespace
}  // namespace sluice::dialect::openai
