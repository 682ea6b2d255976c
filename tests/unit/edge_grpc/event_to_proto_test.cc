#include "server/edge/grpc/event_to_proto.h"

#include <google/protobuf/util/message_differencer.h>

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace sluice::edge {
namespace {

using ::google::protobuf::util::MessageDifferencer;

TEST(EventToProtoTest, StartedCarriesEverything) {
  v1::Started proto;
  FillStarted({{"c1", "gpt-4.1-2025"}, "relay", "req_1", 2}, &proto);
  EXPECT_EQ(proto.completion_id(), "c1");
  EXPECT_EQ(proto.model(), "gpt-4.1-2025");
  EXPECT_EQ(proto.upstream(), "relay");
  EXPECT_EQ(proto.provider_request_id(), "req_1");
  EXPECT_EQ(proto.attempt(), 2);
}

// Deltas of every kind, each with all that it can carry and with as little as it can.
std::vector<chat::Delta> SomeDeltas() {
  static const std::vector<chat::TokenLogprob> logprobs = {{"Hi", -0.5, "Hi", {{"Hi", -0.5, "Hi"}, {"Yo", -9999, ""}}},
                                                           {"!", -0.25, "", {}}};
  std::vector<chat::Delta> deltas;
  for (const chat::DeltaKind kind : {chat::DeltaKind::kText, chat::DeltaKind::kReasoning, chat::DeltaKind::kRefusal,
                                     chat::DeltaKind::kToolCall, chat::DeltaKind::kAudio, chat::DeltaKind::kOpaque}) {
    chat::Delta full;
    full.choice = 7;
    full.kind = kind;
    full.text = "words";
    full.tool = {1, chat::ToolKind::kCustom, "call_1", "add", "{}"};
    full.audio = {"a1", "AAAA", "spoken", 99};
    full.logprobs = logprobs;
    deltas.push_back(full);
    chat::Delta bare;
    bare.kind = kind;
    deltas.push_back(bare);
  }
  return deltas;
}

TEST(EventToProtoTest, EachKindOfDeltaIsItsOwnContent) {
  for (const chat::Delta& delta : SomeDeltas()) {
    v1::Delta proto;
    FillDelta(delta, &proto);
    EXPECT_EQ(proto.choice(), delta.choice);
    EXPECT_EQ(proto.logprobs_size(), static_cast<int>(delta.logprobs.size()));
    switch (delta.kind) {
      case chat::DeltaKind::kText:
        EXPECT_EQ(proto.text(), delta.text);
        break;
      case chat::DeltaKind::kReasoning:
        EXPECT_EQ(proto.reasoning(), delta.text);
        break;
      case chat::DeltaKind::kRefusal:
        EXPECT_EQ(proto.refusal(), delta.text);
        break;
      case chat::DeltaKind::kToolCall:
        EXPECT_EQ(proto.tool_call().arguments(), delta.tool.arguments);
        break;
      case chat::DeltaKind::kAudio:
        EXPECT_EQ(proto.audio().data(), delta.audio.data);
        break;
      case chat::DeltaKind::kOpaque:
        EXPECT_EQ(proto.opaque().data(), delta.text);
        break;
    }
    EXPECT_NE(proto.content_case(), v1::Delta::CONTENT_NOT_SET);
  }
}

// A stream uses its messages again and again, so nothing of the delta before may show through.
TEST(EventToProtoTest, ADeltaOverwritesAnyOther) {
  for (const chat::Delta& first : SomeDeltas()) {
    for (const chat::Delta& second : SomeDeltas()) {
      v1::Delta used, fresh;
      FillDelta(first, &used);
      FillDelta(second, &used);
      FillDelta(second, &fresh);
      EXPECT_TRUE(MessageDifferencer::Equals(used, fresh))
          << used.ShortDebugString() << " | " << fresh.ShortDebugString();
    }
  }
}

TEST(EventToProtoTest, AToolCallIsIntroducedByItsFirstPieceOnly) {
  chat::Delta delta;
  delta.kind = chat::DeltaKind::kToolCall;
  delta.tool = {0, chat::ToolKind::kFunction, "call_1", "add", ""};
  v1::Delta proto;
  FillDelta(delta, &proto);
  EXPECT_EQ(proto.tool_call().type(), v1::TOOL_TYPE_FUNCTION);
  delta.tool = {0, chat::ToolKind::kFunction, "", "", "{\"x\":1}"};
  FillDelta(delta, &proto);
  EXPECT_EQ(proto.tool_call().id(), "");
  EXPECT_EQ(proto.tool_call().name(), "");
  EXPECT_EQ(proto.tool_call().type(), v1::TOOL_TYPE_UNSPECIFIED);
  EXPECT_EQ(proto.tool_call().arguments(), "{\"x\":1}");
}

TEST(EventToProtoTest, LogprobsKeepTheirBytesAndAlternatives) {
  v1::TokenLogprob proto;
  FillLogprob({"\xEF\xBF\xBD", -1.5, "\xE2\x82", {{"a", -2, "a"}}}, &proto);
  EXPECT_EQ(proto.token(), "\xEF\xBF\xBD");
  EXPECT_EQ(proto.logprob(), -1.5);
  EXPECT_EQ(proto.bytes(), "\xE2\x82");
  ASSERT_EQ(proto.top_logprobs_size(), 1);
  EXPECT_EQ(proto.top_logprobs(0).token(), "a");
  EXPECT_EQ(proto.top_logprobs(0).logprob(), -2);
}

TEST(EventToProtoTest, AnAnnotationCarriesEverything) {
  chat::Annotation annotation;
  annotation.choice = 2;
  annotation.type = "url_citation";
  annotation.url = "https://example.org/a";
  annotation.title = "A";
  annotation.cited_text = "words";
  annotation.start_index = 0;
  annotation.end_index = 7;
  annotation.native_json = "{\"type\":\"url_citation\"}";
  v1::Annotation proto;
  FillAnnotation(annotation, &proto);
  EXPECT_EQ(proto.choice(), 2);
  EXPECT_EQ(proto.type(), "url_citation");
  EXPECT_EQ(proto.url(), "https://example.org/a");
  EXPECT_EQ(proto.title(), "A");
  EXPECT_EQ(proto.cited_text(), "words");
  EXPECT_TRUE(proto.has_start_index());
  EXPECT_EQ(proto.start_index(), 0);
  EXPECT_EQ(proto.end_index(), 7);
  EXPECT_EQ(proto.native_json(), "{\"type\":\"url_citation\"}");
  v1::Annotation bare;
  FillAnnotation(chat::Annotation(), &bare);
  EXPECT_EQ(bare.ByteSizeLong(), 0u);
}

TEST(EventToProtoTest, AModerationSaysOnlyWhatTheProviderSaid) {
  using Subject = chat::Moderation::Subject;
  v1::ModerationResult of_answer, of_prompt, unknown;
  FillModeration({Subject::kAnswer, 0, false, "{}"}, &of_answer);
  EXPECT_EQ(of_answer.subject(), v1::MODERATION_SUBJECT_ANSWER);
  EXPECT_TRUE(of_answer.has_choice());
  EXPECT_TRUE(of_answer.has_flagged());
  EXPECT_FALSE(of_answer.flagged());
  EXPECT_EQ(of_answer.native_json(), "{}");
  FillModeration({Subject::kPrompt, std::nullopt, true, ""}, &of_prompt);
  EXPECT_EQ(of_prompt.subject(), v1::MODERATION_SUBJECT_PROMPT);
  EXPECT_TRUE(of_prompt.flagged());
  FillModeration({}, &unknown);
  EXPECT_EQ(unknown.ByteSizeLong(), 0u);
}

TEST(EventToProtoTest, AWarningNamesTheFieldAndSaysWhy) {
  v1::Warning proto;
  FillWarning({"messages[2].name", "the upstream has no names"}, &proto);
  EXPECT_EQ(proto.field(), "messages[2].name");
  EXPECT_EQ(proto.message(), "the upstream has no names");
}

TEST(EventToProtoTest, EveryFinishReasonHasItsOwn) {
  EXPECT_EQ(ToProto(chat::FinishReason::kUnspecified), v1::FINISH_REASON_UNSPECIFIED);
  EXPECT_EQ(ToProto(chat::FinishReason::kStop), v1::FINISH_REASON_STOP);
  EXPECT_EQ(ToProto(chat::FinishReason::kLength), v1::FINISH_REASON_LENGTH);
  EXPECT_EQ(ToProto(chat::FinishReason::kToolCalls), v1::FINISH_REASON_TOOL_CALLS);
  EXPECT_EQ(ToProto(chat::FinishReason::kContentFilter), v1::FINISH_REASON_CONTENT_FILTER);
  EXPECT_EQ(ToProto(chat::FinishReason::kError), v1::FINISH_REASON_ERROR);
  EXPECT_EQ(ToProto(chat::FinishReason::kOther), v1::FINISH_REASON_OTHER);
  v1::Finished proto;
  FillFinished({4, chat::FinishReason::kOther, "eos"}, &proto);
  EXPECT_EQ(proto.choice(), 4);
  EXPECT_EQ(proto.native_finish_reason(), "eos");
}

TEST(EventToProtoTest, ACountThatWasNotGivenIsAbsentAndAZeroIsThere) {
  chat::Usage usage;
  usage.prompt_tokens = 5;
  usage.cached_tokens = 0;
  v1::Usage proto;
  FillUsage(usage, &proto);
  EXPECT_EQ(proto.prompt_tokens(), 5);
  EXPECT_TRUE(proto.has_cached_tokens());
  EXPECT_FALSE(proto.has_completion_tokens());
  EXPECT_FALSE(proto.has_total_tokens());
  EXPECT_FALSE(proto.has_cache_write_tokens());
  EXPECT_FALSE(proto.has_reasoning_tokens());
}

}  // namespace
}  // namespace sluice::edge
