// The sixteen decisions on how a provider's stream is read, in every dialect: 1 the end, 2 what follows the finish
// reason, 3 what is an error, 4 of which kind it is.

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/unit/dialect/anthropic_stream.h"
#include "tests/unit/dialect/each_dialect.h"
#include "tests/unit/dialect/gemini_harness.h"

namespace sluice::dialect {
namespace {

using anthropic::MessageEnd;
using anthropic::MessageStart;
using anthropic::MessageStop;
using chat::ErrorKind;
using gemini::EndChunk;

// 1. An answer ends with its end mark, after which nothing is read, or where the upstream closes after a finish
// reason. One that ends otherwise is truncated.

TEST(Decision01End, TheMarkIsTheEndAndNothingAfterItIsRead) {
  EXPECT_EQ(OpenAi({OpenAiText("a"), FinishChunk("stop"), "[DONE]", OpenAiText("b"), R"({"error":"late"})", "{broken"}),
            (Lines{"identity c1 m", "text[0] a", "finished[0] stop stop", "done"}));
  EXPECT_EQ(Anthropic({MessageStart(), AnthropicText("a"), MessageEnd("end_turn"), MessageStop(), AnthropicText("b"),
                       R"({"type":"error","error":{"message":"late"}})", "{broken"}),
            (Lines{"identity msg_1 m", "text[0] a", "finished[0] stop end_turn", "usage 12/7/19", "done"}));
  // Gemini has no mark: only the close is the end, and the mark that a relay of several dialects sets is none.
  EXPECT_EQ(Gemini({GeminiText("a"), EndChunk(), "[DONE]", GeminiText("b")}),
            (Lines{"identity r m", "text[0] a", "text[0] b", "finished[0] stop STOP", "done"}));
}

TEST(Decision01End, OnlyDataThatIsTheMarkAndBlanksIsTheMark) {
  EXPECT_EQ(ReadOpenAi(absl::StrCat("data:", OpenAiText("a"), "\n\ndata: \t[DONE]  \n\n", Stream({"{broken"}))).lines,
            (Lines{"identity c1 m", "text[0] a", "done"}));
  EXPECT_EQ(OpenAi({OpenAiText("[DONE]"), FinishChunk("stop")}),
            (Lines{"identity c1 m", "text[0] [DONE]", "finished[0] stop stop", "done"}));
  EXPECT_EQ(OpenAi({OpenAiText("a"), "[DONE].", OpenAiText("b")}),
            (Lines{"identity c1 m", "text[0] a", "done malformed"}));
  // The others' end is no text that an answer could hold.
}

TEST(Decision01End, AfterAFinishReasonTheCloseIsTheEnd) {
  EXPECT_EQ(OpenAi({OpenAiText("a"), FinishChunk("length")}),
            (Lines{"identity c1 m", "text[0] a", "finished[0] length length", "done"}));
  EXPECT_EQ(Anthropic({MessageStart(), AnthropicText("a"), MessageEnd("max_tokens")}),
            (Lines{"identity msg_1 m", "text[0] a", "finished[0] length max_tokens", "usage 12/7/19", "done"}));
  EXPECT_EQ(Gemini({GeminiText("a"), EndChunk("MAX_TOKENS")}),
            (Lines{"identity r m", "text[0] a", "finished[0] length MAX_TOKENS", "done"}));
  EXPECT_EQ(Gemini({R"({"promptFeedback":{"blockReason":"SAFETY"},"modelVersion":"m","responseId":"r"})"}),
            (Lines{"identity r m", "moderation prompt - flagged", "finished[0] content_filter SAFETY", "done"}));
}

TEST(Decision01End, AfterTheMarkNoFinishReasonIsMissed) {
  EXPECT_EQ(OpenAi({OpenAiText("a"), "[DONE]"}), (Lines{"identity c1 m", "text[0] a", "done"}));
  EXPECT_EQ(Anthropic({MessageStart(), AnthropicText("a"), MessageStop()}),
            (Lines{"identity msg_1 m", "text[0] a", "usage 12/1/13", "done"}));
}

TEST(Decision01End, AnAnswerWithoutItsEndIsTruncated) {
  EXPECT_EQ(OpenAi({OpenAiText("a")}), (Lines{"identity c1 m", "text[0] a", "done truncated"}));
  EXPECT_EQ(Anthropic({MessageStart(), AnthropicText("a"), anthropic::BlockStop(0)}),
            (Lines{"identity msg_1 m", "text[0] a", "usage 12/1/13", "done truncated"}));
  EXPECT_EQ(Gemini({GeminiText("a")}), (Lines{"identity r m", "text[0] a", "done truncated"}));
}

TEST(Decision01End, AnEndWithNothingBeforeItIsTruncated) {
  EXPECT_EQ(OpenAi({"[DONE]"}), Lines{"done truncated"});
  EXPECT_EQ(Anthropic({MessageStop()}), Lines{"done truncated"});
  for (const Dialect& dialect : EachDialect()) {
    EXPECT_EQ(dialect.read("").lines, Lines{"done truncated"}) << dialect.name;
    EXPECT_EQ(dialect.read(": PING\n\n\n").lines, Lines{"done truncated"}) << dialect.name;
  }
}

// 2. Reading does not stop at a finish reason: usage, a verdict or an error may follow. An error wins over it.

TEST(Decision02AfterTheFinish, WhatFollowsIsRead) {
  EXPECT_EQ(OpenAi({OpenAiText("a"), FinishChunk("stop"),
                    R"({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}})",
                    R"({"choices":[],"usage":null,"moderation":{"flagged":false}})", "[DONE]"}),
            (Lines{"identity c1 m", "text[0] a", "moderation unknown - clean", "finished[0] stop stop", "usage 1/2/3",
                   "done"}));
  EXPECT_EQ(Anthropic({MessageStart(), AnthropicText("a"), MessageEnd("end_turn"),
                       R"({"type":"message_delta","delta":{},"usage":{"output_tokens":9}})", MessageStop()}),
            (Lines{"identity msg_1 m", "text[0] a", "finished[0] stop end_turn", "usage 12/9/21", "done"}));
  EXPECT_EQ(Gemini({GeminiText("a"), EndChunk(),
                    R"({"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":3,"totalTokenCount":7}})"}),
            (Lines{"identity r m", "text[0] a", "finished[0] stop STOP", "usage 4/3/7", "done"}));
}

TEST(Decision02AfterTheFinish, AnErrorWins) {
  const std::string error = R"({"error":{"code":502,"message":"gone"}})";
  EXPECT_EQ(OpenAi({OpenAiText("a"), FinishChunk("length"), error, "[DONE]"}),
            (Lines{"identity c1 m", "text[0] a", "done overloaded"}));
  EXPECT_EQ(Anthropic({MessageStart(), AnthropicText("a"), MessageEnd("end_turn"),
                       R"({"type":"error","error":{"type":"overloaded_error","message":"gone"}})", MessageStop()}),
            (Lines{"identity msg_1 m", "text[0] a", "usage 12/7/19", "done overloaded"}));
  EXPECT_EQ(Gemini({GeminiText("a"), EndChunk(), error}), (Lines{"identity r m", "text[0] a", "done overloaded"}));
}

// 3. What is an error. What came before it is delivered first; of an event with both, the delta comes first.

TEST(Decision03Errors, AStatusOf400AndMore) {
  for (const absl::string_view name : CodecNames()) {
    const auto kind = [&](int status) {
      HttpFailure failure;
      failure.status = status;
      failure.body = R"({"object":"chat.completion","choices":[]})";
      const chat::Error error = FindCodec(name)->DecodeFailure(failure);
      EXPECT_EQ(error.http_status, status) << name;
      return error.kind;
    };
    EXPECT_EQ(kind(400), ErrorKind::kInvalidRequest) << name;
    EXPECT_EQ(kind(418), ErrorKind::kInvalidRequest) << name;
    EXPECT_EQ(kind(500), ErrorKind::kServerError) << name;
    EXPECT_EQ(kind(529), ErrorKind::kOverloaded) << name;
  }
}

TEST(Decision03Errors, AnEventOfThatNameWhateverItHolds) {
  for (const Dialect& dialect : EachDialect()) {
    for (const char* data : {"it broke", "\"it broke\"", R"({"message":"it broke"})", R"({"error":"it broke"})"}) {
      const Decoded decoded = dialect.read(absl::StrCat("event: error\ndata: ", data, "\n\n"));
      EXPECT_EQ(decoded.lines, Lines{"done server_error"}) << dialect.name << data;
      EXPECT_NE(decoded.error.provider_message.find("it broke"), std::string::npos) << dialect.name << data;
    }
    for (const char* data : {"", "{}", "[1]", R"({"error":null})"}) {
      EXPECT_EQ(dialect.read(absl::StrCat("event: error\ndata: ", data, "\n\n")).lines, Lines{"done server_error"})
          << dialect.name << data;
    }
  }
}

TEST(Decision03Errors, AnErrorMemberThatSaysSomething) {
  for (const Dialect& dialect : EachDialect()) {
    for (const char* error : {R"({"message":"it broke"})", "\"it broke\"", R"({"error":{"message":"it broke"}})"}) {
      const Decoded decoded = dialect.read(Stream({absl::StrCat(R"({"error":)", error, "}"), "{broken"}));
      EXPECT_EQ(decoded.lines, Lines{"done server_error"}) << dialect.name << error;
      EXPECT_EQ(decoded.error.provider_message, "it broke") << dialect.name << error;
    }
  }
}

// An event with a piece of text and this `error` member.
struct WithError {
  std::string openai, anthropic, gemini;
  explicit WithError(absl::string_view error)
      : openai(absl::StrCat(R"({"choices":[{"delta":{"content":"a"}}],"error":)", error, "}")),
        anthropic(absl::StrCat(R"({"type":"content_block_delta","index":0,"error":)", error,
                               R"(,"delta":{"type":"text_delta","text":"a"}})")),
        gemini(absl::StrCat(R"({"candidates":[{"content":{"parts":[{"text":"a"}]}}],"error":)", error, "}")) {}
};

TEST(Decision03Errors, AnErrorMemberThatSaysNothingIsNone) {
  for (const char* nothing : {"null", "\"\"", "{}", "false", "[]", "0"}) {
    const WithError event(nothing);
    EXPECT_EQ(OpenAi({event.openai, "[DONE]"}), (Lines{"identity - -", "text[0] a", "done"})) << nothing;
    EXPECT_EQ(Anthropic({event.anthropic, MessageStop()}), (Lines{"identity - -", "text[0] a", "done"})) << nothing;
    EXPECT_EQ(Gemini({event.gemini, EndChunk()}), (Lines{"identity - -", "text[0] a", "finished[0] stop STOP", "done"}))
        << nothing;
  }
}

TEST(Decision03Errors, TheDeltaOfTheSameEventComesFirst) {
  const Lines lines = {"identity - -", "text[0] a", "done overloaded"};
  const WithError event(R"({"code":503,"message":"gone"})");
  EXPECT_EQ(OpenAi({event.openai, "[DONE]"}), lines);
  EXPECT_EQ(Anthropic({event.anthropic, MessageStop()}), lines);
  EXPECT_EQ(Gemini({event.gemini, EndChunk()}), lines);
}

TEST(Decision03Errors, AnObjectThatCallsItselfOne) {
  EXPECT_EQ(OpenAi({OpenAiText("a"), R"({"object":"error","message":"slow","code":429})", "[DONE]"}),
            (Lines{"identity c1 m", "text[0] a", "done rate_limit"}));
  const std::string typed = R"({"type":"error","message":"x"})";
  EXPECT_EQ(OpenAi({typed, "[DONE]"}), Lines{"done server_error"});
  EXPECT_EQ(Anthropic({typed, MessageStop()}), Lines{"done server_error"});
  // Gemini's errors are known by their member alone: its chunks have neither `object` nor `type`.
}

TEST(Decision03Errors, AFinishReasonThatSaysSo) {
  EXPECT_EQ(OpenAi({OpenAiText("a"), FinishChunk("error"), "[DONE]"}),
            (Lines{"identity c1 m", "text[0] a", "done server_error"}));
  // Gemini's words for a call that the model got wrong end an answer that is otherwise whole. Anthropic has no word
  // for it.
  EXPECT_EQ(Gemini({GeminiText("a"), EndChunk("MALFORMED_FUNCTION_CALL")}),
            (Lines{"identity r m", "text[0] a", "finished[0] error MALFORMED_FUNCTION_CALL", "done"}));
}

TEST(Decision03Errors, ARawErrorLineWhereNothingElseTellsTheEnd) {
  const std::string line = "error: {\"code\":503,\"message\":\"gone\"}\n\n";
  using Reader = std::pair<Decoded (*)(absl::string_view), std::string>;
  for (const auto& [read, mark] : {Reader(ReadOpenAi, "[DONE]"), Reader(ReadAnthropic, MessageStop())}) {
    const Decoded decoded = read(line + Stream({mark}));
    EXPECT_EQ(decoded.lines, Lines{"done overloaded"}) << mark;
    EXPECT_EQ(decoded.error.provider_message, "gone") << mark;
    EXPECT_EQ(read("error: gone\n\n" + Stream({mark})).lines, Lines{"done truncated"}) << mark;
  }
  EXPECT_EQ(ReadOpenAi(Stream({OpenAiText("a")}) + line + Stream({FinishChunk("stop"), "[DONE]"})).lines,
            (Lines{"identity c1 m", "text[0] a", "finished[0] stop stop", "done"}));
  EXPECT_EQ(ReadAnthropic(Stream({AnthropicText("a")}) + line + Stream({MessageEnd("end_turn"), MessageStop()})).lines,
            (Lines{"identity - -", "text[0] a", "finished[0] stop end_turn", "usage -/7/-", "done"}));
  // Gemini's raw errors are whole JSON, without a field's name before it.
  const Decoded decoded =
      ReadGemini(absl::StrCat(gemini::GeminiStream({GeminiText("a")}), "{\r\n  \"error\": {\r\n    \"code\": 503,\r\n",
                              "    \"message\": \"gone\"\r\n  }\r\n}\r\n"));
  EXPECT_EQ(decoded.lines, (Lines{"identity r m", "text[0] a", "done overloaded"}));
  EXPECT_EQ(decoded.error.provider_message, "gone");
}

// 4. Of which kind an error is: by status where it is 401, 402 or 404, then by the names of the innermost error
// object, then by a number in it or the status, else the server's.

ErrorKind KindOfStream(const Dialect& dialect, const std::string& error) {
  return dialect.read(Stream({absl::StrCat(R"({"error":)", error, "}")})).error.kind;
}

ErrorKind KindOfFailure(absl::string_view codec, int status, const std::string& error) {
  const std::string body = absl::StrCat(R"({"error":)", error, "}");
  HttpFailure failure;
  failure.status = status;
  failure.body = body;
  return FindCodec(codec)->DecodeFailure(failure).kind;
}

TEST(Decision04Kinds, TheStatusFirstWhereItIs401Or402Or404) {
  const std::string error = R"({"type":"overloaded_error","code":"rate_limit_exceeded","message":"x"})";
  for (const absl::string_view codec : CodecNames()) {
    EXPECT_EQ(KindOfFailure(codec, 401, error), ErrorKind::kAuthentication) << codec;
    EXPECT_EQ(KindOfFailure(codec, 402, error), ErrorKind::kQuota) << codec;
    EXPECT_EQ(KindOfFailure(codec, 404, error), ErrorKind::kNotFound) << codec;
  }
}

TEST(Decision04Kinds, ThenTheNames) {
  for (const absl::string_view codec : CodecNames()) {
    EXPECT_EQ(KindOfFailure(codec, 429, R"({"code":"insufficient_quota"})"), ErrorKind::kQuota) << codec;
    EXPECT_EQ(KindOfFailure(codec, 400, R"({"code":"context_length_exceeded"})"), ErrorKind::kContextLength) << codec;
    EXPECT_EQ(KindOfFailure(codec, 500, R"({"type":"overloaded_error"})"), ErrorKind::kOverloaded) << codec;
  }
  for (const Dialect& dialect : EachDialect()) {
    EXPECT_EQ(KindOfStream(dialect, R"({"code":"rate_limit_exceeded","type":"server_error"})"), ErrorKind::kRateLimit)
        << dialect.name;
    EXPECT_EQ(KindOfStream(dialect, R"({"type":"overloaded_error","code":429})"), ErrorKind::kOverloaded)
        << dialect.name;
    EXPECT_EQ(KindOfStream(dialect, R"({"status":"RESOURCE_EXHAUSTED","code":503})"), ErrorKind::kRateLimit)
        << dialect.name;
  }
}

TEST(Decision04Kinds, TheInnermostErrorObjectOfAFewLevelsKnowsBest) {
  const std::string inner = R"({"message":"inner","code":"rate_limit_exceeded"})";
  std::string deep = inner;
  for (int level = 0; level < 10; ++level) deep = absl::StrCat(R"({"error":)", deep, "}");
  for (const Dialect& dialect : EachDialect()) {
    const Decoded decoded = dialect.read(Stream({absl::StrCat(
        R"({"error":{"message":"outer","type":"overloaded_error","code":"server_error","error":)", inner, "}}")}));
    EXPECT_EQ(decoded.error.kind, ErrorKind::kRateLimit) << dialect.name;
    EXPECT_EQ(decoded.error.provider_message, "inner") << dialect.name;
    EXPECT_EQ(KindOfStream(dialect, deep), ErrorKind::kServerError) << dialect.name;
  }
}

TEST(Decision04Kinds, ThenTheNumberOrTheStatusElseTheServer) {
  for (const Dialect& dialect : EachDialect()) {
    EXPECT_EQ(KindOfStream(dialect, R"({"code":503,"message":"x"})"), ErrorKind::kOverloaded) << dialect.name;
    EXPECT_EQ(KindOfStream(dialect, R"({"code":"429","message":"x"})"), ErrorKind::kRateLimit) << dialect.name;
    EXPECT_EQ(KindOfStream(dialect, R"({"status_code":504,"message":"x"})"), ErrorKind::kTimeout) << dialect.name;
    EXPECT_EQ(KindOfStream(dialect, R"({"code":"brand_new","message":"x"})"), ErrorKind::kServerError) << dialect.name;
    EXPECT_EQ(KindOfStream(dialect, R"({"code":7,"message":"x"})"), ErrorKind::kServerError) << dialect.name;
  }
  for (const absl::string_view codec : CodecNames()) {
    EXPECT_EQ(KindOfFailure(codec, 403, R"({"code":"brand_new"})"), ErrorKind::kPermission) << codec;
  }
}

}  // namespace
}  // namespace sluice::dialect
