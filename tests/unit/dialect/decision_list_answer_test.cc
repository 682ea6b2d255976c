// The sixteen decisions on how a provider's stream is read, in every dialect: 5 bad JSON, 6 the finish reason, 7 usage,
// 8 reasoning, 9 content.

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "server/dialect/openai/opaque_parts.h"
#include "tests/unit/dialect/anthropic_stream.h"
#include "tests/unit/dialect/each_dialect.h"
#include "tests/unit/dialect/gemini_harness.h"

namespace sluice::dialect {
namespace {

using anthropic::BlockPiece;
using anthropic::BlockStart;
using anthropic::BlockStop;
using anthropic::MessageEnd;
using anthropic::MessageStart;
using anthropic::MessageStop;
using gemini::EndChunk;
using gemini::PartsChunk;

// 5. Data that is not JSON ends the stream as malformed. Empty data, and JSON that is no object, is skipped.

TEST(Decision05BadJson, DataThatIsNotJsonEndsTheAnswer) {
  for (const char* bad : {"{", "hello", R"({"a":1}})", R"({"a":01})", "{'a':1}", R"({"a":"b)"}) {
    EXPECT_EQ(OpenAi({OpenAiText("a"), bad, OpenAiText("b"), "[DONE]"}),
              (Lines{"identity c1 m", "text[0] a", "done malformed"}));
    EXPECT_EQ(Anthropic({MessageStart(), AnthropicText("a"), bad, AnthropicText("b"), MessageStop()}),
              (Lines{"identity msg_1 m", "text[0] a", "usage 12/1/13", "done malformed"}));
    EXPECT_EQ(Gemini({GeminiText("a"), bad, GeminiText("b"), EndChunk()}),
              (Lines{"identity r m", "text[0] a", "done malformed"}));
  }
}

TEST(Decision05BadJson, EmptyDataAndJsonThatIsNoObjectIsSkipped) {
  for (const char* skipped : {"", "  ", "null", "12", "\"text\"", "true", "[]", "[1]"}) {
    EXPECT_EQ(OpenAi({skipped, OpenAiText("a"), skipped, FinishChunk("stop"), skipped, "[DONE]"}),
              (Lines{"identity c1 m", "text[0] a", "finished[0] stop stop", "done"}));
    EXPECT_EQ(Anthropic({skipped, MessageStart(), AnthropicText("a"), skipped, MessageEnd("end_turn"), MessageStop()}),
              (Lines{"identity msg_1 m", "text[0] a", "finished[0] stop end_turn", "usage 12/7/19", "done"}));
    EXPECT_EQ(Gemini({skipped, GeminiText("a"), skipped, EndChunk(), skipped}),
              (Lines{"identity r m", "text[0] a", "finished[0] stop STOP", "done"}));
  }
  // An array with objects in it is skipped, too, but not by Gemini's: its answers can come as arrays of chunks.
  EXPECT_EQ(OpenAi({absl::StrCat("[", OpenAiText("a"), "]"), OpenAiText("b"), "[DONE]"}),
            (Lines{"identity c1 m", "text[0] b", "done"}));
  EXPECT_EQ(Anthropic({absl::StrCat("[", AnthropicText("a"), "]"), AnthropicText("b"), MessageStop()}),
            (Lines{"identity - -", "text[0] b", "done"}));
  EXPECT_EQ(Gemini({absl::StrCat("[", GeminiText("a"), "]"), EndChunk()}),
            (Lines{"identity r m", "text[0] a", "finished[0] stop STOP", "done"}));
}

// 6. Of the finish reasons the last that says something counts. Words that nobody knows are "other", and the provider's
// own word goes along with each.

std::string Finish(absl::string_view reason) {
  return absl::StrCat(R"({"choices":[{"delta":{},"finish_reason":)", reason, "}]}");
}
std::string StopReason(absl::string_view reason) {
  return absl::StrCat(R"({"type":"message_delta","delta":{"stop_reason":)", reason, "}}");
}
std::string GeminiFinish(absl::string_view reason) {
  return absl::StrCat(R"({"candidates":[{"finishReason":)", reason, "}]}");
}

TEST(Decision06FinishReason, TheLastThatSaysSomethingCounts) {
  EXPECT_EQ(OpenAi({Finish("\"stop\""), Finish("\"length\""), "[DONE]"}),
            (Lines{"identity - -", "finished[0] length length", "done"}));
  EXPECT_EQ(Anthropic({StopReason("\"end_turn\""), StopReason("\"max_tokens\""), MessageStop()}),
            (Lines{"identity - -", "finished[0] length max_tokens", "done"}));
  EXPECT_EQ(Gemini({GeminiFinish("\"STOP\""), GeminiFinish("\"MAX_TOKENS\"")}),
            (Lines{"identity - -", "finished[0] length MAX_TOKENS", "done"}));
}

TEST(Decision06FinishReason, WhatSaysNothingErasesNothing) {
  for (const char* nothing : {"\"\"", "null", "{}", "0", "\"null\""}) {
    EXPECT_EQ(OpenAi({Finish("\"stop\""), Finish(nothing), R"({"choices":[{"delta":{}}]})", "[DONE]"}),
              (Lines{"identity - -", "finished[0] stop stop", "done"}))
        << nothing;
    EXPECT_EQ(Anthropic({StopReason("\"end_turn\""), StopReason(nothing), R"({"type":"message_delta","delta":{}})",
                         MessageStop()}),
              (Lines{"identity - -", "finished[0] stop end_turn", "done"}))
        << nothing;
  }
  for (const char* nothing : {"\"\"", "null", "{}", "0", "\"null\""}) {
    EXPECT_EQ(Gemini({GeminiFinish("\"STOP\""), GeminiFinish(nothing), R"({"candidates":[{}]})"}),
              (Lines{"identity - -", "finished[0] stop STOP", "done"}))
        << nothing;
  }
}

TEST(Decision06FinishReason, AWordThatNobodyKnowsIsOther) {
  EXPECT_EQ(OpenAi({Finish("\"abort\"")}), (Lines{"identity - -", "finished[0] other abort", "done"}));
  EXPECT_EQ(Anthropic({StopReason("\"tired\"")}), (Lines{"identity - -", "finished[0] other tired", "done"}));
  EXPECT_EQ(Gemini({GeminiFinish("\"LANGUAGE\"")}), (Lines{"identity - -", "finished[0] other LANGUAGE", "done"}));
}

TEST(Decision06FinishReason, EachWordHasItsMeaning) {
  for (const auto& [word, meaning] : {std::pair("stop", "stop"),
                                      {"eos", "stop"},
                                      {"end_turn", "stop"},
                                      {"length", "length"},
                                      {"model_length", "length"},
                                      {"tool_calls", "tool_calls"},
                                      {"function_call", "tool_calls"},
                                      {"content_filter", "content_filter"}}) {
    EXPECT_EQ(OpenAi({Finish(absl::StrCat("\"", word, "\""))})[1], absl::StrCat("finished[0] ", meaning, " ", word));
  }
  for (const auto& [word, meaning] : {std::pair("end_turn", "stop"),
                                      {"stop_sequence", "stop"},
                                      {"pause_turn", "stop"},
                                      {"max_tokens", "length"},
                                      {"model_context_window_exceeded", "length"},
                                      {"tool_use", "tool_calls"},
                                      {"refusal", "content_filter"}}) {
    EXPECT_EQ(Anthropic({StopReason(absl::StrCat("\"", word, "\""))})[1],
              absl::StrCat("finished[0] ", meaning, " ", word));
  }
  for (const auto& [word, meaning] : {std::pair("STOP", "stop"),
                                      {"MAX_TOKENS", "length"},
                                      {"SAFETY", "content_filter"},
                                      {"RECITATION", "content_filter"},
                                      {"OTHER", "other"}}) {
    EXPECT_EQ(Gemini({GeminiFinish(absl::StrCat("\"", word, "\""))})[1],
              absl::StrCat("finished[0] ", meaning, " ", word));
  }
  // Gemini stops for a call with the word it stops for anyway.
  EXPECT_EQ(Gemini({PartsChunk(R"({"functionCall":{"id":"x","name":"f"}})"), EndChunk()}),
            (Lines{"identity r m", "tool[0] #0 function x f {}", "finished[0] tool_calls STOP", "done"}));
}

TEST(Decision06FinishReason, NoResourcesLeftIsAnError) {
  // A word of DeepSeek's, which speaks OpenAI's protocol.
  const Decoded decoded = ReadOpenAi(Stream({OpenAiText("a"), FinishChunk("insufficient_system_resource"), "[DONE]"}));
  EXPECT_EQ(decoded.lines, (Lines{"identity c1 m", "text[0] a", "done overloaded"}));
  EXPECT_EQ(decoded.error.provider_code, "insufficient_system_resource");
}

// 7. Of the usage objects the last with a count in it counts, whole; nothing is ever added up.

std::string Usage(absl::string_view members) { return absl::StrCat(R"({"choices":[],"usage":{)", members, "}}"); }
std::string AnthropicUsage(absl::string_view members) {
  return absl::StrCat(R"({"type":"message_delta","delta":{},"usage":{)", members, "}}");
}
std::string GeminiUsage(absl::string_view members) {
  return absl::StrCat(R"({"candidates":[{"finishReason":"STOP"}],"usageMetadata":{)", members, "}}");
}

// The usage line, or "" where there is none.
std::string UsageIn(const Lines& lines) {
  for (const std::string& line : lines) {
    if (line.rfind("usage ", 0) == 0) return line;
  }
  return "";
}
std::string OpenAiUsageOf(std::vector<std::string> events) {
  events.push_back("[DONE]");
  return UsageIn(OpenAi(events));
}
std::string AnthropicUsageOf(std::vector<std::string> events) {
  events.push_back(MessageStop());
  return UsageIn(Anthropic(events));
}
std::string GeminiUsageOf(const std::vector<std::string>& events) { return UsageIn(Gemini(events)); }

TEST(Decision07Usage, TheLastObjectWithACountCountsWhole) {
  EXPECT_EQ(
      OpenAiUsageOf({Usage(R"("prompt_tokens":1,"completion_tokens":2,"total_tokens":3)"), Usage(R"("total_tokens":9)"),
                     Usage(""), Usage(R"("prompt_tokens":null)"), R"({"choices":[],"usage":null})"}),
      "usage -/-/9");
  EXPECT_EQ(GeminiUsageOf({GeminiUsage(R"("promptTokenCount":20,"candidatesTokenCount":1,"totalTokenCount":21)"),
                           GeminiUsage(R"("promptTokenCount":18,"totalTokenCount":25)"), GeminiUsage(""),
                           GeminiUsage(R"("trafficType":"ON_DEMAND")")}),
            "usage 18/-/25");
  // Anthropic's later objects hold the counts that changed: of each count the last one.
  EXPECT_EQ(AnthropicUsageOf({MessageStart(), AnthropicUsage(R"("output_tokens":5)"),
                              AnthropicUsage(R"("input_tokens":10,"output_tokens":9)"), AnthropicUsage(""),
                              AnthropicUsage(R"("input_tokens":null)")}),
            "usage 10/9/19");
}

TEST(Decision07Usage, TheTopLevelFirstThenTheFirstChoiceAndGroqsOwnPlaceLast) {
  const std::string groq = R"("x_groq":{"usage":{"total_tokens":1}})";
  EXPECT_EQ(OpenAiUsageOf({R"({"choices":[{"delta":{},"usage":{"total_tokens":2}}],"usage":{"total_tokens":3}})"}),
            "usage -/-/3");
  EXPECT_EQ(OpenAiUsageOf({absl::StrCat(R"({"choices":[{"delta":{},"usage":{"total_tokens":2}}],)", groq, "}")}),
            "usage -/-/2");
  EXPECT_EQ(OpenAiUsageOf({Usage(R"("total_tokens":3)"), absl::StrCat(R"({"choices":[],)", groq, "}")}), "usage -/-/3");
  EXPECT_EQ(OpenAiUsageOf({absl::StrCat(R"({"choices":[],)", groq, "}")}), "usage -/-/1");
  // The others have one place each.
}

TEST(Decision07Usage, ACountThatMakesNoSenseIsAbsent) {
  for (const char* bad : {"-1", "1.5", "\"3\"", "null", "true", "[]", "{}", "9223372036854775808", "1e300"}) {
    EXPECT_EQ(OpenAiUsageOf({Usage(absl::StrCat(R"("prompt_tokens":)", bad, R"(,"completion_tokens":2)"))}),
              "usage -/2/-")
        << bad;
    EXPECT_EQ(OpenAiUsageOf({Usage(R"("total_tokens":4)"), Usage(absl::StrCat(R"("prompt_tokens":)", bad))}),
              "usage -/-/4")
        << bad;
    EXPECT_EQ(AnthropicUsageOf({AnthropicUsage(absl::StrCat(R"("input_tokens":)", bad, R"(,"output_tokens":2)"))}),
              "usage -/2/-")
        << bad;
    EXPECT_EQ(GeminiUsageOf({GeminiUsage(absl::StrCat(R"("promptTokenCount":)", bad, R"(,"totalTokenCount":2)"))}),
              "usage -/-/2")
        << bad;
    EXPECT_EQ(GeminiUsageOf({GeminiUsage(absl::StrCat(R"("promptTokenCount":)", bad))}), "") << bad;
  }
  EXPECT_EQ(OpenAiUsageOf({Usage(R"("total_tokens":9223372036854775807)")}), "usage -/-/9223372036854775807");
}

TEST(Decision07Usage, CachedTokensAreInsideThePrompt) {
  EXPECT_EQ(OpenAiUsageOf({Usage(R"("prompt_tokens":9,"cached_tokens":3,"prompt_cache_hit_tokens":2,)"
                                 R"("prompt_tokens_details":{"cached_tokens":1})")}),
            "usage 9/-/- cached=1");
  EXPECT_EQ(OpenAiUsageOf({Usage(R"("prompt_tokens":9,"cached_tokens":3,"prompt_cache_hit_tokens":2)")}),
            "usage 9/-/- cached=2");
  EXPECT_EQ(OpenAiUsageOf({Usage(R"("prompt_tokens":9,"cached_tokens":3)")}), "usage 9/-/- cached=3");
  // Anthropic counts them beside the input, so they are added to it.
  EXPECT_EQ(AnthropicUsageOf({AnthropicUsage(R"("input_tokens":9,"cache_read_input_tokens":3,)"
                                             R"("cache_creation_input_tokens":2,"output_tokens":1)")}),
            "usage 14/1/15 cached=3 write=2");
  EXPECT_EQ(GeminiUsageOf({GeminiUsage(R"("promptTokenCount":9,"cachedContentTokenCount":3,"totalTokenCount":9)")}),
            "usage 9/-/9 cached=3");
}

TEST(Decision07Usage, ReasoningTokensAreInsideTheCompletionAndMayExceedIt) {
  EXPECT_EQ(OpenAiUsageOf({Usage(R"("completion_tokens":9,"reasoning_tokens":2,)"
                                 R"("completion_tokens_details":{"reasoning_tokens":1})")}),
            "usage -/9/- reasoning=1");
  EXPECT_EQ(OpenAiUsageOf({Usage(R"("completion_tokens":9,"reasoning_tokens":2)")}), "usage -/9/- reasoning=2");
  EXPECT_EQ(OpenAiUsageOf({Usage(R"("prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"reasoning_tokens":50)")}),
            "usage 1/2/3 reasoning=50");
  EXPECT_EQ(AnthropicUsageOf({AnthropicUsage(R"("output_tokens":2,"output_tokens_details":{"thinking_tokens":50})")}),
            "usage -/2/- reasoning=50");
  // Gemini counts thoughts beside the answer, so they are added to it and cannot exceed it.
  EXPECT_EQ(GeminiUsageOf({GeminiUsage(R"("candidatesTokenCount":2,"thoughtsTokenCount":50)")}),
            "usage -/52/- reasoning=50");
}

// 8. Reasoning is taken once, from the first name that says something. <think> stays in the text unless configured.

TEST(Decision08Reasoning, TheFirstNameThatSaysSomethingIsTaken) {
  EXPECT_EQ(OpenAi({Chunk(R"({"reasoning":"b","reasoning_content":"a"})"), "[DONE]"}),
            (Lines{"identity c1 m", "reasoning[0] a", "done"}));
  EXPECT_EQ(OpenAi({Chunk(R"({"reasoning":"b","reasoning_content":""})"), "[DONE]"}),
            (Lines{"identity c1 m", "reasoning[0] b", "done"}));
  const std::string details = R"({"type":"reasoning.text","text":"c"})";
  const std::string opaque = "opaque[0] " + openai::OpaqueReasoningDetails(details);
  EXPECT_EQ(OpenAi({Chunk(absl::StrCat(R"({"reasoning":"b","reasoning_details":[)", details, "]}")), "[DONE]"}),
            (Lines{"identity c1 m", "reasoning[0] b", opaque, "done"}));
  EXPECT_EQ(OpenAi({Chunk(absl::StrCat(R"({"reasoning":null,"reasoning_details":[)", details, "]}")), "[DONE]"}),
            (Lines{"identity c1 m", "reasoning[0] c", opaque, "done"}));
  // The others have one name each.
  EXPECT_EQ(Anthropic({BlockStart(0, R"({"type":"thinking","thinking":""})"),
                       BlockPiece(0, R"({"type":"thinking_delta","thinking":"a"})"), BlockStop(0), MessageStop()}),
            (Lines{"identity - -", "reasoning[0] a", "done"}));
  EXPECT_EQ(Gemini({PartsChunk(R"({"text":"a","thought":true},{"text":"b","thought":false})"), EndChunk()}),
            (Lines{"identity r m", "reasoning[0] a", "text[0] b", "finished[0] stop STOP", "done"}));
}

TEST(Decision08Reasoning, ThinkTagsAreTextUnlessConfigured) {
  const std::string text = "<think>hm</think>a";
  EXPECT_EQ(OpenAi({OpenAiText(text), "[DONE]"}), (Lines{"identity c1 m", "text[0] " + text, "done"}));
  EXPECT_EQ(Anthropic({AnthropicText(text), MessageStop()}), (Lines{"identity - -", "text[0] " + text, "done"}));
  EXPECT_EQ(Gemini({GeminiText(text), EndChunk()})[1], "text[0] " + text);
  // The setting is for models that one hosts oneself, behind OpenAI's protocol.
  Target target;
  target.split_think_tags = true;
  const auto decoder = FindCodec("openai")->NewDecoder(target, DecodeLimits());
  Recorder sink;
  decoder->OnEvent({"message", OpenAiText(text), ""}, sink);
  decoder->OnEvent({"message", "[DONE]", ""}, sink);
  EXPECT_EQ(sink.lines(), (Lines{"identity c1 m", "reasoning[0] hm", "text[0] a", "done"}));
}

// 9. Content is a string or an array of parts. `message` stands in where there is no delta and no text came yet.

TEST(Decision09Content, AStringOrAnArrayOfParts) {
  EXPECT_EQ(OpenAi({Chunk(R"({"content":"a"})"),
                    Chunk(R"({"content":[{"type":"text","text":"b"},)"
                          R"({"type":"thinking","thinking":[{"type":"text","text":"c"}]},)"
                          R"({"type":"text","text":"d"},{"type":"hologram","text":"no"}]})"),
                    Chunk(R"({"content":null})"), Chunk(R"({"content":""})"), "[DONE]"}),
            (Lines{"identity c1 m", "text[0] a", "reasoning[0] c", "text[0] b", "text[0] d", "done"}));
  // The others have blocks and parts, and nothing else.
  EXPECT_EQ(Anthropic({BlockStart(0, R"({"type":"text","text":"a"})"), BlockStop(0),
                       BlockStart(1, R"({"type":"thinking","thinking":"c"})"), BlockStop(1),
                       BlockStart(2, R"({"type":"hologram","text":"no"})"), BlockStop(2), MessageStop()}),
            (Lines{"identity - -", "text[0] a", "reasoning[0] c", "done"}));
  EXPECT_EQ(Gemini({PartsChunk(R"({"text":"a"},{"text":"c","thought":true},{"text":""},{"text":"d"})"), EndChunk()}),
            (Lines{"identity r m", "text[0] a", "reasoning[0] c", "text[0] d", "finished[0] stop STOP", "done"}));
}

TEST(Decision09Content, AMessageCountsOnlyWithoutADeltaAndBeforeAnyText) {
  // Of OpenAI's protocol alone: Anthropic's message is its whole answer, and Gemini has no such member.
  const auto both = [](absl::string_view members) { return absl::StrCat(R"({"choices":[{)", members, "}]}"); };
  EXPECT_EQ(OpenAi({both(R"("delta":{"content":"a"},"message":{"content":"a"})"),
                    both(R"("delta":{"content":"b"},"message":{"content":"ab"})"),
                    both(R"("message":{"content":"ab"},"finish_reason":"stop")")}),
            (Lines{"identity - -", "text[0] a", "text[0] b", "finished[0] stop stop", "done"}));
  EXPECT_EQ(OpenAi({both(R"("delta":{"role":"assistant"})"),
                    both(R"("delta":null,"message":{"content":"ab"},"finish_reason":"stop")")}),
            (Lines{"identity - -", "text[0] ab", "finished[0] stop stop", "done"}));
}

}  // namespace
}  // namespace sluice::dialect
