#include "server/exchange/model_lister.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/exchange/world.h"

namespace sluice::exchange {
namespace {

using ::testing::HasSubstr;

class ModelListerTest : public World {
 protected:
  void List(absl::Duration limit = absl::Seconds(10)) {
    lister_ = std::make_unique<ModelLister>(context_, limit, [this](std::vector<ModelReport> reports) {
      ++done_;
      reports_ = std::move(reports);
    });
  }
  void Answer(size_t call, int status, absl::string_view body) {
    client_.call(call).Sent();
    client_.call(call).Head(status, {{"content-type", "application/json"}});
    client_.call(call).Body(body);
    client_.call(call).End();
  }

  std::unique_ptr<ModelLister> lister_;
  std::vector<ModelReport> reports_;
  int done_ = 0;
};

TEST_F(ModelListerTest, AsksEveryUpstreamAtOnce) {
  List();
  ASSERT_EQ(client_.size(), 2u);
  EXPECT_EQ(client_.call(0).request.method, "GET");
  EXPECT_EQ(client_.call(0).request.url, "https://relay.test/v1/models");
  EXPECT_EQ(client_.call(1).request.url, "https://local.test/v1/models");
  EXPECT_EQ(client_.call(0).Header("Authorization"), "Bearer sk-test");
}

TEST_F(ModelListerTest, OneFailureDoesNotFailTheOthers) {
  List();
  Advance(absl::Milliseconds(250));
  Answer(1, 401, R"({"error":{"message":"the key is sk-test"}})");
  Answer(0, 200, R"({"object":"list","data":[{"id":"gpt-4.1","owned_by":"openai","created":7}]})");
  EXPECT_EQ(done_, 0) << "ends in a turn of its own";
  loop_.Turn(false);
  ASSERT_EQ(done_, 1);
  ASSERT_EQ(reports_.size(), 2u);
  EXPECT_EQ(reports_[0].upstream, "relay");
  EXPECT_TRUE(reports_[0].reachable);
  EXPECT_EQ(reports_[0].http_status, 200);
  EXPECT_EQ(reports_[0].latency, absl::Milliseconds(250));
  EXPECT_EQ(reports_[0].error, nullptr);
  ASSERT_EQ(reports_[0].models.size(), 1u);
  EXPECT_EQ(reports_[0].models[0].id, "gpt-4.1");
  EXPECT_EQ(reports_[1].upstream, "local");
  EXPECT_TRUE(reports_[1].reachable);
  EXPECT_EQ(reports_[1].http_status, 401);
  ASSERT_NE(reports_[1].error, nullptr);
  EXPECT_EQ(reports_[1].error->kind, chat::ErrorKind::kAuthentication);
  EXPECT_EQ(reports_[1].error->upstream, "local");
  EXPECT_EQ(reports_[1].error->provider_message, "");
}

TEST_F(ModelListerTest, WhatIsNoListIsMalformed) {
  List();
  Answer(0, 200, "<html>");
  client_.call(1).End(upstream::Outcome::kUnreachable, upstream::Stage::kConnect, "connection refused");
  loop_.Turn(false);
  ASSERT_EQ(done_, 1);
  ASSERT_NE(reports_[0].error, nullptr);
  EXPECT_EQ(reports_[0].error->kind, chat::ErrorKind::kMalformed);
  ASSERT_NE(reports_[1].error, nullptr);
  EXPECT_EQ(reports_[1].error->kind, chat::ErrorKind::kUnreachable);
  EXPECT_FALSE(reports_[1].reachable);
}

TEST_F(ModelListerTest, TheLimitCutsOffWhatIsStillOpen) {
  List(absl::Seconds(10));
  Answer(0, 200, R"({"data":[]})");
  Advance(absl::Seconds(9));
  EXPECT_EQ(done_, 0);
  Advance(absl::Seconds(1));
  loop_.Turn(false);
  ASSERT_EQ(done_, 1);
  EXPECT_EQ(reports_[0].error, nullptr);
  ASSERT_NE(reports_[1].error, nullptr);
  EXPECT_EQ(reports_[1].error->kind, chat::ErrorKind::kTimeout);
  EXPECT_TRUE(client_.call(1).closed);
}

TEST_F(ModelListerTest, AListWithoutEndIsRefused) {
  List();
  auto& call = client_.call(0);
  call.Head(200);
  const std::string piece(1 << 20, ' ');
  for (int i = 0; i < 9; ++i) call.Body(piece);
  EXPECT_TRUE(call.closed);
  Answer(1, 200, R"({"data":[]})");
  loop_.Turn(false);
  ASSERT_EQ(done_, 1);
  ASSERT_NE(reports_[0].error, nullptr);
  EXPECT_EQ(reports_[0].error->kind, chat::ErrorKind::kTooLarge);
}

TEST_F(ModelListerTest, DestroyedEarlyItClosesEverythingAndNeverCalls) {
  List();
  Answer(0, 200, R"({"data":[]})");
  lister_.reset();
  EXPECT_TRUE(client_.call(1).closed);
  Advance(absl::Hours(1));
  EXPECT_EQ(done_, 0);
}

TEST_F(ModelListerTest, DestroyedBetweenTheLastAnswerAndItsTurnItNeverCalls) {
  List();
  Answer(0, 200, R"({"data":[]})");
  Answer(1, 200, R"({"data":[]})");
  lister_.reset();
  loop_.Turn(false);
  EXPECT_EQ(done_, 0);
}

}  // namespace
}  // namespace sluice::exchange
