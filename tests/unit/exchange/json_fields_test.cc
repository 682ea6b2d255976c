#include "server/exchange/json_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::exchange {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Fields(const chat::Request& request, int max_depth = 512) {
  std::vector<chat::FieldViolation> violations;
  CheckJsonFields(request, max_depth, &violations);
  std::vector<std::string> fields;
  for (const chat::FieldViolation& violation : violations) fields.push_back(violation.field);
  return fields;
}

chat::Request WithExtra(std::string extra) {
  chat::Request request;
  request.extra_json = std::move(extra);
  return request;
}

TEST(JsonFields, AbsentAndGoodOnesPass) {
  chat::Request request = WithExtra("{ }");
  EXPECT_THAT(Fields({}), IsEmpty());
  request.tools.resize(2);
  request.tools[1].parameters_json = "{\"type\":\"object\"}";
  request.response_format.emplace().schema_json = "{}";
  request.moderation.emplace().policy_json = "{}";
  EXPECT_THAT(Fields(request), IsEmpty());
}

TEST(JsonFields, EachIsOneObject) {
  chat::Request request = WithExtra("[]");
  request.tools.resize(2);
  request.tools[1].parameters_json = "";
  request.response_format.emplace().schema_json = "{";
  request.moderation.emplace().policy_json = "{}{}";
  EXPECT_THAT(Fields(request),
              ElementsAre("tools[1].function.parameters_json", "response_format.json_schema.schema_json",
                          "moderation.policy_json", "extra_json"));
}

TEST(JsonFields, DepthIsBounded) {
  const std::string deep(10'000, '[');
  EXPECT_THAT(Fields(WithExtra("{\"a\":" + deep + std::string(10'000, ']') + "}")), ElementsAre("extra_json"));
  EXPECT_THAT(Fields(WithExtra(R"({"a":{"b":1}})"), 2), IsEmpty());
  EXPECT_THAT(Fields(WithExtra(R"({"a":{"b":{}}})"), 2), ElementsAre("extra_json"));
}

}  // namespace
}  // namespace sluice::exchange
