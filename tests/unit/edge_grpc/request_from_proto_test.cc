#include "server/edge/grpc/request_from_proto.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/edge_grpc/describe.h"

// That no field is forgotten: contract_test.cc.

namespace sluice::edge {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

struct Converted {
  chat::Request request;
  std::vector<std::string> violated;
};

Converted Convert(v1::ChatRequest proto) {
  std::vector<chat::FieldViolation> violations;
  Converted converted;
  converted.request = RequestFromProto(&proto, &violations);
  for (const auto& violation : violations) converted.violated.push_back(violation.field);
  return converted;
}

v1::ChatRequest Hello() {
  v1::ChatRequest proto;
  proto.set_model("m");
  v1::Message* message = proto.add_messages();
  message->set_role(v1::ROLE_USER);
  message->add_content()->set_text("hi");
  return proto;
}

TEST(HeartbeatIntervalTest, HeartbeatsComeEveryOneSecondToFiveMinutes) {
  v1::ChatRequest proto;
  std::vector<chat::FieldViolation> violations;
  EXPECT_EQ(HeartbeatInterval(proto, &violations), std::nullopt);
  proto.mutable_heartbeat_interval()->set_seconds(300);
  EXPECT_EQ(HeartbeatInterval(proto, &violations), absl::Minutes(5));
  EXPECT_TRUE(violations.empty());
  proto.mutable_heartbeat_interval()->set_nanos(1);
  EXPECT_EQ(HeartbeatInterval(proto, &violations), std::nullopt);
  EXPECT_EQ(violations.size(), 1u);
}

TEST(RequestFromProtoTest, WhatIsLeftOutStaysAbsentAndAZeroStays) {
  chat::Request plain = Convert(Hello()).request;
  chat::Request expected;
  expected.model = "m";
  expected.messages.emplace_back();
  expected.messages[0].content.push_back(chat::TextPart("hi"));
  EXPECT_EQ(Describe(plain), Describe(expected));
  v1::ChatRequest zero = Hello();
  zero.set_temperature(0);
  zero.set_seed(0);
  zero.set_logprobs(false);
  zero.set_parallel_tool_calls(false);
  zero.set_store(false);
  zero.mutable_stream_options()->set_include_usage(false);
  zero.mutable_stream_options()->set_include_obfuscation(false);
  plain = Convert(zero).request;
  EXPECT_EQ(plain.temperature, 0);
  EXPECT_EQ(plain.seed, 0);
  EXPECT_EQ(plain.logprobs, false);
  EXPECT_EQ(plain.parallel_tool_calls, false);
  EXPECT_EQ(plain.store, false);
  EXPECT_FALSE(plain.include_usage);
  EXPECT_EQ(plain.include_obfuscation, false);
}

TEST(RequestFromProtoTest, EachNumberArrivesAsItself) {
  v1::ChatRequest proto = Hello();
  proto.set_temperature(0.125);
  proto.set_top_p(0.25);
  proto.set_presence_penalty(0.5);
  proto.set_frequency_penalty(0.75);
  proto.set_n(2);
  proto.set_max_completion_tokens(3);
  proto.set_max_tokens(4);
  proto.set_seed(5);
  proto.set_top_logprobs(6);
  const chat::Request plain = Convert(proto).request;
  EXPECT_EQ(plain.temperature, 0.125);
  EXPECT_EQ(plain.top_p, 0.25);
  EXPECT_EQ(plain.presence_penalty, 0.5);
  EXPECT_EQ(plain.frequency_penalty, 0.75);
  EXPECT_EQ(plain.n, 2);
  EXPECT_EQ(plain.max_completion_tokens, 3);
  EXPECT_EQ(plain.max_tokens, 4);
  EXPECT_EQ(plain.seed, 5);
  EXPECT_EQ(plain.top_logprobs, 6);
}

TEST(RequestFromProtoTest, EachTextArrivesAsItself) {
  v1::ChatRequest proto = Hello();
  proto.add_stop("one");
  proto.add_stop("two");
  proto.set_safety_identifier("safety");
  proto.set_prompt_cache_key("key");
  proto.set_user("user");
  proto.set_extra_json("{ \"b\":1.0, \"a\" : 2 }");
  proto.mutable_prompt_cache_options()->set_mode(v1::PROMPT_CACHE_MODE_EXPLICIT);
  proto.mutable_prompt_cache_options()->set_ttl("30m");
  const chat::Request plain = Convert(proto).request;
  EXPECT_THAT(plain.stop, ElementsAre("one", "two"));
  EXPECT_EQ(plain.safety_identifier, "safety");
  EXPECT_EQ(plain.prompt_cache_key, "key");
  EXPECT_EQ(plain.user, "user");
  EXPECT_EQ(plain.extra_json, "{ \"b\":1.0, \"a\" : 2 }");
  EXPECT_EQ(plain.prompt_cache_options->mode, chat::CacheMode::kExplicit);
  EXPECT_EQ(plain.prompt_cache_options->ttl, "30m");
}

TEST(RequestFromProtoTest, MapsComeInTheOrderOfTheirKeys) {
  v1::ChatRequest proto = Hello();
  const std::vector<int64_t> tokens = {50'256, -1, 7, 100'000'000'000, 8};
  for (const int64_t token : tokens) (*proto.mutable_logit_bias())[token] = -100;
  for (const char* key : {"b", "", "a b", "a"}) (*proto.mutable_metadata())[key] = std::string("of ") + key;
  const chat::Request plain = Convert(proto).request;
  EXPECT_THAT(plain.logit_bias, ElementsAre(Pair(-1, -100), Pair(7, -100), Pair(8, -100), Pair(50'256, -100),
                                            Pair(100'000'000'000, -100)));
  EXPECT_THAT(plain.metadata,
              ElementsAre(Pair("", "of "), Pair("a", "of a"), Pair("a b", "of a b"), Pair("b", "of b")));
}

TEST(RequestFromProtoTest, MessagesKeepTheirOrder) {
  v1::ChatRequest proto;
  for (const v1::Role role : {v1::ROLE_SYSTEM, v1::ROLE_USER, v1::ROLE_ASSISTANT, v1::ROLE_TOOL}) {
    v1::Message* message = proto.add_messages();
    message->set_role(role);
    message->add_content()->set_text("one");
    message->add_content()->set_text("");
  }
  const Converted converted = Convert(proto);
  EXPECT_THAT(converted.violated, IsEmpty());
  ASSERT_EQ(converted.request.messages.size(), 4u);
  EXPECT_EQ(converted.request.messages[0].role, chat::Role::kSystem);
  EXPECT_EQ(converted.request.messages[3].role, chat::Role::kTool);
  EXPECT_EQ(converted.request.messages[3].content.size(), 2u);
}

TEST(RequestFromProtoTest, EveryEnumValueArrives) {
  v1::ChatRequest proto = Hello();
  for (int i = 1; i <= v1::ServiceTier_MAX; ++i) {
    proto.set_service_tier(static_cast<v1::ServiceTier>(i));
    EXPECT_EQ(Convert(proto).request.service_tier, static_cast<chat::ServiceTier>(i - 1));
  }
  for (int i = 1; i <= v1::ReasoningEffort_MAX; ++i) {
    proto.set_reasoning_effort(static_cast<v1::ReasoningEffort>(i));
    EXPECT_EQ(Convert(proto).request.reasoning_effort, static_cast<chat::ReasoningEffort>(i - 1));
  }
  proto.set_reasoning_effort(v1::REASONING_EFFORT_MEDIUM);
  proto.set_service_tier(v1::SERVICE_TIER_PRIORITY);
  proto.set_verbosity(v1::VERBOSITY_MEDIUM);
  proto.set_prompt_cache_retention(v1::PROMPT_CACHE_RETENTION_24H);
  const chat::Request plain = Convert(proto).request;
  EXPECT_EQ(plain.reasoning_effort, chat::ReasoningEffort::kMedium);
  EXPECT_EQ(plain.service_tier, chat::ServiceTier::kPriority);
  EXPECT_EQ(plain.verbosity, chat::Verbosity::kMedium);
  EXPECT_EQ(plain.prompt_cache_retention, chat::CacheRetention::k24h);
}

TEST(RequestFromProtoTest, AValueOfANewerContractIsToldOfByItsPath) {
  v1::ChatRequest proto = Hello();
  proto.set_service_tier(static_cast<v1::ServiceTier>(99));
  proto.set_verbosity(static_cast<v1::Verbosity>(-1));
  proto.mutable_messages(0)->add_content()->mutable_image()->set_detail(static_cast<v1::ImageDetail>(9));
  EXPECT_THAT(Convert(proto).violated, ElementsAre("messages[0].content[1].image.detail", "verbosity", "service_tier"));
}

TEST(RequestFromProtoTest, ARequestThatIsWrongEverywhereIsNotAnsweredInGigabytes) {
  v1::ChatRequest proto;
  v1::Message* message = proto.add_messages();
  for (int i = 0; i < 100'000; ++i) {
    message->add_content()->mutable_image()->set_detail(static_cast<v1::ImageDetail>(9));
  }
  EXPECT_EQ(Convert(proto).violated.size(), 1000u);
}

}  // namespace
}  // namespace sluice::edge
