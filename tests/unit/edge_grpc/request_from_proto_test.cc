#include "server/edge/grpc/request_from_proto.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::edge {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Gives one field of a message a value that is not its default, whatever its type.
void SetSomething(google::protobuf::Message* message, const FieldDescriptor* field) {
  const auto* reflection = message->GetReflection();
  const bool many = field->is_repeated();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      many ? reflection->AddInt32(message, field, 1) : reflection->SetInt32(message, field, 1);
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      many ? reflection->AddInt64(message, field, 1) : reflection->SetInt64(message, field, 1);
      break;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      many ? reflection->AddDouble(message, field, 0.5) : reflection->SetDouble(message, field, 0.5);
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      many ? reflection->AddBool(message, field, true) : reflection->SetBool(message, field, true);
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      many ? reflection->AddEnumValue(message, field, 1) : reflection->SetEnumValue(message, field, 1);
      break;
    case FieldDescriptor::CPPTYPE_STRING:
      many ? reflection->AddString(message, field, "x") : reflection->SetString(message, field, "x");
      break;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      many ? reflection->AddMessage(message, field) : reflection->MutableMessage(message, field);
      break;
    default:
      FAIL() << "a type that the contract did not have: " << field->full_name();
  }
}

struct Converted {
  chat::Request request;
  std::vector<std::string> violated;
};

Converted Convert(v1::ChatRequest proto) {
  std::vector<chat::FieldViolation> violations;
  Converted converted;
  HeartbeatInterval(proto, &violations);
  converted.request = RequestFromProto(&proto, &violations);
  for (const auto& violation : violations) converted.violated.push_back(violation.field);
  return converted;
}

using Arrived = std::map<std::string, std::function<bool(const chat::Request&)>>;

// Sets each field of `type` alone, in the message that `place` finds in a request. It has to arrive, if `translated`
// lists it, or be refused by its path.
void EachFieldArrivesOrIsRefused(const Descriptor* type, const Arrived& translated, const std::string& path,
                                 const std::function<google::protobuf::Message*(v1::ChatRequest*)>& place) {
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    SCOPED_TRACE(field->full_name());
    v1::ChatRequest proto;
    SetSomething(place(&proto), field);
    const Converted converted = Convert(proto);
    if (const auto it = translated.find(field->name()); it != translated.end()) {
      EXPECT_TRUE(it->second(converted.request)) << "set, and did not arrive";
      // Only what an empty message or part still lacks.
      for (const std::string& violated : converted.violated) {
        EXPECT_THAT(violated, AnyOf("messages[0].role", "messages[0].content[0]"));
      }
    } else {
      // What stands in the place of a text is refused as that place.
      const bool alternative = field->real_containing_oneof() != nullptr;
      const std::string name = alternative ? path.substr(0, path.size() - 1) : absl::StrCat(path, field->name());
      EXPECT_THAT(converted.violated, Contains(name)) << "set, and dropped in silence";
    }
  }
}

TEST(RequestFromProtoTest, HeartbeatsComeEveryOneSecondToFiveMinutes) {
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

TEST(RequestFromProtoTest, EveryFieldOfARequestArrivesOrIsRefused) {
  const Arrived translated = {
      {"model", [](const auto& r) { return r.model == "x"; }},
      {"messages", [](const auto& r) { return r.messages.size() == 1; }},
      {"temperature", [](const auto& r) { return r.temperature == 0.5; }},
      {"top_p", [](const auto& r) { return r.top_p == 0.5; }},
      {"max_completion_tokens", [](const auto& r) { return r.max_completion_tokens == 1; }},
      {"max_tokens", [](const auto& r) { return r.max_tokens == 1; }},
      {"stop", [](const auto& r) { return r.stop == std::vector<std::string>{"x"}; }},
      {"n", [](const auto& r) { return r.n == 1; }},
      {"presence_penalty", [](const auto& r) { return r.presence_penalty == 0.5; }},
      {"frequency_penalty", [](const auto& r) { return r.frequency_penalty == 0.5; }},
      {"seed", [](const auto& r) { return r.seed == 1; }},
      {"reasoning_effort", [](const auto& r) { return r.reasoning_effort == chat::ReasoningEffort::kNone; }},
      {"verbosity", [](const auto& r) { return r.verbosity == chat::Verbosity::kLow; }},
      {"logprobs", [](const auto& r) { return r.logprobs == true; }},
      {"top_logprobs", [](const auto& r) { return r.top_logprobs == 1; }},
      {"store", [](const auto& r) { return r.store == true; }},
      {"service_tier", [](const auto& r) { return r.service_tier == chat::ServiceTier::kAuto; }},
      {"safety_identifier", [](const auto& r) { return r.safety_identifier == "x"; }},
      {"prompt_cache_key", [](const auto& r) { return r.prompt_cache_key == "x"; }},
      {"prompt_cache_retention",
       [](const auto& r) { return r.prompt_cache_retention == chat::CacheRetention::kInMemory; }},
      {"user", [](const auto& r) { return r.user == "x"; }},
      {"stream_options", [](const auto& r) { return r.include_usage; }},
  };
  EachFieldArrivesOrIsRefused(v1::ChatRequest::descriptor(), translated, "", [](v1::ChatRequest* r) { return r; });
}

TEST(RequestFromProtoTest, EveryFieldOfTheStreamOptionsArrivesOrIsRefused) {
  const Arrived translated = {{"include_usage", [](const auto& r) { return r.include_usage; }}};
  EachFieldArrivesOrIsRefused(v1::StreamOptions::descriptor(), translated, "stream_options.",
                              [](v1::ChatRequest* r) { return r->mutable_stream_options(); });
}

TEST(RequestFromProtoTest, EveryFieldOfAMessageArrivesOrIsRefused) {
  const Arrived translated = {
      {"role", [](const auto& r) { return r.messages.at(0).role == chat::Role::kDeveloper; }},
      {"name", [](const auto& r) { return r.messages.at(0).name == "x"; }},
      {"content", [](const auto& r) { return r.messages.at(0).texts.size() == 1; }},
  };
  EachFieldArrivesOrIsRefused(v1::Message::descriptor(), translated, "messages[0].", [](v1::ChatRequest* r) {
    r->add_messages()->set_role(v1::ROLE_USER);
    return r->mutable_messages(0);
  });
}

TEST(RequestFromProtoTest, EveryFieldOfAContentPartArrivesOrIsRefused) {
  const Arrived translated = {
      {"text", [](const auto& r) { return r.messages.at(0).texts == std::vector<std::string>{"x"}; }},
  };
  EachFieldArrivesOrIsRefused(v1::ContentPart::descriptor(), translated, "messages[0].content[0].",
                              [](v1::ChatRequest* r) {
                                r->add_messages()->set_role(v1::ROLE_USER);
                                return r->mutable_messages(0)->add_content();
                              });
}

v1::ChatRequest Hello() {
  v1::ChatRequest proto;
  proto.set_model("m");
  v1::Message* message = proto.add_messages();
  message->set_role(v1::ROLE_USER);
  message->add_content()->set_text("hi");
  return proto;
}

TEST(RequestFromProtoTest, WhatIsLeftOutStaysAbsentAndAZeroStays) {
  chat::Request plain = Convert(Hello()).request;
  EXPECT_FALSE(plain.temperature.has_value());
  EXPECT_FALSE(plain.n.has_value());
  EXPECT_FALSE(plain.service_tier.has_value());
  EXPECT_TRUE(plain.include_usage);
  v1::ChatRequest zero = Hello();
  zero.set_temperature(0);
  zero.set_seed(0);
  zero.set_logprobs(false);
  zero.mutable_stream_options()->set_include_usage(false);
  plain = Convert(zero).request;
  EXPECT_EQ(plain.temperature, 0);
  EXPECT_EQ(plain.seed, 0);
  EXPECT_EQ(plain.logprobs, false);
  EXPECT_FALSE(plain.include_usage);
}

TEST(RequestFromProtoTest, RolesAndTextsKeepTheirOrder) {
  v1::ChatRequest proto;
  for (const v1::Role role : {v1::ROLE_DEVELOPER, v1::ROLE_SYSTEM, v1::ROLE_USER, v1::ROLE_ASSISTANT}) {
    v1::Message* message = proto.add_messages();
    message->set_role(role);
    message->add_content()->set_text("one");
    message->add_content()->set_text("");
  }
  const Converted converted = Convert(proto);
  EXPECT_THAT(converted.violated, IsEmpty());
  ASSERT_EQ(converted.request.messages.size(), 4u);
  EXPECT_EQ(converted.request.messages[0].role, chat::Role::kDeveloper);
  EXPECT_EQ(converted.request.messages[1].role, chat::Role::kSystem);
  EXPECT_EQ(converted.request.messages[2].role, chat::Role::kUser);
  EXPECT_EQ(converted.request.messages[3].role, chat::Role::kAssistant);
  EXPECT_THAT(converted.request.messages[3].texts, ElementsAre("one", ""));
}

TEST(RequestFromProtoTest, AToolsMessageIsRefused) {
  v1::ChatRequest proto = Hello();
  proto.mutable_messages(0)->set_role(v1::ROLE_TOOL);
  EXPECT_THAT(Convert(proto).violated, ElementsAre("messages[0].role"));
}

TEST(RequestFromProtoTest, AnEnumValueOfANewerContractIsRefused) {
  v1::ChatRequest proto = Hello();
  proto.set_service_tier(static_cast<v1::ServiceTier>(99));
  proto.set_reasoning_effort(static_cast<v1::ReasoningEffort>(99));
  proto.set_verbosity(static_cast<v1::Verbosity>(-1));
  proto.set_prompt_cache_retention(static_cast<v1::PromptCacheRetention>(99));
  proto.mutable_messages(0)->set_role(static_cast<v1::Role>(99));
  EXPECT_THAT(Convert(proto).violated, ElementsAre("messages[0].role", "service_tier", "reasoning_effort", "verbosity",
                                                   "prompt_cache_retention"));
}

// Each value of each enum that is translated means the same on both sides, by its name.
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
  EXPECT_EQ(Convert(proto).request.reasoning_effort, chat::ReasoningEffort::kMedium);
  proto.set_service_tier(v1::SERVICE_TIER_PRIORITY);
  EXPECT_EQ(Convert(proto).request.service_tier, chat::ServiceTier::kPriority);
}

TEST(RequestFromProtoTest, AFieldOfANewerContractIsRefusedWhereItStands) {
  v1::ChatRequest proto = Hello();
  proto.GetReflection()->MutableUnknownFields(&proto)->AddVarint(900, 1);
  auto* options = proto.mutable_stream_options();
  options->GetReflection()->MutableUnknownFields(options)->AddVarint(901, 1);
  auto* message = proto.mutable_messages(0);
  message->GetReflection()->MutableUnknownFields(message)->AddLengthDelimited(902, "new");
  auto* part = message->mutable_content(0);
  part->GetReflection()->MutableUnknownFields(part)->AddVarint(903, 1);

  std::vector<chat::FieldViolation> violations;
  RequestFromProto(&proto, &violations);
  std::string all;
  for (const auto& violation : violations) absl::StrAppend(&all, violation.field, "=", violation.description, "\n");
  EXPECT_THAT(all, HasSubstr("=field number 900 of sluice.v1.ChatRequest"));
  EXPECT_THAT(all, HasSubstr("stream_options=field number 901"));
  EXPECT_THAT(all, HasSubstr("messages[0]=field number 902"));
  EXPECT_THAT(all, HasSubstr("messages[0].content[0]=field number 903"));
}

TEST(RequestFromProtoTest, ARequestThatIsWrongEverywhereIsNotAnsweredInGigabytes) {
  v1::ChatRequest proto;
  v1::Message* message = proto.add_messages();
  message->set_role(v1::ROLE_USER);
  for (int i = 0; i < 100'000; ++i) message->add_content();
  EXPECT_EQ(Convert(proto).violated.size(), 1000u);
}

}  // namespace
}  // namespace sluice::edge
