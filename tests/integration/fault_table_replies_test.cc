// The table of faults, second half: what the upstream says instead of an answer, or in the middle of one.

#include "tests/fakes/gzip.h"
#include "tests/integration/fault_table_scripts.h"

namespace sluice::integration {
namespace {

using chunks::Error;
using enum grpc::StatusCode;
using enum Tokens;

class FaultyReplies : public FaultTable {};
SLUICE_WITH_ENGINES(FaultyReplies);

constexpr char kInvalid[] = "UPSTREAM_INVALID_REQUEST";
constexpr char kQuota[] = "INSUFFICIENT_QUOTA";
constexpr char kRate[] = "RATE_LIMITED";
constexpr char kOverloaded[] = "UPSTREAM_OVERLOADED";
constexpr char kServer[] = "UPSTREAM_ERROR";
constexpr char kProtocol[] = "UPSTREAM_PROTOCOL";
constexpr char kNotSse[] = "UPSTREAM_NOT_SSE";
constexpr char kTruncated[] = "UPSTREAM_TRUNCATED";
constexpr char kTooLarge[] = "EVENT_TOO_LARGE";
constexpr std::chrono::seconds kSoon(3);  // an answer's connection gets a second to come to its own end

const std::string kNoMoney = Error("pay", "insufficient_quota", "insufficient_quota");
const std::string kBusy = Error("busy", "overloaded_error", "server_is_overloaded");
const std::string kSlow = Error("slow", "requests", "rate_limit_exceeded");
const std::string kOops = Error("oops", "server_error", "");

TEST_P(FaultyReplies, Statuses) {
  const std::string long_prompt = Error("long", "invalid_request_error", "context_length_exceeded");
  const std::string filtered = Error("no", "", "content_filter");
  RunInTurn({
      {"HTTP 307", kRequest, Replies(307, "", {{"Location", "/v2"}}), INTERNAL, kServer, "", 1, kNone},
      {"HTTP 400", kRequest, Replies(400), INVALID_ARGUMENT, kInvalid, "", 1, kNone},
      {"HTTP 400, context length", kRequest, Replies(400, long_prompt), INVALID_ARGUMENT, "CONTEXT_LENGTH_EXCEEDED", "",
       1, kNone},
      {"HTTP 400, content filter", kRequest, Replies(400, filtered), FAILED_PRECONDITION, "CONTENT_FILTERED", "", 1,
       kNone},
      {"HTTP 401", kRequest, Replies(401), INTERNAL, "UPSTREAM_AUTH", "", 1, kNone},
      {"HTTP 402", kRequest, Replies(402), RESOURCE_EXHAUSTED, kQuota, "", 1, kNone},
      {"HTTP 403", kRequest, Replies(403), INTERNAL, "UPSTREAM_FORBIDDEN", "", 1, kNone},
      {"HTTP 404", kRequest, Replies(404), NOT_FOUND, "MODEL_NOT_FOUND", "", 1, kNone},
      {"HTTP 408", kRequest, Replies(408), UNAVAILABLE, "UPSTREAM_TIMEOUT", "", 3, kNone},
      {"HTTP 409", kRequest, Replies(409), INTERNAL, kServer, "", 3, kNone},
      {"HTTP 413", kRequest, Replies(413), INVALID_ARGUMENT, kInvalid, "", 1, kNone},
      {"HTTP 422", kRequest, Replies(422), INVALID_ARGUMENT, kInvalid, "", 1, kNone},
      {"HTTP 429", kRequest, Replies(429, kSlow), RESOURCE_EXHAUSTED, kRate, "", 3, kNone},
      {"HTTP 429, no money", kRequest, Replies(429, kNoMoney), RESOURCE_EXHAUSTED, kQuota, "", 1, kNone},
      {"HTTP 500", kRequest, Replies(500, kOops), INTERNAL, kServer, "", 3, kNone},
      {"HTTP 500, no money", kRequest, Replies(500, kNoMoney), RESOURCE_EXHAUSTED, kQuota, "", 1, kNone},
      {"HTTP 502, HTML", kRequest, Replies(502, "<html>", {{"Content-Type", "text/html"}}), UNAVAILABLE, kOverloaded,
       "", 3, kNone},
      {"HTTP 503", kRequest, Replies(503, kBusy), UNAVAILABLE, kOverloaded, "", 3, kNone},
      {"HTTP 504, HTML", kRequest, Replies(504, "<html>"), UNAVAILABLE, "UPSTREAM_TIMEOUT", "", 3, kNone},
      {"HTTP 529", kRequest, Replies(529, kBusy), UNAVAILABLE, kOverloaded, "", 3, kNone},
  });
}

TEST_P(FaultyReplies, WhatTheUpstreamSaysAboutTryingAgain) {
  using std::chrono::milliseconds;
  const Conversation::Headers yes = {{"x-should-retry", "true"}};
  const Conversation::Headers no = {{"x-should-retry", "false"}};
  const Conversation::Headers soon = {{"retry-after", "30"}, {"retry-after-ms", "20.0"}};
  const Conversation::Headers late = {{"retry-after", "61"}};
  const Conversation::Headers in_five = {{"retry-after", "5"}};
  RunInTurn({
      {"HTTP 400, x-should-retry", kRequest, Replies(400, "", yes), INVALID_ARGUMENT, kInvalid, "", 3, kNone},
      {"HTTP 429 no money, x-should-retry", kRequest, Replies(429, kNoMoney, yes), RESOURCE_EXHAUSTED, kQuota, "", 1,
       kNone},
      {"HTTP 500, x-should-retry: false", kRequest, Replies(500, kOops, no), INTERNAL, kServer, "", 1, kNone},
      {"HTTP 429, retry-after 20 ms", kRequest, Replies(429, kSlow, soon), RESOURCE_EXHAUSTED, kRate, "", 3, kNone,
       milliseconds(20)},
      {"HTTP 503, retry-after 20 ms", kRequest, Replies(503, kBusy, soon), UNAVAILABLE, kOverloaded, "", 3, kNone,
       milliseconds(20)},
      {"HTTP 429, retry-after 61 s", kRequest, Replies(429, kSlow, late), RESOURCE_EXHAUSTED, kRate, "", 1, kNone,
       milliseconds(61'000)},
      {"HTTP 429, beyond the deadline", kRequest, Replies(429, kSlow, in_five), RESOURCE_EXHAUSTED, kRate, "", 1, kNone,
       milliseconds(5'000), milliseconds(4'000)},
  });
}

TEST_P(FaultyReplies, StatusesWhosePageDoesNotEnd) {
  const auto cut = [](Attempt& a) {
    a.wire().SendHead(429, {{"Content-Length", "1000"}});
    a.wire().SendRaw(kSlow);
    Fin(a);
  };
  const auto endless = [](Attempt& a) {
    a.wire().SendHead(503, {{"Transfer-Encoding", "chunked"}});
    while (a.wire().SendChunk(std::string(1000, 'x'))) {
    }
  };
  RunInTurn({
      {"HTTP 429, FIN in its page", kRequest, cut, RESOURCE_EXHAUSTED, kRate, "", 3, kNone},
      {"HTTP 503, endless page", kRequest, endless, UNAVAILABLE, kOverloaded, "", 3, kNone, {}, {}, kSoon},
  });
}

TEST_P(FaultyReplies, RepliesThatAreNoStream) {
  const Conversation::Headers html = {{"Content-Type", "text/html"}};
  const Conversation::Headers text = {{"Content-Type", "text/plain"}};
  const Conversation::Headers sse = {{"Content-Type", "text/event-stream"}};
  const Conversation::Headers gzip = {{"Content-Type", "text/event-stream"}, {"Content-Encoding", "gzip"}};
  const auto half_json = RepliesJson(R"({"choices":[{"index":0,"message":{"content":"ha)");
  const auto short_body = [](Attempt& a) {
    a.wire().SendHead(200, {{"Content-Type", "application/json"}, {"Content-Length", "1000"}});
    a.wire().SendRaw(R"({"choices":[)");
    Fin(a);
  };
  RunInTurn({
      {"HTML", kRequest, Replies(200, "<!doctype html><p>Welcome", html), INTERNAL, kNotSse, "", 3, kNone},
      {"HTML labelled as a stream", kRequest, Replies(200, "<html>Welcome", sse), INTERNAL, kNotSse, "", 3, kNone},
      {"text", kRequest, Replies(200, "Welcome", text), INTERNAL, kNotSse, "", 3, kNone},
      {"gzip", kRequest, Replies(200, std::string(fakes::kGzippedStream), gzip), INTERNAL, kNotSse, "", 3, kNone},
      {"JSON error, overloaded", kRequest, RepliesJson(kBusy), UNAVAILABLE, kOverloaded, "", 3, kNone},
      {"JSON error, no money", kRequest, RepliesJson(kNoMoney), RESOURCE_EXHAUSTED, kQuota, "", 1, kNone},
      {"JSON of something else", kRequest, RepliesJson(R"({"ok":true})"), INTERNAL, kProtocol, "", 2, kNone},
      {"half of a JSON answer", kRequest, half_json, INTERNAL, kProtocol, "", 2, kNone},
      {"JSON answer, FIN in it", kRequest, short_body, UNAVAILABLE, kTruncated, "", 3, kNone},
      {"empty reply", kRequest, Replies(200, "", sse), UNAVAILABLE, kTruncated, "", 3, kNone},
      {"end mark alone", kRequest, Replies(200, "data: [DONE]\n\n", sse), UNAVAILABLE, kTruncated, "", 3, kNone},
      {"another protocol", kRequest, FinAfter("SSH-2.0-OpenSSH_9.2\r\n"), UNAVAILABLE, kTruncated, "first_byte", 3,
       kNone},
  });
}

TEST_P(FaultyReplies, ErrorsInTheStream) {
  const std::string too_long = Error("long", "invalid_request_error", "context_length_exceeded");
  const std::string broken = chunks::Finish("error");
  const std::string bad_tool = chunks::WithChoices(R"({"index":0,"delta":{"tool_calls":[{"index":-7,"id":"a"}]}})");
  const std::string deep = std::string(20'000, '[') + std::string(20'000, ']');
  RunInTurn({
      {"error event", kHead, Sends(kOops), INTERNAL, kServer, "", 3, kNone},
      {"error event", kRole, Sends(kOops), INTERNAL, kServer, "", 3, kNone},
      {"error event", kMidStream, Sends(kOops), INTERNAL, kServer, "", 1, kEstimated},
      {"error event", kFinished, Sends(kOops), INTERNAL, kServer, "", 1, kEstimated},
      {"error event", kCounted, Sends(kOops), INTERNAL, kServer, "", 1, kProvider},
      {"error event", kEnded, Sends(kOops), OK, "", "", 1, kProvider, {}, {}, kSoon},
      {"error event, overloaded", kRole, Sends(kBusy), UNAVAILABLE, kOverloaded, "", 3, kNone},
      {"error event, overloaded", kMidStream, Sends(kBusy), UNAVAILABLE, kOverloaded, "", 1, kEstimated},
      {"error event, rate limit", kRole, Sends(kSlow), RESOURCE_EXHAUSTED, kRate, "", 3, kNone},
      {"error event, no money", kHead, Sends(kNoMoney), RESOURCE_EXHAUSTED, kQuota, "", 1, kNone},
      {"error event, no money", kMidStream, Sends(kNoMoney), RESOURCE_EXHAUSTED, kQuota, "", 1, kEstimated},
      {"error event, context length", kRole, Sends(too_long), INVALID_ARGUMENT, "CONTEXT_LENGTH_EXCEEDED", "", 1,
       kNone},
      {"broken JSON", kHead, Sends(R"({"choices":[{)"), INTERNAL, kProtocol, "", 2, kNone},
      {"broken JSON", kRole, Sends(R"({"choices":[{)"), INTERNAL, kProtocol, "", 2, kNone},
      {"broken JSON", kMidStream, Sends(R"({"choices":[{)"), INTERNAL, kProtocol, "", 1, kEstimated},
      {"broken JSON", kFinished, Sends(R"({"choices":[{)"), INTERNAL, kProtocol, "", 1, kEstimated},
      {"JSON 20,000 levels deep", kRole, Sends(deep), INTERNAL, kProtocol, "", 2, kNone},
      {"JSON 20,000 levels deep", kMidStream, Sends(deep), INTERNAL, kProtocol, "", 1, kEstimated},
      {"tool call of index -7", kRole, Sends(bad_tool), INTERNAL, kProtocol, "", 2, kNone},
  });
}

TEST_P(FaultyReplies, ErrorsInTheSameReadAsTheFirstText) {
  const auto event = [](const std::string& data) { return Attempt::Event(data); };
  const auto both_in_one = [](Attempt& a) {
    std::string chunk = chunks::Text(a.NextText());
    chunk.insert(chunk.size() - 1, R"(,"error":{"code":502,"message":"gone"})");
    a.wire().SendSse(chunk);
    a.WaitForClose();
  };
  // The text is taken back as long as the call can be tried again. The last attempt's is handed over.
  RunInTurn({
      {"text and error event", kRole, TextAnd(event(kBusy)), UNAVAILABLE, kOverloaded, "", 3, kEstimated},
      {"text and error in one event", kRole, both_in_one, UNAVAILABLE, kOverloaded, "", 3, kEstimated},
      {"text and error event, no money", kRole, TextAnd(event(kNoMoney)), RESOURCE_EXHAUSTED, kQuota, "", 1,
       kEstimated},
      {"text and broken JSON", kRole, TextAnd(event("{")), INTERNAL, kProtocol, "", 2, kEstimated},
      {"text and error event", kMidStream, TextAnd(event(kBusy)), UNAVAILABLE, kOverloaded, "", 1, kEstimated},
  });
}

TEST_P(FaultyReplies, StreamsWithoutMeasure) {
  const auto endless_head = [](Attempt& a) {
    a.wire().SendRaw("HTTP/1.1 200 OK\r\n");
    Flood(Times(500, "X-More: and more\r\n"))(a);
  };
  const auto endless_json = [](Attempt& a) {
    a.wire().SendHead(200, {{"Content-Type", "application/json"}});
    a.wire().SendRaw(R"({"choices":[)");
    Flood(Times(500, R"({"index":0},)"))(a);
  };
  const auto endless_line = [](Attempt& a) {
    a.wire().SendChunk("data: ");
    FloodChunks(std::string(8000, 'x'))(a);
  };
  const Script endless_interim = Flood(Times(300, "HTTP/1.1 103 Early Hints\r\n\r\n"));
  const Script endless_event = FloodChunks(Times(1000, "data: x\n"));
  Options options;
  options.top = "limits: {event_bytes: 65536}";
  RunInTurn(
      {
          {"endless head", kRequest, endless_head, UNAVAILABLE, kTruncated, "", 3, kNone},
          {"endless interim replies", kRequest, endless_interim, UNAVAILABLE, kTruncated, "first_byte", 3, kNone},
          {"endless JSON", kRequest, endless_json, RESOURCE_EXHAUSTED, kTooLarge, "", 1, kNone},
          {"endless line", kHead, endless_line, RESOURCE_EXHAUSTED, kTooLarge, "", 1, kNone},
          {"endless line", kMidStream, endless_line, RESOURCE_EXHAUSTED, kTooLarge, "", 1, kEstimated},
          {"endless event", kRole, endless_event, RESOURCE_EXHAUSTED, kTooLarge, "", 1, kNone},
          {"endless event", kMidStream, endless_event, RESOURCE_EXHAUSTED, kTooLarge, "", 1, kEstimated},
      },
      options);
}

// What looks odd, and is none.
TEST_P(FaultyReplies, OddAnswersThatAreGood) {
  const auto interim = [](Attempt& a) {
    a.wire().SendHead(100, {});
    a.wire().SendHead(103, {{"Link", "</x>"}});
    a.Whole();
  };
  const auto drip = [](Attempt& a) {
    a.wire().Drip();
    a.Whole();
  };
  const auto at_once = [](Attempt& a) {
    a.wire().SendHead(200, {});  // no type and no length: the answer ends with the connection
    const std::string role = Attempt::Event(chunks::Role());
    const std::string one = a.TextEvent();
    const std::string end = Attempt::Event(chunks::Finish()) + Attempt::Event(chunks::Usage(3, 5));
    a.wire().SendRaw(absl::StrCat("\xEF\xBB\xBF: hello\n\n", role, one, a.TextEvent(), end));
    Fin(a);
  };
  const auto whole_json = [](Attempt& a) {
    a.wire().SendReply(200,
                       absl::StrCat(R"({"id":"c","choices":[{"index":0,"message":{"content":")", a.NextText(),
                                    R"("},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":5,)"
                                    R"("total_tokens":8}})"),
                       {{"Content-Type", "application/json"}});
  };
  const auto last = [](Attempt& a) {
    a.Head({{"Connection", "close"}});
    a.Texts(2);
    a.Finish();
    a.Usage();
    a.Done();
    a.wire().EndChunks();
    Fin(a);
  };
  RunInTurn({
      {"100 and 103 first", kRequest, interim, OK, "", "", 1, kProvider},
      {"byte by byte", kRequest, drip, OK, "", "", 1, kProvider},
      {"no label, in one write, then FIN", kRequest, at_once, OK, "", "", 1, kProvider},
      {"whole JSON", kRequest, whole_json, OK, "", "", 1, kProvider},
      {"Connection: close", kRequest, last, OK, "", "", 1, kProvider},
  });
}

}  // namespace
}  // namespace sluice::integration
