#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/base/fake_id.h"
#include "server/dialect/anthropic/stream_decoder.h"
#include "tests/unit/dialect/anthropic_stream.h"

namespace sluice::dialect::anthropic {
namespace {

using chat::ErrorKind;

const char* const kIdentity = "identity msg_1 m";
const char* const kUsage = "usage 12/7/19";

std::vector<std::string> Answer(const std::vector<std::string>& blocks, absl::string_view stop_reason = "end_turn") {
  return Join({{MessageStart()}, blocks, {MessageEnd(stop_reason), MessageStop()}});
}

Lines Answered(const Lines& blocks, const std::string& finished = "stop end_turn") {
  return Join({{kIdentity}, blocks, {"finished[0] " + finished, kUsage, "done"}});
}

TEST(AnthropicDecoder, Text) {
  EXPECT_EQ(Decode(Events(Answer({BlockStart(0, R"({"type":"text","text":""})"), R"({"type":"ping"})",
                                  BlockPiece(0, R"({"type":"text_delta","text":"Hel"})"),
                                  BlockPiece(0, R"({"type":"text_delta","text":"lo"})"), BlockStop(0)})))
                .lines,
            Answered({"text[0] Hel", "text[0] lo"}));
}

TEST(AnthropicDecoder, ToolUse) {
  EXPECT_EQ(
      Decode(Events(Answer({BlockStart(0, R"({"type":"tool_use","id":"toolu_1","name":"add","input":{}})"),
                            BlockPiece(0, R"({"type":"input_json_delta","partial_json":""})"),
                            BlockPiece(0, R"({"type":"input_json_delta","partial_json":"{\"x\":"})"),
                            BlockPiece(0, R"({"type":"input_json_delta","partial_json":"1}"})"), BlockStop(0)},
                           "tool_use")))
          .lines,
      Answered({"tool[0] #0 function toolu_1 add ", "tool[0] #0 function - - {\"x\":", "tool[0] #0 function - - 1}"},
               "tool_calls tool_use"));
}

TEST(AnthropicDecoder, PaddingBlanksAreNothing) {
  const std::string padded = absl::StrReplaceAll(Events(Answer(TextBlock(0, "hi"))), {{"}\n\n", "         }\n\n"}});
  EXPECT_EQ(Decode(padded).lines, Answered({"text[0] hi"}));
}

TEST(AnthropicDecoder, EventNamesMayBeMissing) {
  EXPECT_EQ(Decode(Stream(Answer(TextBlock(0, "hi")))).lines, Answered({"text[0] hi"}));
}

TEST(AnthropicDecoder, EventNamesStandInForTypes) {
  const std::string body =
      "event: message_start\ndata: {\"message\":{\"id\":\"msg_1\",\"model\":\"m\"}}\n\n"
      "event: content_block_delta\ndata: {\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n"
      "event: message_stop\ndata: {}\n\n";
  EXPECT_EQ(Decode(body).lines, (Lines{kIdentity, "text[0] a", "done"}));
}

TEST(AnthropicDecoder, ADoneMarkAfterTheEndIsIgnored) {
  EXPECT_EQ(Decode(Events(Answer(TextBlock(0, "hi"))) + "event: data\ndata: [DONE]\n\n").lines,
            Answered({"text[0] hi"}));
  EXPECT_EQ(Decode("data: [DONE]\n\n").error.kind, ErrorKind::kTruncated);
}

TEST(AnthropicDecoder, WhatIsUnknownIsPassedOver) {
  EXPECT_EQ(Decode(Events(Answer(Join({{R"({"type":"news","index":-1})", BlockStart(0, R"({"type":"hologram"})"),
                                        BlockPiece(0, R"({"type":"text_delta","text":"no"})"),
                                        BlockPiece(0, R"({"type":"input_json_delta","partial_json":"no"})"),
                                        BlockStop(0), "[1]", "\"text\"", ""},
                                       {BlockStart(1, R"({"type":"text","text":""})"),
                                        BlockPiece(1, R"({"type":"scent_delta","text":"no"})"), BlockPiece(1, "null"),
                                        BlockPiece(1, R"({"type":"signature_delta","signature":"no"})"),
                                        BlockPiece(1, R"({"type":"text_delta","text":"yes"})"), BlockStop(1)}}))))
                .lines,
            Answered({"text[0] yes"}));
}

TEST(AnthropicDecoder, TheAnswerIsWholeAfterAStopReason) {
  EXPECT_EQ(Decode(Events(Join({{MessageStart()}, TextBlock(0, "hi"), {MessageEnd("max_tokens")}}))).lines,
            Answered({"text[0] hi"}, "length max_tokens"));
  const std::string ended =
      Events(Join({{MessageStart()},
                   TextBlock(0, "hi"),
                   {MessageEnd("end_turn"), R"({"type":"message_delta","delta":{"stop_reason":null}})"}}));
  EXPECT_EQ(Decode(ended).lines, Answered({"text[0] hi"}));
}

TEST(AnthropicDecoder, TheAnswerIsWholeAfterMessageStop) {
  EXPECT_EQ(Decode(Events(Join({{MessageStart()}, TextBlock(0, "hi"), {MessageStop(), "{"}}))).lines,
            (Lines{kIdentity, "text[0] hi", "usage 12/1/13", "done"}));
}

TEST(AnthropicDecoder, AnAnswerThatEndsOtherwiseIsTruncated) {
  EXPECT_EQ(Decode(Events(Join({{MessageStart()}, TextBlock(0, "hi")}))).lines,
            (Lines{kIdentity, "text[0] hi", "usage 12/1/13", "done truncated"}));
  EXPECT_EQ(Decode(Events({MessageStart()})).lines, (Lines{kIdentity, "usage 12/1/13", "done truncated"}));
  EXPECT_EQ(Decode(Events({MessageStop()})).lines, Lines{"done truncated"});
  EXPECT_EQ(Decode("").lines, Lines{"done truncated"});
}

TEST(AnthropicDecoder, ABlockMayBeCut) {
  EXPECT_EQ(Decode(Events(Answer({BlockStart(0, R"({"type":"text","text":""})"),
                                  BlockPiece(0, R"({"type":"text_delta","text":"cu"})")},
                                 "max_tokens")))
                .lines,
            Answered({"text[0] cu"}, "length max_tokens"));
  EXPECT_EQ(Decode(Events(Answer({BlockStart(0, R"({"type":"tool_use","id":"t","name":"f","input":{}})"),
                                  BlockPiece(0, R"({"type":"input_json_delta","partial_json":"{\"a"})")},
                                 "max_tokens")))
                .lines,
            Answered({"tool[0] #0 function t f ", "tool[0] #0 function - - {\"a"}, "length max_tokens"));
  EXPECT_EQ(
      Decode(Events(Answer({BlockStart(0, R"({"type":"tool_use","id":"t","name":"f","input":{}})")}, "max_tokens")))
          .lines,
      Answered({"tool[0] #0 function t f "}, "length max_tokens"));
}

TEST(AnthropicDecoder, ARefusalMayHaveNoBlock) {
  EXPECT_EQ(Decode(Events(Answer({}, "refusal"))).lines, Answered({}, "content_filter refusal"));
}

TEST(AnthropicDecoder, WhyItRefusedIsAVerdict) {
  EXPECT_EQ(Decode(Events({MessageStart(),
                           R"({"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":)"
                           R"({"type":"refusal","category":"cyber"}},"usage":{"output_tokens":7}})",
                           MessageStop()}))
                .lines,
            Answered({"moderation answer 0 flagged"}, "content_filter refusal"));
}

TEST(AnthropicDecoder, AnErrorEndsTheAnswerAnywhere) {
  const std::string error =
      R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"})";
  EXPECT_EQ(Decode(Events({error, MessageStart()})).lines, Lines{"done overloaded"});
  EXPECT_EQ(Decode(Stream({MessageStart(), error})).lines, (Lines{kIdentity, "usage 12/1/13", "done overloaded"}));
  const Decoded late = Decode(Events(Join({{MessageStart()}, TextBlock(0, "hi"), {MessageEnd("end_turn"), error}})));
  EXPECT_EQ(late.lines, (Lines{kIdentity, "text[0] hi", kUsage, "done overloaded"}));
  EXPECT_EQ(late.error.provider_type, "overloaded_error");
  EXPECT_EQ(late.error.provider_message, "Overloaded");
  EXPECT_EQ(late.error.request_id, "req_1");
}

TEST(AnthropicDecoder, AnErrorIsOneInAnyForm) {
  EXPECT_EQ(Decode("event: error\ndata: out of order\n\n").lines, Lines{"done server_error"});
  EXPECT_EQ(Decode("event: error\ndata: \"out of order\"\n\n").error.provider_message, "out of order");
  EXPECT_EQ(Decode("event: error\ndata: {\"message\":\"x\",\"type\":\"rate_limit_error\"}\n\n").lines,
            Lines{"done rate_limit"});
  EXPECT_EQ(Decode(Stream({R"({"type":"error","message":"x"})", MessageStop()})).lines, Lines{"done server_error"});
  EXPECT_EQ(Decode(Stream({R"({"error":{"type":"api_error","message":"x"}})"})).lines, Lines{"done server_error"});
  EXPECT_EQ(Decode(Stream({MessageStart(), R"({"type":"message_stop","error":"x"})"})).lines,
            (Lines{kIdentity, "usage 12/1/13", "done server_error"}));
  EXPECT_EQ(Decode(Stream({MessageStart()}) + "error: {\"code\":503}\n\n").lines,
            (Lines{kIdentity, "usage 12/1/13", "done overloaded"}));
}

TEST(AnthropicDecoder, AFieldNamedErrorIsNothingInAWholeAnswer) {
  EXPECT_EQ(Decode("error: {\"code\":503}\n\n" + Events(Answer(TextBlock(0, "hi")))).lines, Answered({"text[0] hi"}));
}

TEST(AnthropicDecoder, BadJsonEndsTheAnswer) {
  EXPECT_EQ(Decode(Stream({MessageStart(), "{\"type\":"})).lines,
            (Lines{kIdentity, "usage 12/1/13", "done malformed"}));
}

TEST(AnthropicDecoder, TheSameMessageMayBeginTwice) {
  const std::string again = absl::StrReplaceAll(MessageStart(), {{"12", "99"}, {"\"m\"", "\"other\""}});
  EXPECT_EQ(Decode(Events(Join({{MessageStart(), again}, TextBlock(0, "hi"), {MessageEnd("end_turn"), MessageStop()}})))
                .lines,
            Answered({"text[0] hi"}));
  EXPECT_EQ(Decode(Events(Join({{MessageStart()},
                                TextBlock(0, "hi"),
                                {absl::StrReplaceAll(MessageStart(), {{"msg_1", ""}}), MessageEnd("end_turn")}})))
                .lines,
            Answered({"text[0] hi"}));
}

TEST(AnthropicDecoder, ASecondMessageIsMalformed) {
  const std::string second = absl::StrReplaceAll(MessageStart(), {{"msg_1", "msg_2"}});
  EXPECT_EQ(Decode(Events(Join({{MessageStart()}, TextBlock(0, "hi"), {second}}))).lines,
            (Lines{kIdentity, "text[0] hi", "usage 12/1/13", "done malformed"}));
}

TEST(AnthropicDecoder, AWholeMessageInPlaceOfTheStream) {
  const std::string body =
      R"({"id":"msg_1","type":"message","role":"assistant","model":"m","content":[)"
      R"({"type":"thinking","thinking":"hm","signature":"s=="},{"type":"text","text":"a","citations":[)"
      R"({"type":"char_location","cited_text":"c","document_title":"t"}]},)"
      R"({"type":"tool_use","id":"t1","name":"f","input":{"x": [1, 2]}},)"
      R"({"type":"tool_use","id":"t2","name":"g","input":{}}],)"
      R"("stop_reason":"tool_use","usage":{"input_tokens":12,"output_tokens":7}})";
  const std::string opaque =
      R"(opaque[0] {"dialect":"anthropic","part":{"block":{"type":"thinking","thinking":"hm","signature":"s=="},)"
      R"("calls_before":0}})";
  const Lines lines = Answered(
      {"reasoning[0] hm", opaque, "text[0] a", "annotation[0] char_location - t --- c", "tool[0] #0 function t1 f ",
       "tool[0] #0 function - - {\"x\":[1,2]}", "tool[0] #1 function t2 g ", "tool[0] #1 function - - {}"},
      "tool_calls tool_use");
  EXPECT_EQ(Decode(body, "application/json").lines, lines);
  EXPECT_EQ(Decode("data: " + body + "\n\n").lines, lines);
}

TEST(AnthropicDecoder, AnotherBodyInPlaceOfTheStream) {
  EXPECT_EQ(Decode(R"({"type":"error","error":{"type":"authentication_error","message":"x"}})").lines,
            Lines{"done authentication"});
  EXPECT_EQ(Decode(R"({"detail":"x"})").lines, Lines{"done server_error"});
  EXPECT_EQ(Decode(R"({"choices":[]})").lines, Lines{"done malformed"});
  EXPECT_EQ(Decode("[1,2]").lines, Lines{"done malformed"});
  EXPECT_EQ(Decode("<html>no</html>", "text/html").error.kind, ErrorKind::kNotSse);
}

TEST(AnthropicDecoder, AFailureFromOutsideComesAfterTheUsageSoFar) {
  FakeIdSource ids;
  Recorder sink;
  AnthropicDecoder decoder(DecodeLimits(), ids);
  decoder.OnEvent({"message", MessageStart(), ""}, sink);
  decoder.OnEvent({"message", BlockPiece(0, R"({"type":"text_delta","text":"a\ud83d"})"), ""}, sink);
  chat::Error error;
  error.kind = ErrorKind::kUnreachable;
  error.message = "gone";
  decoder.Fail(error, sink);
  EXPECT_TRUE(decoder.done());
  decoder.Fail(error, sink);
  decoder.OnEof(sink);
  decoder.OnEvent({"message", MessageStart(), ""}, sink);
  EXPECT_EQ(sink.lines(), (Lines{kIdentity, "text[0] a", "text[0] \xEF\xBF\xBD", "usage 12/1/13", "done unreachable"}));
}

TEST(AnthropicDecoder, ALongDeltaComesWhole) {
  FakeIdSource ids;
  Recorder sink;
  AnthropicDecoder decoder(DecodeLimits(), ids);
  const std::string text(size_t{1} << 20, 'x');
  const std::string event = BlockPiece(0, absl::StrCat(R"({"type":"text_delta","text":")", text, R"("})"));
  decoder.OnEvent({"message", event, ""}, sink);
  decoder.OnEvent({"message", MessageStop(), ""}, sink);
  EXPECT_EQ(sink.lines(), (Lines{"identity - -", "text[0] " + text, "done"}));
}

TEST(AnthropicDecoder, WhatIsBeyondTheLimitsEndsTheAnswer) {
  DecodeLimits limits;
  limits.max_event_bytes = 100;
  limits.max_json_depth = 5;
  const auto last_line = [&](const std::string& data) {
    FakeIdSource ids;
    Recorder sink;
    AnthropicDecoder decoder(limits, ids);
    decoder.OnEvent({"message", data, ""}, sink);
    decoder.OnEof(sink);
    return sink.lines().back();
  };
  EXPECT_EQ(last_line(R"({"type":"ping","x":")" + std::string(100, 'x') + "\"}"), "done too_large");
  EXPECT_EQ(last_line("{\"x\":[[[[[1]]]]]}"), "done malformed");
  limits = DecodeLimits();
  EXPECT_EQ(last_line(std::string(10'000, '[') + std::string(10'000, ']')), "done malformed");
}

TEST(AnthropicDecoder, ALongStopReasonIsCut) {
  const Lines lines = Decode(Events(Answer({}, std::string(1000, 'x')))).lines;
  EXPECT_EQ(lines, Answered({}, "other " + std::string(128, 'x')));
}

}  // namespace
}  // namespace sluice::dialect::anthropic
