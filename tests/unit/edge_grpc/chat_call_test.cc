#include "server/edge/grpc/chat_call.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/edge_grpc/rig.h"

namespace sluice::edge {
namespace {

using exchange::Event;
using exchange::FinishChunk;
using exchange::kDone;
using exchange::RoleChunk;
using exchange::TextChunk;
using exchange::UsageChunk;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using ChatCallTest = Rig;

void Begin(upstream::FakeCall& call) {
  call.Sent();
  call.Head(200);
}

TEST_F(ChatCallTest, AnAnswerComesEventByEvent) {
  SetScript([](auto& call) {
    Begin(call);
    call.Body(RoleChunk() + TextChunk("Hel") + TextChunk("lo") + FinishChunk() + UsageChunk() + kDone);
  });
  grpc::Status status;
  const auto events = Chat(Ask(), &status);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_THAT(events, ElementsAre(AllOf(HasSubstr("started"), HasSubstr("\"relay\"")), "delta { text: \"Hel\" }",
                                  "delta { text: \"lo\" }", HasSubstr("FINISH_REASON_STOP"),
                                  HasSubstr("completion_tokens: 3")));
}

TEST_F(ChatCallTest, LaterPiecesOfAToolCallDoNotRepeatItsNameNorLogprobsThoseBefore) {
  const auto piece = [](const std::string& call) {
    return Event(absl::StrCat(R"({"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[)", call, "]}}]}"));
  };
  const auto scored = [](const std::string& token) {
    return Event(absl::StrCat(R"({"id":"c1","choices":[{"index":0,"delta":{"content":")", token,
                              R"("},"logprobs":{"content":[{"token":")", token, R"(","logprob":-1}]}}]})"));
  };
  SetScript([&](auto& call) {
    Begin(call);
    for (const char* token : {"a", "b", "c", "d"}) call.Body(scored(token));
    call.Body(piece(R"({"index":0,"id":"call_1","type":"function","function":{"name":"add","arguments":""}})"));
    for (int i = 0; i < 4; ++i) call.Body(piece(R"({"index":0,"function":{"arguments":"x"}})"));
    call.Body(FinishChunk() + kDone);
  });
  grpc::Status status;
  std::string all;
  for (const std::string& event : Chat(Ask(), &status)) absl::StrAppend(&all, event, "\n");
  EXPECT_TRUE(status.ok());
  EXPECT_THAT(all, HasSubstr("delta { text: \"d\" logprobs { token: \"d\" logprob: -1 } }\n"));
  EXPECT_THAT(all, HasSubstr("delta { tool_call { id: \"call_1\" name: \"add\" type: TOOL_TYPE_FUNCTION } }\n"));
  EXPECT_EQ(all.find("call_1"), all.rfind("call_1"));
  EXPECT_THAT(all, HasSubstr("delta { tool_call { arguments: \"x\" } }\n"));
}

TEST_F(ChatCallTest, AWrongRequestNamesEveryFieldAndSendsNothing) {
  v1::ChatRequest request = Ask();
  request.set_temperature(7);
  request.add_tools();
  request.set_verbosity(static_cast<v1::Verbosity>(99));
  grpc::Status status;
  EXPECT_THAT(Chat(request, &status), IsEmpty());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(status), "INVALID_REQUEST");
  EXPECT_THAT(FieldsOf(status), ElementsAre("verbosity", "temperature", "tools[0]"));
  OnLoop([this] { EXPECT_EQ(client_.size(), 0u); });
}

TEST_F(ChatCallTest, AFailureBeforeOutputIsAStatusAlone) {
  SetScript([](auto& call) {
    call.Sent();
    call.Head(429, {{"retry-after", "3"}});
    call.End();
  });
  grpc::Status status;
  EXPECT_THAT(Chat(Ask(), &status), IsEmpty());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(status), "RATE_LIMITED");
}

TEST_F(ChatCallTest, AStreamThatBreaksEndsAfterWhatItBrought) {
  SetScript([](auto& call) {
    Begin(call);
    call.Body(TextChunk("half"));
    call.End(upstream::Outcome::kBroken, upstream::Stage::kBody, "connection reset");
  });
  grpc::Status status;
  EXPECT_THAT(Chat(Ask(), &status),
              ElementsAre(HasSubstr("started"), "delta { text: \"half\" }", HasSubstr("estimated: true")));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(status), "UPSTREAM_TRUNCATED");
}

TEST_F(ChatCallTest, TheCallersRequestIdIsEchoedAndHandedOn) {
  SetScript([](auto& call) {
    Begin(call);
    call.Body(TextChunk("a") + FinishChunk() + kDone);
  });
  grpc::ClientContext context;
  context.AddMetadata("x-request-id", "mine-1");
  context.AddMetadata("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  context.AddMetadata("authorization", "Bearer the-callers-own");
  grpc::Status status;
  Chat(&context, Ask(), &status);
  EXPECT_EQ(context.GetServerInitialMetadata().find("x-request-id")->second, "mine-1");
  OnLoop([this] {
    EXPECT_EQ(client_.call(0).Header("X-Request-Id"), "mine-1");
    EXPECT_EQ(client_.call(0).Header("traceparent"), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    EXPECT_EQ(client_.call(0).Header("Authorization"), "Bearer sk-test");
  });
}

TEST_F(ChatCallTest, ATracestateIsHandedOnWithAValidTraceparentOnly) {
  SetScript([](auto& call) {
    Begin(call);
    call.Body(TextChunk("a") + FinishChunk() + kDone);
  });
  for (const char* version : {"00", "ff"}) {
    grpc::ClientContext context;
    context.AddMetadata("traceparent", absl::StrCat(version, "-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
    context.AddMetadata("tracestate", "congo=t61rcWkgMzE");
    context.AddMetadata("tracestate", "rojo=00f067aa0ba902b7");
    grpc::Status status;
    Chat(&context, Ask(), &status);
  }
  OnLoop([this] {
    EXPECT_EQ(client_.call(0).Header("tracestate"), "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7");
    EXPECT_EQ(client_.call(1).Header("traceparent"), "(absent)");
    EXPECT_EQ(client_.call(1).Header("tracestate"), "(absent)");
  });
}

TEST_F(ChatCallTest, ARequestIdThatMayNotBeShownIsReplaced) {
  for (const std::string& given : {std::string("with blank"), std::string(129, 'x')}) {
    grpc::ClientContext context;
    context.AddMetadata("x-request-id", given);
    grpc::Status status;
    Chat(&context, v1::ChatRequest(), &status);
    EXPECT_EQ(context.GetServerInitialMetadata().find("x-request-id")->second.size(), 32u) << given;
  }
}

TEST_F(ChatCallTest, ACallerThatCancelsClosesTheUpstream) {
  SetScript([](auto& call) {
    Begin(call);
    call.Body(TextChunk("a"));
  });
  grpc::ClientContext context;
  const auto reader = chat_->Chat(&context, Ask());
  v1::ChatResponse response;
  ASSERT_TRUE(reader->Read(&response));
  ASSERT_TRUE(reader->Read(&response));
  context.TryCancel();
  WaitForUpstream([](const auto& call) { return call.closed; });
  while (reader->Read(&response)) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(ChatCallTest, TheCallersDeadlineClosesTheUpstream) {
  SetScript(Begin);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
  grpc::Status status;
  Chat(&context, Ask(), &status);  // the gateway's clock may be the first to strike: then the usage comes
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  WaitForUpstream([](const auto& call) { return call.closed; });
}

// Go writes "no deadline" as the longest Duration: 2562047 hours.
TEST_F(ChatCallTest, ADeadlineInCenturiesIsNone) {
  SetScript([](auto& call) {
    Begin(call);
    call.Body(TextChunk("a") + FinishChunk() + kDone);
  });
  grpc::ClientContext context;
  context.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_hours(2'562'047, GPR_TIMESPAN)));
  grpc::Status status;
  Chat(&context, Ask(), &status);
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(ChatCallTest, OneEndedCallAfterAnotherUsesTheSameConnection) {
  SetScript([](auto& call) {
    Begin(call);
    call.Body(TextChunk("a") + FinishChunk() + kDone);
  });
  for (int i = 0; i < 50; ++i) {
    grpc::Status status;
    EXPECT_EQ(Chat(Ask(), &status).size(), 3u);
    ASSERT_TRUE(status.ok());
  }
}

TEST_F(ChatCallTest, AGiantDeltaComesInPiecesOfAtMostAMebibyte) {
  const std::string text(3 << 20, 'x');
  SetScript([&](auto& call) {
    Begin(call);
    call.Body(TextChunk(text) + FinishChunk() + kDone);
  });
  grpc::ClientContext context;
  const auto reader = chat_->Chat(&context, Ask());
  v1::ChatResponse response;
  std::string joined;
  while (reader->Read(&response)) {
    EXPECT_LE(response.ByteSizeLong(), size_t{1} << 20);
    joined += response.delta().text();
  }
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_TRUE(joined == text);
}

TEST_F(ChatCallTest, OutputOfAFailedAttemptNeverLeaves) {
  OnLoop([this] { context_.plan = plan_ = exchange::MakePlan(metrics_, /*attempts=*/2); });
  SetScript([this](auto& call) {
    Begin(call);
    if (client_.size() == 1) {
      call.Body(TextChunk("lost"));
      call.Body(Event(R"({"error":{"message":"busy","type":"overloaded_error"}})"));
    } else {
      call.Body(TextChunk("kept") + FinishChunk() + kDone);
    }
  });
  grpc::Status status;
  const auto events = Chat(Ask(), &status);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_THAT(events, ElementsAre(AllOf(HasSubstr("started"), HasSubstr("attempt: 2")), "delta { text: \"kept\" }",
                                  HasSubstr("FINISH_REASON_STOP")));
}

TEST_F(ChatCallTest, AClientsOwnRetriesAreToldToLeaveItAtThat) {
  SetScript([](auto& call) {
    call.Sent();
    call.Head(503);
    call.End();
  });
  grpc::ClientContext asked, refused;
  grpc::Status status;
  Chat(&asked, Ask(), &status);
  EXPECT_EQ(asked.GetServerTrailingMetadata().count("grpc-retry-pushback-ms"), 1u);
  EXPECT_EQ(MetadataOf(status)["attempts"], "1");
  Chat(&refused, v1::ChatRequest(), &status);
  EXPECT_EQ(refused.GetServerTrailingMetadata().count("grpc-retry-pushback-ms"), 0u);
}

// ---- Heartbeats.

TEST_F(ChatCallTest, ASilentStreamSendsHeartbeatsWhereTheCallAsksForThem) {
  SetScript(Begin);
  v1::ChatRequest request = Ask();
  request.mutable_heartbeat_interval()->set_seconds(1);
  grpc::ClientContext context;
  const auto reader = chat_->Chat(&context, request);
  v1::ChatResponse response;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(reader->Read(&response));
    EXPECT_TRUE(response.has_heartbeat());
  }
  OnLoop([this] { client_.call(0).Body(TextChunk("a") + FinishChunk() + kDone); });
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_TRUE(response.has_started());
  while (reader->Read(&response)) EXPECT_FALSE(response.has_heartbeat());
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(ChatCallTest, AHeartbeatIsNoOutputSoARetryMayFollow) {
  OnLoop([this] { context_.plan = plan_ = exchange::MakePlan(metrics_, /*attempts=*/2); });
  SetScript([this](auto& call) {
    Begin(call);
    if (client_.size() > 1) call.Body(TextChunk("a") + FinishChunk() + kDone);
  });
  v1::ChatRequest request = Ask();
  request.mutable_heartbeat_interval()->set_seconds(1);
  grpc::ClientContext context;
  const auto reader = chat_->Chat(&context, request);
  v1::ChatResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_TRUE(response.has_heartbeat());
  OnLoop([this] { client_.call(0).End(upstream::Outcome::kBroken); });
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.started().attempt(), 2);
  while (reader->Read(&response)) {
  }
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(ChatCallTest, HeartbeatsOutOfRangeAreRefused) {
  for (const int seconds : {0, -1, 301}) {
    v1::ChatRequest request = Ask();
    request.mutable_heartbeat_interval()->set_seconds(seconds);
    grpc::Status status;
    Chat(request, &status);
    EXPECT_THAT(FieldsOf(status), ElementsAre("heartbeat_interval")) << seconds;
  }
}

// ---- Slow callers.

class SlowCallerTest : public Rig {
 protected:
  void SetUp() override {
    plan_->limits.buffer_high = 64 << 10;
    plan_->limits.buffer_low = 32 << 10;
  }
  // An upstream that sends 8 MiB as fast as it may: on while it is not paused.
  void Pour(upstream::FakeCall& call) {
    if (call.receiver == nullptr || call.paused) return;
    if (call.bytes_in > (8 << 20)) return call.Body(FinishChunk() + kDone);
    poured_ += 16 << 10;
    call.Body(TextChunk(std::string(16 << 10, 'x')));
  }
  // Keeps pouring, a piece a turn, until the call is over.
  void PourOn(upstream::FakeCall* call) {
    loop_.Post([this, call] {
      if (call->receiver == nullptr) return;
      Pour(*call);
      PourOn(call);
    });
  }

  size_t poured_ = 0;  // bytes of text; the loop's
};

TEST_F(SlowCallerTest, PausesItsUpstreamAndLosesNothing) {
  Serve();
  SetScript([this](auto& call) {
    Begin(call);
    PourOn(&call);
  });
  grpc::ClientContext context;
  const auto reader = chat_->Chat(&context, Ask());
  WaitForUpstream([](const auto& call) { return call.pauses > 0; });
  v1::ChatResponse response;
  size_t bytes = 0;
  while (reader->Read(&response)) bytes += response.delta().text().size();
  EXPECT_TRUE(reader->Finish().ok());
  OnLoop([&] {
    EXPECT_EQ(bytes, poured_);
    EXPECT_GT(bytes, size_t{7} << 20);
    EXPECT_GE(client_.call(0).resumes, 1);
    EXPECT_TRUE(client_.call(0).retired);
  });
}

TEST_F(SlowCallerTest, IsLetGoWhenItTakesNothingForTooLong) {
  plan_->limits.caller_stall = absl::Milliseconds(100);
  Serve();
  SetScript([this](auto& call) {
    Begin(call);
    PourOn(&call);
  });
  grpc::ClientContext context;
  const auto reader = chat_->Chat(&context, Ask());
  WaitForUpstream([](const auto& call) { return call.closed; });
  v1::ChatResponse response;
  while (reader->Read(&response)) {
  }
  EXPECT_FALSE(reader->Finish().ok());
  Drain(absl::ZeroDuration());
  ASSERT_EQ(log().size(), 1u);
  EXPECT_THAT(log()[0], HasSubstr("CALLER_STALLED"));
}

}  // namespace
}  // namespace sluice::edge
