// The whole contract against its translation, by reflection: a field that is added to the contract and forgotten in the
// translation fails here.

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/chat/validate.h"
#include "server/edge/grpc/request_from_proto.h"
#include "tests/unit/edge_grpc/contract_walk.h"
#include "tests/unit/edge_grpc/describe.h"

namespace sluice::edge {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;

struct Converted {
  std::string description;
  std::vector<chat::FieldViolation> violations;  // of the conversion, and of chat::Validate after it

  std::set<std::string> fields() const {
    std::set<std::string> fields;
    for (const auto& violation : violations) fields.insert(violation.field);
    return fields;
  }
};

// Over the wire, as every request comes.
Converted Convert(const v1::ChatRequest& built) {
  v1::ChatRequest proto;
  EXPECT_TRUE(proto.ParseFromString(built.SerializeAsString()));
  Converted converted;
  HeartbeatInterval(proto, &converted.violations);
  const chat::Request request = RequestFromProto(&proto, &converted.violations);
  converted.description = Describe(request);
  for (auto& violation : chat::Validate(request)) converted.violations.push_back(std::move(violation));
  return converted;
}

// What is not carried into the plain request.
bool ElsewhereOrRefused(const std::string& path) {
  return absl::StartsWith(path, "heartbeat_interval") ||  // the edge's own: HeartbeatInterval
         path == "stream_options" ||                      // says nothing by itself
         // Says what the presence of its message says already; any other value is refused.
         absl::EndsWith(path, ".prompt_cache_breakpoint.mode") ||
         // The one that is carried is told from the rest, which are refused.
         (absl::StartsWith(path, "prediction.content[0].") && path != "prediction.content[0].text");
}

TEST(ContractTest, EveryFieldOfARequestArrivesWhenItIsSetAlone) {
  int fields = 0;
  for (const auto& [spot, type] : EverySpot(v1::ChatRequest::descriptor())) {
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      const std::string path = spot.PathOf(field);
      if (ElsewhereOrRefused(path)) continue;
      SCOPED_TRACE(path);
      v1::ChatRequest without, with;
      spot.In(&without);
      SetSomething(spot.In(&with), field);
      const Converted before = Convert(without), after = Convert(with);
      // What a prediction lacks is told here, since an empty one is none in the plain request.
      const bool told = absl::StartsWith(path, "prediction") && before.fields() != after.fields();
      EXPECT_TRUE(before.description != after.description || told) << after.description;
      ++fields;
    }
  }
  EXPECT_GT(fields, 100);
}

TEST(ContractTest, WhatAPredictionCannotHoldIsRefused) {
  const auto spots = EverySpot(v1::Prediction::descriptor());
  const auto part =
      std::find_if(spots.begin(), spots.end(), [](const auto& s) { return s.spot.Path() == "content[0]"; });
  ASSERT_NE(part, spots.end());
  for (int i = 0; i < part->type->field_count(); ++i) {
    const FieldDescriptor* field = part->type->field(i);
    SCOPED_TRACE(field->name());
    v1::ChatRequest request;
    SetSomething(part->spot.In(request.mutable_prediction()), field);
    const std::string place = "prediction.content[0]";
    const std::set<std::string> refused = Convert(request).fields();
    EXPECT_EQ(refused.count(place) + refused.count(absl::StrCat(place, ".", field->name())) > 0,
              field->name() != "text");
  }
}

TEST(ContractTest, AFieldOfANewerContractIsRefusedWhereverItStands) {
  int number = 900;
  for (const auto& [spot, type] : EverySpot(v1::ChatRequest::descriptor())) {
    if (type->options().map_entry()) continue;  // protobuf itself keeps none there
    const std::string path = spot.Path();
    // A part of a prediction that is no text is refused as a whole.
    if (absl::StartsWith(path, "prediction.content[0].")) continue;
    SCOPED_TRACE(path);
    v1::ChatRequest request;
    auto* message = spot.In(&request);
    message->GetReflection()->MutableUnknownFields(message)->AddLengthDelimited(++number, "new");
    std::string told;
    for (const auto& violation : Convert(request).violations) {
      if (violation.field == path) absl::StrAppend(&told, violation.description, "\n");
    }
    EXPECT_THAT(told, HasSubstr(absl::StrCat("field number ", number, " of ", type->full_name())));
  }
  EXPECT_GT(number, 920);
}

TEST(ContractTest, AnEnumValueOfANewerContractIsRefusedWhereverItStands) {
  int fields = 0;
  for (const auto& [spot, type] : EverySpot(v1::ChatRequest::descriptor())) {
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      const std::string path = spot.PathOf(field);
      if (field->enum_type() == nullptr || absl::StartsWith(path, "prediction.")) continue;
      for (const int value : {99, -1}) {
        SCOPED_TRACE(absl::StrCat(path, " = ", value));
        v1::ChatRequest request;
        auto* message = spot.In(&request);
        if (field->is_repeated()) {
          message->GetReflection()->AddEnumValue(message, field, value);
        } else {
          message->GetReflection()->SetEnumValue(message, field, value);
        }
        // One of several alternatives that is none is told of as the lack of them all.
        const std::string place = field->real_containing_oneof() != nullptr ? spot.Path() : path;
        EXPECT_THAT(Convert(request).fields(), Contains(AnyOf(place, absl::StrCat(place, "[0]"))));
      }
      ++fields;
    }
  }
  EXPECT_GE(fields, 15);
}

}  // namespace
}  // namespace sluice::edge
