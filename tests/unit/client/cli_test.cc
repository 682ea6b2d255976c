#include "client/cli/cli.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <future>
#include <sstream>
#include <thread>

#include "client/cli/interrupts.h"
#include "tests/unit/client/fake_gateway.h"

namespace sluice::cli {
namespace {

using sluice::testing::FakeGateway;
using sluice::testing::StatusBuilder;
using sluice::testing::Text;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class FakeInterrupts final : public Interrupts {
 public:
  void Start(std::function<void()> interrupted) override { started_.set_value(std::move(interrupted)); }
  void Stop() override {}
  // Waits until somebody wants to know. Once.
  void Fire() { started_.get_future().get()(); }

 private:
  std::promise<std::function<void()>> started_;
};

class CliTest : public ::testing::Test {
 protected:
  int RunWith(const std::vector<std::string>& arguments) {
    Io io;
    io.in = &in_;
    io.out = &out_;
    io.err = &err_;
    io.environment = [this](const char* name) -> const char* {
      return std::string(name) == "SLUICE_ADDRESS" ? gateway_.address().c_str() : nullptr;
    };
    io.interrupts = &interrupts_;
    return cli::Run(arguments, io);
  }

  FakeGateway gateway_;
  FakeInterrupts interrupts_;
  std::istringstream in_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(CliTest, ChatSendsTheFlagsAndPrintsTheAnswer) {
  v1::ChatRequest seen;
  gateway_.on_chat = [&](auto*, const v1::ChatRequest& request, FakeGateway::Writer* writer) {
    seen = request;
    writer->Write(Text("Hel"));
    writer->Write(Text("lo"));
    v1::ChatResponse usage;
    usage.mutable_usage()->set_total_tokens(9);
    writer->Write(usage);
    return grpc::Status::OK;
  };
  EXPECT_EQ(RunWith({"chat", "--model", "m", "--system", "s", "--temperature", "0", "--max-tokens", "7", "hi"}), 0);
  EXPECT_EQ(out_.str(), "Hello\n");
  EXPECT_THAT(err_.str(), HasSubstr("9 total tokens"));
  EXPECT_EQ(seen.model(), "m");
  EXPECT_TRUE(seen.has_temperature() && seen.temperature() == 0);
  EXPECT_EQ(seen.max_tokens(), 7);
  ASSERT_EQ(seen.messages_size(), 2);
  EXPECT_EQ(seen.messages(0).role(), v1::ROLE_SYSTEM);
  EXPECT_EQ(seen.messages(1).role(), v1::ROLE_USER);
  EXPECT_EQ(seen.messages(1).content(0).text(), "hi");
}

TEST_F(CliTest, ChatReadsThePromptFromStandardInputAndSetsNothingUnasked) {
  v1::ChatRequest seen;
  gateway_.on_chat = [&](auto*, const v1::ChatRequest& request, auto*) {
    seen = request;
    return grpc::Status::OK;
  };
  in_.str("two\nlines\n");
  EXPECT_EQ(RunWith({"chat"}), 0);
  ASSERT_EQ(seen.messages_size(), 1);
  EXPECT_EQ(seen.messages(0).content(0).text(), "two\nlines\n");
  EXPECT_FALSE(seen.has_temperature() || seen.has_max_tokens());
}

TEST_F(CliTest, AnEmptyPromptIsAUsageErrorAndCallsNobody) {
  EXPECT_EQ(RunWith({"chat"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("prompt is empty"));
}

TEST_F(CliTest, JsonIsOneEventALine) {
  gateway_.on_chat = [](auto*, const auto&, FakeGateway::Writer* writer) {
    writer->Write(Text("a\nb"));
    v1::ChatResponse finished;
    finished.mutable_finished()->set_finish_reason(v1::FINISH_REASON_STOP);
    writer->Write(finished);
    return grpc::Status::OK;
  };
  EXPECT_EQ(RunWith({"chat", "--json", "hi"}), 0);
  EXPECT_EQ(out_.str(),
            "{\"delta\":{\"text\":\"a\\nb\"}}\n"
            "{\"finished\":{\"finish_reason\":\"FINISH_REASON_STOP\"}}\n");
  EXPECT_EQ(err_.str(), "");
}

TEST_F(CliTest, FailureExitsWithTenPlusTheCodeAfterWhatCame) {
  gateway_.on_chat = [](grpc::ServerContext* context, const auto&, FakeGateway::Writer* writer) {
    context->AddInitialMetadata("x-request-id", "req-5");
    writer->Write(Text("half"));
    return StatusBuilder(grpc::StatusCode::UNAVAILABLE, "cut").Reason("UPSTREAM_TRUNCATED").Build();
  };
  EXPECT_EQ(RunWith({"chat", "hi"}), 24);
  EXPECT_EQ(out_.str(), "half\n");
  EXPECT_THAT(err_.str(), AllOf(StartsWith("sluice: UNAVAILABLE (UPSTREAM_TRUNCATED): cut\n"),
                                HasSubstr("gateway request: req-5"), HasSubstr("hint: the answer is not complete")));
}

TEST_F(CliTest, AnInterruptCancelsTheCall) {
  gateway_.on_chat = [this](grpc::ServerContext* context, const auto&, FakeGateway::Writer* writer) {
    writer->Write(Text("a"));
    interrupts_.Fire();
    while (!context->IsCancelled()) std::this_thread::yield();
    return grpc::Status::CANCELLED;
  };
  EXPECT_EQ(RunWith({"chat", "hi"}), 11);
}

TEST_F(CliTest, AnOutputThatCannotBeWrittenCancelsTheCall) {
  gateway_.on_chat = [](grpc::ServerContext* context, const auto&, FakeGateway::Writer* writer) {
    writer->Write(Text("a"));
    while (!context->IsCancelled()) std::this_thread::yield();
    return grpc::Status::CANCELLED;
  };
  out_.setstate(std::ios::badbit);
  EXPECT_EQ(RunWith({"chat", "hi"}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("could not be written"));
}

TEST_F(CliTest, ModelsListsThemAndSaysWhenTheListIsPartial) {
  gateway_.on_models = [](v1::ListModelsResponse* response) {
    v1::Model* model = response->add_models();
    model->set_id("gpt-4.1");
    model->set_owned_by("openai");
    model->add_upstreams("a");
    model->add_upstreams("b");
    v1::UpstreamFailure* failure = response->add_failures();
    failure->set_upstream("c");
    failure->set_reason("UPSTREAM_TIMEOUT");
    failure->set_message("no answer");
    return grpc::Status::OK;
  };
  EXPECT_EQ(RunWith({"models"}), 0);
  EXPECT_EQ(out_.str(), "gpt-4.1\ta,b\topenai\n");
  EXPECT_THAT(err_.str(), HasSubstr("partial: upstream c: UPSTREAM_TIMEOUT: no answer"));
  out_.str("");
  EXPECT_EQ(RunWith({"models", "--json"}), 0);
  EXPECT_EQ(out_.str(), "{\"id\":\"gpt-4.1\",\"owned_by\":\"openai\",\"upstreams\":[\"a\",\"b\"]}\n");
}

TEST_F(CliTest, HealthTellsServingByTextAndExitStatus) {
  EXPECT_EQ(RunWith({"health"}), 0);
  gateway_.SetServing(false);
  EXPECT_EQ(RunWith({"health"}), 1);
  EXPECT_EQ(RunWith({"health", "--json"}), 1);
  EXPECT_EQ(out_.str(), "serving\nnot serving\n{\"serving\":false}\n");
}

TEST_F(CliTest, AWrongCommandLineAndAMissingFileDoNotCall) {
  EXPECT_EQ(RunWith({"chat", "--bogus"}), 2);
  EXPECT_EQ(RunWith({"health", "--ca", "/nonexistent/ca.pem"}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("cannot read /nonexistent/ca.pem"));
}

TEST_F(CliTest, HelpAndVersionGoToStandardOutput) {
  EXPECT_EQ(RunWith({"help"}), 0);
  EXPECT_EQ(RunWith({"version"}), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("sluice chat"), HasSubstr("Exit status"), HasSubstr("\nsluice 0.")));
  EXPECT_EQ(err_.str(), "");
}

TEST(SignalInterrupts, TellsOfTheFirstSignalOnceAndStops) {
  std::promise<void> told;
  SignalInterrupts interrupts;
  interrupts.Start([&] { told.set_value(); });
  std::raise(SIGINT);
  EXPECT_EQ(told.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  interrupts.Stop();
  interrupts.Stop();
}

}  // namespace
}  // namespace sluice::cli
