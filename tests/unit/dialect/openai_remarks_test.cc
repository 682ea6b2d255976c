// What OpenAI-compatible servers say beside the answer: citations, moderation, content filters; and what they want
// back.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/dialect/openai/opaque_parts.h"
#include "server/dialect/reply_reader.h"
#include "tests/unit/dialect/harness.h"

namespace sluice::dialect {
namespace {

using ::testing::ElementsAre;

std::string Delta(const std::string& members) {
  return "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{" + members + "}}]}\n\n";
}

constexpr char kEnd[] =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

TEST(OpenAiRemarks, UrlCitationsOfADelta) {
  EXPECT_THAT(DecodeOpenAi(Delta(R"("content":"see")") +
                           Delta(R"("annotations":[{"type":"url_citation","url_citation":{"url":"https://a.test",)"
                                 R"("title":"A","start_index":0,"end_index":3}}])") +
                           kEnd)
                  .lines,
              ElementsAre("identity c m", "text[0] see", "annotation[0] url_citation https://a.test A 0-3 -",
                          "finished[0] stop stop", "done"));
}

TEST(OpenAiRemarks, EqualChunksWithAnnotationsAreNotSkipped) {
  const std::string chunk = Delta(R"("content":"x","annotations":[{"type":"url_citation","url":"https://a.test"}])");
  EXPECT_THAT(DecodeOpenAi(chunk + chunk + kEnd).lines,
              ElementsAre("identity c m", "text[0] x", "annotation[0] url_citation https://a.test - --- -", "text[0] x",
                          "annotation[0] url_citation https://a.test - --- -", "finished[0] stop stop", "done"));
}

TEST(OpenAiRemarks, PerplexitysCitationsOnce) {
  const std::string chunk =
      "data: {\"id\":\"c\",\"model\":\"m\",\"citations\":[\"https://a.test\",\"https://b.test\"],"
      "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n";
  EXPECT_THAT(
      DecodeOpenAi(chunk + chunk + kEnd).lines,
      ElementsAre("identity c m", "text[0] x", "annotation[0] citation https://a.test - --- -",
                  "annotation[0] citation https://b.test - --- -", "text[0] x", "finished[0] stop stop", "done"));
}

TEST(OpenAiRemarks, ModerationAfterTheUsage) {
  EXPECT_THAT(
      DecodeOpenAi(
          Delta(R"("content":"x")") +
          "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"total_tokens\":2}}\n\n"
          "data: {\"choices\":[],\"usage\":null,\"moderation\":{\"results\":[{\"flagged\":true}]}}\n\n" +
          kEnd)
          .lines,
      ElementsAre("identity c m", "text[0] x", "moderation unknown - flagged", "finished[0] stop stop", "usage 1/1/2",
                  "done"));
}

TEST(OpenAiRemarks, WhatIsNoObjectIsNoVerdict) {
  EXPECT_THAT(DecodeOpenAi(Delta(R"("content":"x")") +
                           "data: {\"choices\":[{\"index\":0,\"delta\":{},\"content_filter_results\":\"safe\"}],"
                           "\"moderation\":\"fine\",\"prompt_filter_results\":7,\"citations\":\"a\"}\n\n" +
                           kEnd)
                  .lines,
              ElementsAre("identity c m", "text[0] x", "finished[0] stop stop", "done"));
}

TEST(OpenAiRemarks, AzuresVerdictsWhereTheyChange) {
  const std::string first =
      "data: {\"id\":\"\",\"model\":\"\",\"choices\":[],\"prompt_filter_results\":[{\"prompt_index\":0,"
      "\"content_filter_results\":{\"hate\":{\"filtered\":false,\"severity\":\"safe\"}}}]}\n\n";
  const auto chunk = [](const std::string& text, const std::string& verdict) {
    return "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + text +
           "\"},\"content_filter_results\":" + verdict + "}]}\n\n";
  };
  const std::string safe = R"({"hate":{"filtered":false,"severity":"safe"}})";
  const std::string bad = R"({"hate":{"filtered":true,"severity":"high"}})";
  EXPECT_THAT(
      DecodeOpenAi(first + chunk("a", safe) + chunk("b", safe) + chunk("c", "{}") + chunk("d", bad) + kEnd).lines,
      ElementsAre("identity c m", "moderation prompt - clean", "text[0] a", "moderation answer 0 clean", "text[0] b",
                  "text[0] c", "text[0] d", "moderation answer 0 flagged", "finished[0] stop stop", "done"));
}

TEST(OpenAiRemarks, ReasoningDetailsComeBackWholeAtTheEnd) {
  EXPECT_THAT(
      DecodeOpenAi(Delta(R"("reasoning":"h","reasoning_details":[{"type":"reasoning.text","text":"h"}])") +
                   Delta(R"("reasoning_details":[{"type":"reasoning.encrypted","data":"x=="}])") +
                   Delta(R"("content":"Hi")") + kEnd)
          .lines,
      ElementsAre(
          "identity c m", "reasoning[0] h", "text[0] Hi",
          "opaque[0] " + openai::OpaqueReasoningDetails(
                             R"({"type":"reasoning.text","text":"h"},{"type":"reasoning.encrypted","data":"x=="})"),
          "finished[0] stop stop", "done"));
}

TEST(OpenAiRemarks, ManyReasoningDetailsComeInSeveralPieces) {
  const std::string large(200'000, 'x');
  std::string body;
  for (int i = 0; i < 3; ++i) body += Delta(R"("reasoning_details":[{"data":")" + large + "\"}]");
  ReplyReader reader(FindCodec("openai")->NewDecoder(Target(), DecodeLimits()), "text/event-stream", DecodeLimits());
  Recorder recorder;
  reader.Feed(body + kEnd, recorder);
  const std::string entry = "{\"data\":\"" + large + "\"}";
  EXPECT_THAT(recorder.lines(),
              ElementsAre("identity c m", "opaque[0] " + openai::OpaqueReasoningDetails(entry + "," + entry),
                          "opaque[0] " + openai::OpaqueReasoningDetails(entry), "finished[0] stop stop", "done"));
}

TEST(OpenAiRemarks, AToolCallsExtraContentFollowsIt) {
  EXPECT_THAT(
      DecodeOpenAi(Delta(R"("tool_calls":[{"index":0,"id":"c1","type":"function","function":)"
                         R"({"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"s="}}}])") +
                   kEnd)
          .lines,
      ElementsAre("identity c m", "tool[0] #0 function c1 f {}",
                  "opaque[0] " + openai::OpaqueExtraContent("c1", R"({"google":{"thought_signature":"s="}})"),
                  "finished[0] stop stop", "done"));
}

TEST(OpenAiRemarks, ThinkTagsArePartedWhereAskedFor) {
  Target target;
  target.split_think_tags = true;
  const Decoded decoded = DecodeEachWay([&] { return FindCodec("openai")->NewDecoder(target, DecodeLimits()); },
                                        Delta(R"("content":"<thi")") + Delta(R"("content":"nk>hm</think>Yes")") +
                                            Delta(R"("content":".")") + Delta(R"("content":"!")") + kEnd);
  EXPECT_THAT(decoded.lines, ElementsAre("identity c m", "reasoning[0] hm", "text[0] Yes", "text[0] .", "text[0] !",
                                         "finished[0] stop stop", "done"));
}

}  // namespace
}  // namespace sluice::dialect
