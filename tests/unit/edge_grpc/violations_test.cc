#include "server/edge/grpc/violations.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/chat/request.h"
#include "sluice/v1/chat_request.pb.h"

namespace sluice::edge {
namespace {

using ::testing::HasSubstr;

TEST(PlaceTest, ReadsAsAPathFromTheRequestOn) {
  const Place root;
  const Place message(root, "messages", 12);
  const Place part(message, "content", 0);
  EXPECT_EQ(root.ToString(), "");
  EXPECT_EQ(message.ToString(), "messages[12]");
  EXPECT_EQ(part.ToString(), "messages[12].content[0]");
  EXPECT_EQ(Place(part, "image").ToString(), "messages[12].content[0].image");
}

TEST(ViolationsTest, AnEnumTheContractHasIsTakenAndItsAbsenceIsAbsence) {
  std::vector<chat::FieldViolation> found;
  Violations violations(&found);
  const Place root;
  const auto take = [&](int value) { return violations.TakeEnum<chat::Verbosity>(value, v1::Verbosity_MAX, root); };
  EXPECT_EQ(take(v1::VERBOSITY_UNSPECIFIED), std::nullopt);
  EXPECT_EQ(take(v1::VERBOSITY_LOW), chat::Verbosity::kLow);
  EXPECT_EQ(take(v1::VERBOSITY_HIGH), chat::Verbosity::kHigh);
  EXPECT_TRUE(found.empty());
}

TEST(ViolationsTest, AnEnumOfANewerContractIsAbsentAndToldOf) {
  std::vector<chat::FieldViolation> found;
  Violations violations(&found);
  const Place root;
  const Place place(root, "verbosity");
  EXPECT_EQ(violations.TakeEnum<chat::Verbosity>(v1::Verbosity_MAX + 1, v1::Verbosity_MAX, place), std::nullopt);
  EXPECT_EQ(violations.TakeEnum<chat::Verbosity>(-1, v1::Verbosity_MAX, place), std::nullopt);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].field, "verbosity");
  EXPECT_THAT(found[0].description, HasSubstr("value 4 "));
  EXPECT_THAT(found[1].description, HasSubstr("value -1 "));
}

TEST(ViolationsTest, ARequiredEnumOfANewerContractIsOnlyAbsent) {
  EXPECT_EQ(Violations::KnownEnum<chat::Role>(v1::ROLE_TOOL, v1::Role_MAX), chat::Role::kTool);
  EXPECT_EQ(Violations::KnownEnum<chat::Role>(v1::Role_MAX + 1, v1::Role_MAX), std::nullopt);
  EXPECT_EQ(Violations::KnownEnum<chat::Role>(-1, v1::Role_MAX), std::nullopt);
}

TEST(ViolationsTest, AnUnknownFieldIsToldByItsNumberAndItsMessagesName) {
  std::vector<chat::FieldViolation> found;
  Violations violations(&found);
  v1::StreamOptions options;
  const Place root;
  const Place place(root, "stream_options");
  violations.RefuseUnknownFields(options, place);
  EXPECT_TRUE(found.empty());
  options.GetReflection()->MutableUnknownFields(&options)->AddVarint(77, 1);
  violations.RefuseUnknownFields(options, place);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].field, "stream_options");
  EXPECT_THAT(found[0].description, HasSubstr("field number 77 of sluice.v1.StreamOptions"));
}

}  // namespace
}  // namespace sluice::edge
