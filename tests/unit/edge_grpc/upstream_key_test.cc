#include "server/edge/grpc/upstream_key.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/edge_grpc/rig.h"

namespace sluice::edge {
namespace {

using exchange::FinishChunk;
using exchange::kDone;
using exchange::TextChunk;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kField[] = "metadata x-sluice-upstream-key";
constexpr char kKey[] = "sk-callers-own-4711";

std::optional<chat::Error> FaultOf(const std::vector<std::string>& keys) {
  std::multimap<grpc::string_ref, grpc::string_ref> metadata = {{"x-request-id", "one two"}};
  for (const std::string& key : keys) metadata.emplace(kUpstreamKey, key);
  return FaultOfUpstreamKey(metadata);
}

TEST(FaultOfUpstreamKeyTest, NoKeyAndAVisibleOneAreFine) {
  EXPECT_EQ(FaultOf({}), std::nullopt);
  EXPECT_EQ(FaultOf({"sk-0aZ_.~!"}), std::nullopt);
}

TEST(FaultOfUpstreamKeyTest, AKeyThatIsNoneIsRefusedWithoutBeingShown) {
  for (const std::string& key : {std::string("secret word"), std::string("secret\nword"), std::string("secret\x7f"),
                                 std::string("secret\xff"), std::string("secret\0", 7), std::string("\tsecret")}) {
    const auto fault = FaultOf({key});
    ASSERT_TRUE(fault.has_value());
    EXPECT_EQ(fault->kind, chat::ErrorKind::kBadRequest);
    ASSERT_EQ(fault->violations.size(), 1u);
    EXPECT_EQ(fault->violations[0].field, kField);
    EXPECT_THAT(absl::StrCat(fault->message, fault->violations[0].description), Not(HasSubstr("secret")));
  }
}

TEST(FaultOfUpstreamKeyTest, AnEmptyKeyIsNotTheSameAsNone) { EXPECT_TRUE(FaultOf({""}).has_value()); }

TEST(FaultOfUpstreamKeyTest, OfTwoKeysNoneIsChosen) { EXPECT_TRUE(FaultOf({kKey, kKey}).has_value()); }

class UpstreamKeyTest : public Rig {
 protected:
  void Allow(exchange::CallerKey caller_key) {
    OnLoop([&] {
      auto plan = std::make_shared<exchange::Plan>(*plan_);
      auto backend = std::make_shared<exchange::Backend>(*plan->backends[0]);
      backend->caller_key = caller_key;
      plan->backends[0] = std::move(backend);
      context_.plan = plan_ = std::move(plan);
    });
  }
  void Answer(int status) {
    SetScript([status](auto& call) {
      call.Sent();
      call.Head(status);
      if (status == 200) call.Body(TextChunk("a") + FinishChunk() + kDone);
      call.End();
    });
  }
  grpc::Status ChatWith(const std::string& key) {
    grpc::ClientContext context;
    context.AddMetadata(kUpstreamKey, key);
    grpc::Status status;
    Chat(&context, Ask(), &status);
    return status;
  }
  grpc::Status CompleteWith(const std::string& key) {
    grpc::ClientContext context;
    context.AddMetadata(kUpstreamKey, key);
    v1::CompleteRequest request;
    *request.mutable_chat() = Ask();
    v1::CompleteResponse response;
    return chat_->Complete(&context, request, &response);
  }
};

TEST_F(UpstreamKeyTest, TakesThePlaceOfTheGatewaysForItsCallAlone) {
  Allow(exchange::CallerKey::kAllowed);
  Answer(200);
  EXPECT_TRUE(ChatWith(kKey).ok());
  EXPECT_TRUE(CompleteWith(kKey).ok());
  grpc::Status status;
  Chat(Ask(), &status);
  EXPECT_TRUE(status.ok());
  OnLoop([this] {
    EXPECT_EQ(client_.call(0).Header("Authorization"), absl::StrCat("Bearer ", kKey));
    EXPECT_EQ(client_.call(1).Header("Authorization"), absl::StrCat("Bearer ", kKey));
    EXPECT_EQ(client_.call(2).Header("Authorization"), "Bearer sk-test");
    for (size_t i = 0; i < 3; ++i) EXPECT_EQ(client_.call(i).Header(kUpstreamKey), "(absent)");
  });
}

TEST_F(UpstreamKeyTest, IsRefusedWhereTheConfigurationDoesNotAllowIt) {
  Answer(200);
  EXPECT_THAT(FieldsOf(ChatWith(kKey)), ElementsAre(kField));
  EXPECT_THAT(FieldsOf(CompleteWith(kKey)), ElementsAre(kField));
  OnLoop([this] { EXPECT_EQ(client_.size(), 0u); });
}

TEST_F(UpstreamKeyTest, OneThatCannotBeSentIsRefusedBeforeAnUpstreamIsAsked) {
  Allow(exchange::CallerKey::kAllowed);
  Answer(200);
  EXPECT_THAT(FieldsOf(ChatWith("two words")), ElementsAre(kField));
  EXPECT_THAT(FieldsOf(CompleteWith("two words")), ElementsAre(kField));
  EXPECT_THAT(FieldsOf(ChatWith("")), ElementsAre(kField));
  OnLoop([this] { EXPECT_EQ(client_.size(), 0u); });
}

TEST_F(UpstreamKeyTest, RefusedByTheUpstreamItIsTheCallersToMend) {
  Allow(exchange::CallerKey::kRequired);
  Answer(401);
  for (const grpc::Status& status : {ChatWith(kKey), CompleteWith(kKey)}) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_EQ(ReasonOf(status), "CALLER_KEY_REFUSED");
    EXPECT_THAT(absl::StrCat(status.error_message(), status.error_details()), Not(HasSubstr(kKey)));
  }
}

TEST_F(UpstreamKeyTest, ReachesNoLogLine) {
  Allow(exchange::CallerKey::kAllowed);
  for (const int status : {200, 401, 500}) {
    Answer(status);
    ChatWith(kKey);
    CompleteWith(kKey);
  }
  ChatWith("secret word");
  Allow(exchange::CallerKey::kRefused);
  ChatWith(kKey);
  Drain(absl::ZeroDuration());
  EXPECT_THAT(log(), Not(IsEmpty()));
  EXPECT_THAT(log(), Each(Not(HasSubstr(kKey))));
  EXPECT_THAT(log(), Each(Not(HasSubstr("secret word"))));
}

}  // namespace
}  // namespace sluice::edge
