// Every way in which an upstream says no, over the wire: code, reason, details.

#include <gmock/gmock.h>

#include "absl/strings/match.h"
#include "tests/integration/harness.h"

namespace sluice::integration {
namespace {

using grpc::StatusCode;

struct Row {
  const char* name;
  int http_status;
  std::string body;
  Conversation::Headers headers;
  StatusCode code;
  const char* reason;
  std::optional<std::chrono::milliseconds> retry;
};

std::vector<Row> Rows() {
  using chunks::Error;
  const std::optional<std::chrono::milliseconds> none;
  return {
      {"plain 400",
       400,
       Error("bad", "invalid_request_error", "unsupported_parameter"),
       {},
       StatusCode::INVALID_ARGUMENT,
       "UPSTREAM_INVALID_REQUEST",
       none},
      {"413", 413, "", {}, StatusCode::INVALID_ARGUMENT, "UPSTREAM_INVALID_REQUEST", none},
      {"422 of a FastAPI host",
       422,
       R"({"detail":"no"})",
       {},
       StatusCode::INVALID_ARGUMENT,
       "UPSTREAM_INVALID_REQUEST",
       none},
      {"context length",
       400,
       Error("long", "invalid_request_error", "context_length_exceeded"),
       {},
       StatusCode::INVALID_ARGUMENT,
       "CONTEXT_LENGTH_EXCEEDED",
       none},
      {"context size of llama.cpp",
       400,
       Error("long", "exceed_context_size_error", "400"),
       {},
       StatusCode::INVALID_ARGUMENT,
       "CONTEXT_LENGTH_EXCEEDED",
       none},
      {"content filter",
       400,
       Error("filtered", "", "content_filter"),
       {},
       StatusCode::FAILED_PRECONDITION,
       "CONTENT_FILTERED",
       none},
      {"401",
       401,
       Error("key", "invalid_request_error", "invalid_api_key"),
       {},
       StatusCode::INTERNAL,
       "UPSTREAM_AUTH",
       none},
      {"403",
       403,
       Error("no", "", "unsupported_country_region_territory"),
       {},
       StatusCode::INTERNAL,
       "UPSTREAM_FORBIDDEN",
       none},
      {"402", 402, Error("pay", "", ""), {}, StatusCode::RESOURCE_EXHAUSTED, "INSUFFICIENT_QUOTA", none},
      {"quota as 429",
       429,
       Error("pay", "insufficient_quota", "insufficient_quota"),
       {{"retry-after", "3"}},
       StatusCode::RESOURCE_EXHAUSTED,
       "INSUFFICIENT_QUOTA",
       none},
      {"404",
       404,
       Error("who", "invalid_request_error", "model_not_found"),
       {},
       StatusCode::NOT_FOUND,
       "MODEL_NOT_FOUND",
       none},
      {"429",
       429,
       Error("slow", "requests", "rate_limit_exceeded"),
       {},
       StatusCode::RESOURCE_EXHAUSTED,
       "RATE_LIMITED",
       none},
      {"429 with retry-after",
       429,
       Error("slow", "requests", "rate_limit_exceeded"),
       {{"retry-after", "3"}},
       StatusCode::RESOURCE_EXHAUSTED,
       "RATE_LIMITED",
       std::chrono::seconds(3)},
      {"429 with retry-after-ms",
       429,
       Error("slow", "tokens", "rate_limit_exceeded"),
       {{"retry-after", "3"}, {"retry-after-ms", "250.0"}},
       StatusCode::RESOURCE_EXHAUSTED,
       "RATE_LIMITED",
       std::chrono::milliseconds(250)},
      {"502 of a proxy",
       502,
       "<html>bad gateway</html>",
       {{"Content-Type", "text/html"}},
       StatusCode::UNAVAILABLE,
       "UPSTREAM_OVERLOADED",
       none},
      {"503 with retry-after",
       503,
       Error("busy", "service_unavailable_error", "server_is_overloaded"),
       {{"retry-after", "2"}},
       StatusCode::UNAVAILABLE,
       "UPSTREAM_OVERLOADED",
       std::chrono::seconds(2)},
      {"529", 529, Error("busy", "overloaded_error", ""), {}, StatusCode::UNAVAILABLE, "UPSTREAM_OVERLOADED", none},
      {"500", 500, Error("oops", "server_error", ""), {}, StatusCode::INTERNAL, "UPSTREAM_ERROR", none},
      {"408", 408, "", {}, StatusCode::UNAVAILABLE, "UPSTREAM_TIMEOUT", none},
      {"504 of a proxy", 504, "<html>timeout</html>", {}, StatusCode::UNAVAILABLE, "UPSTREAM_TIMEOUT", none},
      {"a redirect, which is not followed",
       307,
       "",
       {{"Location", "/v2/chat/completions"}},
       StatusCode::INTERNAL,
       "UPSTREAM_ERROR",
       none},
  };
}

class Errors : public GatewayTest {};
SLUICE_WITH_ENGINES(Errors);

TEST_P(Errors, EveryStatusOfAnUpstreamHasItsCodeReasonAndDetails) {
  const std::vector<Row> rows = Rows();
  Options options;
  options.upstream = "retry: {attempts: 1}";
  Start(
      [&](const ReceivedRequest& request, Conversation& conversation) {
        const size_t at = request.body.find("row-");
        const Row& row = rows[static_cast<size_t>(std::atoi(request.body.c_str() + at + 4))];
        Conversation::Headers headers = row.headers;
        headers.emplace_back("x-request-id", "req_7");
        conversation.SendReply(row.http_status, row.body, headers);
      },
      options);
  for (size_t i = 0; i < rows.size(); ++i) {
    SCOPED_TRACE(rows[i].name);
    const Answer answer = Chat(Ask("m", absl::StrCat("row-", i)));
    EXPECT_TRUE(answer.events.empty());
    EXPECT_EQ(answer.status.code, rows[i].code) << answer.status.ToString();
    EXPECT_EQ(answer.status.reason, rows[i].reason);
    EXPECT_EQ(answer.status.domain, "sluice");
    EXPECT_FALSE(answer.status.message.empty());
    auto metadata = answer.status.metadata;
    EXPECT_EQ(metadata["provider"], "fake");
    EXPECT_EQ(metadata["model"], "m");
    EXPECT_EQ(metadata["request_id"], "req_7");
    EXPECT_EQ(metadata["http_status"], absl::StrCat(rows[i].http_status));
    EXPECT_EQ(answer.status.retry_delay.value_or(std::chrono::nanoseconds(-1)),
              rows[i].retry ? std::chrono::nanoseconds(*rows[i].retry) : std::chrono::nanoseconds(-1));
    const auto gathered = client().Complete(Ask("m", absl::StrCat("row-", i)));
    EXPECT_EQ(gathered.status.code, rows[i].code);
    EXPECT_EQ(gathered.status.reason, rows[i].reason);
  }
  EXPECT_EQ(ChatsSeen(), static_cast<int>(2 * rows.size())) << "something was sent twice";
}

TEST_P(Errors, TheProvidersCodeAndTypeAreHandedOn) {
  Start([](const ReceivedRequest&, Conversation& conversation) {
    conversation.SendReply(429, chunks::Error("slow", "tokens", "rate_limit_exceeded"));
  });
  auto metadata = Chat().status.metadata;
  EXPECT_EQ(metadata["provider_code"], "rate_limit_exceeded");
  EXPECT_EQ(metadata["provider_type"], "tokens");
}

TEST_P(Errors, TheProvidersTextIsHiddenUnlessTheConfigurationShowsIt) {
  const auto refuse = [](const ReceivedRequest&, Conversation& conversation) {
    conversation.SendReply(400, chunks::Error("you wrote SECRET-PROMPT", "invalid_request_error", "x"));
  };
  Start(refuse);
  const CallStatus hidden = Chat().status;
  EXPECT_FALSE(absl::StrContains(hidden.message, "SECRET-PROMPT"));
  for (const auto& [key, value] : hidden.metadata) EXPECT_FALSE(absl::StrContains(value, "SECRET-PROMPT")) << key;
  Options options;
  options.top = "errors: {expose_provider_text: true}";
  gateway().Reload(Load(options));
  auto shown = Chat().status.metadata;
  EXPECT_EQ(shown["provider_message"], "you wrote SECRET-PROMPT");
}

TEST_P(Errors, AllViolationsAreListedAndNothingIsSent) {
  Start([](const ReceivedRequest&, Conversation& conversation) { Reply(conversation, TextReply({"x"})); });
  v1::ChatRequest request = Ask();
  request.set_temperature(2.5);
  request.set_top_p(-0.1);
  request.set_max_tokens(0);
  request.set_n(129);
  for (int i = 0; i < 5; ++i) request.add_stop("x");
  request.add_messages()->set_role(v1::ROLE_USER);
  request.add_tools()->mutable_function()->set_name("not a name");
  request.set_extra_json("[]");
  const Answer answer = Chat(request);
  EXPECT_EQ(answer.status.code, StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(answer.status.reason, "INVALID_REQUEST");
  std::vector<std::string> fields;
  for (const auto& violation : answer.status.violations) fields.push_back(violation.field);
  EXPECT_THAT(fields, ::testing::UnorderedElementsAre("temperature", "top_p", "max_tokens", "n", "stop",
                                                      "messages[1].content", "tools[0].function.name", "extra_json"));
  EXPECT_EQ(ChatsSeen(), 0);
}

TEST_P(Errors, WhatTheUpstreamCannotBeAskedIsRefusedByName) {
  Start([](const ReceivedRequest&, Conversation& conversation) { Reply(conversation, TextReply({"x"})); });
  v1::ChatRequest request = Ask();
  request.set_extra_json(R"({"temperature":1})");
  v1::Message* answer = request.add_messages();
  answer->set_role(v1::ROLE_ASSISTANT);
  answer->add_content()->mutable_opaque()->set_data("nothing that the gateway gave out");
  const auto gathered = client().Complete(request);
  EXPECT_EQ(gathered.status.code, StatusCode::INVALID_ARGUMENT);
  std::vector<std::string> fields;
  for (const auto& violation : gathered.status.violations) fields.push_back(violation.field);
  EXPECT_THAT(fields,
              ::testing::UnorderedElementsAre("chat.extra_json.temperature", "chat.messages[1].content[0].opaque"));
  EXPECT_EQ(ChatsSeen(), 0);
}

TEST_P(Errors, AnEmptyRequestNamesWhatItLacks) {
  Start([](const ReceivedRequest&, Conversation&) {});
  const Answer answer = Chat(v1::ChatRequest());
  std::vector<std::string> fields;
  for (const auto& violation : answer.status.violations) fields.push_back(violation.field);
  EXPECT_THAT(fields, ::testing::UnorderedElementsAre("model", "messages"));
}

TEST_P(Errors, ARequestAboveTheCapIsRefusedAndOneBelowItPasses) {
  std::string prompt_seen;
  Start([&](const ReceivedRequest& request, Conversation& conversation) {
    prompt_seen = request.body;
    Reply(conversation, TextReply({"x"}));
  });
  EXPECT_TRUE(Chat(Ask("m", std::string(size_t{6} << 20, 'a'))).status.ok());
  EXPECT_GT(prompt_seen.size(), size_t{6} << 20);
  EXPECT_TRUE(Chat(Ask("m", std::string((size_t{32} << 20) - 100, 'a'))).status.ok());
  const Answer refused = Chat(Ask("m", std::string(size_t{33} << 20, 'a')));
  EXPECT_EQ(refused.status.code, StatusCode::RESOURCE_EXHAUSTED) << refused.status.ToString();
  EXPECT_EQ(refused.status.reason, "REQUEST_TOO_LARGE");
  EXPECT_EQ(ChatsSeen(), 2);
}

}  // namespace
}  // namespace sluice::integration
