#include "tests/integration/fault_table.h"

#include <algorithm>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "sluice/rpc/v1/status.pb.h"

namespace sluice::integration {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kAttempts = 3;

int64_t QuarterOf(size_t bytes) { return static_cast<int64_t>((bytes + 3) / 4); }

const char* TokensName(Tokens tokens) {
  switch (tokens) {
    case Tokens::kNone:
      return "none";
    case Tokens::kProvider:
      return "provider's";
    case Tokens::kEstimated:
      return "estimated";
    case Tokens::kAny:
      return "any";
  }
  return "";
}

// The usage that a failed gathered call carries in its status details.
std::vector<v1::Usage> UsageIn(const grpc::Status& status) {
  rpc::v1::Status details;
  std::vector<v1::Usage> found;
  if (!details.ParseFromString(status.error_details())) return found;
  for (const auto& detail : details.details()) {
    v1::Usage usage;
    if (!absl::EndsWith(detail.type_url(), "/sluice.v1.Usage")) continue;
    EXPECT_TRUE(usage.ParseFromString(detail.value()));
    found.push_back(usage);
  }
  return found;
}

// Retries that do not wait, and are never short of budget.
void AddRetry(Options* options) {
  absl::StrAppend(&options->upstream, options->upstream.empty() ? "" : "\n    ", "retry: {attempts: ", kAttempts,
                  ", base: 1ms, cap: 2ms, budget: 1}");
}

}  // namespace

std::string Attempt::NextText() {
  const std::lock_guard lock(trial_.mutex_);
  auto& sent = trial_.sent_[static_cast<size_t>(number_) - 1];
  sent.push_back(absl::StrCat(number_, ".", sent.size() + 1, "\xD0\xB9\xF0\x9F\x99\x82 "));
  return sent.back();
}

void Attempt::Texts(int count) {
  for (int i = 0; i < count; ++i) wire_.SendSse(chunks::Text(NextText()));
  if (trial_.operation_ != Operation::kChat) return;
  std::unique_lock lock(trial_.mutex_);
  const size_t all = trial_.sent_[static_cast<size_t>(number_) - 1].size();
  trial_.changed_.wait_for(lock, std::chrono::seconds(10), [&] { return trial_.received_ == all || trial_.over_; });
}

void Attempt::Whole() {
  Head();
  Role();
  Texts(3);
  Finish();
  Usage();
  Done();
  wire_.EndChunks();
}

Trial::Trial(const Row& row, Operation operation, Strikes strikes, int number)
    : row_(row), operation_(operation), strikes_(strikes), request_id_(absl::StrCat("trial-", number)) {}

std::string Trial::Name() const {
  return absl::StrCat(row_.fault, " / ", row_.stage.name, operation_ == Operation::kChat ? " / Chat" : " / Complete",
                      strikes_ == Strikes::kOnce ? " / in the first attempt only" : "");
}

int Trial::requests() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(sent_.size());
}

void Trial::Serve(Conversation& wire) {
  int number = 0;
  {
    const std::lock_guard lock(mutex_);
    sent_.emplace_back();
    number = static_cast<int>(sent_.size());
    ++serving_;
  }
  Attempt attempt(*this, number, wire);
  if (strikes_ == Strikes::kOnce && number > 1) {
    attempt.Whole();
  } else {
    row_.stage.reach(attempt);
    row_.act(attempt);
  }
  const std::lock_guard lock(mutex_);
  --serving_;
  last_end_ = Clock::now();
  changed_.notify_all();
}

void Trial::Run(std::shared_ptr<grpc::Channel> channel) {
  operation_ == Operation::kChat ? RunChat(std::move(channel)) : RunComplete(std::move(channel));
  const Clock::time_point ended = Clock::now();
  std::unique_lock lock(mutex_);
  over_ = true;
  changed_.notify_all();
  changed_.wait_for(lock, std::chrono::seconds(10), [&] { return serving_ == 0; });
  EXPECT_EQ(serving_, 0) << Name() << ": an upstream was left open";
  outcome_.closed_ms = std::max(0.0, std::chrono::duration<double, std::milli>(last_end_ - ended).count());
}

void Trial::RunChat(std::shared_ptr<grpc::Channel> channel) {
  CallOptions options;
  options.request_id = request_id_;
  options.timeout = row_.deadline;
  ChatStream stream = Client(std::move(channel)).Chat(Ask("m", row_.prompt), options);
  for (const v1::ChatResponse& event : stream) {
    if (event.has_started()) {
      ++outcome_.started;
      outcome_.attempt = event.started().attempt();
    }
    outcome_.finished += event.has_finished();
    outcome_.usage_last = event.has_usage();
    if (event.has_usage()) outcome_.usage.push_back(event.usage());
    if (!event.has_delta()) continue;
    EXPECT_EQ(outcome_.started, 1) << Name() << ": a delta before started";
    outcome_.texts.push_back(event.delta().text());
    const std::lock_guard lock(mutex_);
    ++received_;
    changed_.notify_all();
  }
  outcome_.usage_last |= outcome_.usage.empty();
  outcome_.status = stream.status();
}

void Trial::RunComplete(std::shared_ptr<grpc::Channel> channel) {
  grpc::ClientContext context;
  context.AddMetadata("x-request-id", request_id_);
  if (row_.deadline) context.set_deadline(std::chrono::system_clock::now() + *row_.deadline);
  v1::CompleteRequest request;
  v1::CompleteResponse response;
  *request.mutable_chat() = Ask("m", row_.prompt);
  const grpc::Status status = v1::ChatService::NewStub(channel)->Complete(&context, request, &response);
  outcome_.status = DecodeStatus(status);
  outcome_.usage = UsageIn(status);
  if (!status.ok()) return;
  outcome_.started = 1;
  outcome_.attempt = response.attempt();
  if (response.has_usage()) outcome_.usage.push_back(response.usage());
  for (const auto& choice : response.choices()) {
    outcome_.texts.push_back(choice.text());
    outcome_.finished += choice.finish_reason() != v1::FINISH_REASON_UNSPECIFIED;
  }
}

void Trial::Check(int requests) const {
  SCOPED_TRACE(Name());
  const CallStatus& status = outcome_.status;
  if (ends_well()) {
    EXPECT_TRUE(status.ok()) << status.ToString();
    EXPECT_EQ(outcome_.started, 1);
  } else {
    EXPECT_EQ(status.code, row_.code) << status.ToString();
    if (row_.reason != nullptr) {
      EXPECT_EQ(status.reason, row_.reason) << status.ToString();
      const auto timer = status.metadata.find("stage");
      EXPECT_EQ(timer == status.metadata.end() ? "" : timer->second, row_.timer);
    }
    EXPECT_EQ(outcome_.finished, 0) << "a finish was invented";
    EXPECT_EQ(status.retry_delay.value_or(std::chrono::nanoseconds(0)),
              std::chrono::nanoseconds(row_.retry_info.value_or(std::chrono::milliseconds(0))));
  }
  const int expected = strikes_ == Strikes::kOnce ? 2 : row_.requests;
  if (FaultMayBeFirst()) {
    EXPECT_LE(requests, kAttempts);
  } else {
    EXPECT_EQ(requests, expected);
  }
  if (outcome_.started > 0) {
    EXPECT_EQ(outcome_.attempt, requests);
  }
  EXPECT_LE(outcome_.closed_ms, static_cast<double>(row_.closed_within.count()));
  CheckTexts();
  CheckUsage();
}

// Output that is gathered leaves for nobody, so that the upstream cannot wait for it to be taken: a fault on its heels
// may be read together with it, and then it is taken back and asked for again. A timer gives it time.
bool Trial::FaultMayBeFirst() const {
  const bool has_output = !sent_.empty() && !sent_.back().empty();
  return operation_ == Operation::kComplete && !ends_well() && has_output && row_.timer[0] == '\0';
}

// None lost, none doubled, none invented: what the caller has is what the last attempt sent.
void Trial::CheckTexts() const {
  std::vector<std::string> sent;
  if (!sent_.empty()) sent = sent_.back();
  if (operation_ == Operation::kChat) {
    EXPECT_EQ(outcome_.texts, sent);
  } else {
    EXPECT_EQ(absl::StrJoin(outcome_.texts, ""), ends_well() ? absl::StrJoin(sent, "") : "");
  }
}

void Trial::CheckUsage() const {
  const Tokens tokens = strikes_ == Strikes::kOnce ? Tokens::kProvider : row_.usage;
  if (tokens == Tokens::kAny) return;
  ASSERT_EQ(outcome_.usage.size(), tokens == Tokens::kNone ? 0u : 1u);
  if (tokens == Tokens::kNone) return;
  const v1::Usage& usage = outcome_.usage[0];
  int64_t prompt = Attempt::kPromptTokens;
  int64_t completion = Attempt::kCompletionTokens;
  if (tokens == Tokens::kEstimated) {
    prompt = QuarterOf(row_.prompt.size()) + 3;
    completion = QuarterOf(absl::StrJoin(sent_.back(), "").size());
  }
  EXPECT_EQ(usage.estimated(), tokens == Tokens::kEstimated);
  EXPECT_EQ(usage.prompt_tokens(), prompt);
  EXPECT_EQ(usage.completion_tokens(), completion);
  EXPECT_EQ(usage.total_tokens(), prompt + completion);
  EXPECT_TRUE(outcome_.usage_last);
}

void Trial::Print(int requests) const {
  if (strikes_ == Strikes::kOnce) return;
  const auto timer = outcome_.status.metadata.find("stage");
  std::printf("| %-38s | %-22s | %-8s | %-19s | %-24s | %-12s | %d | %-10s | %4.0f ms |\n", row_.fault, row_.stage.name,
              operation_ == Operation::kChat ? "Chat" : "Complete", CodeName(outcome_.status.code).c_str(),
              outcome_.status.reason.c_str(), timer == outcome_.status.metadata.end() ? "" : timer->second.c_str(),
              requests,
              outcome_.usage.empty()          ? TokensName(Tokens::kNone)
              : outcome_.usage[0].estimated() ? TokensName(Tokens::kEstimated)
                                              : TokensName(Tokens::kProvider),
              outcome_.closed_ms);
}

Trial& FaultTable::Add(const Row& row, Operation operation, Strikes strikes) {
  return trials_->emplace_back(row, operation, strikes, static_cast<int>(trials_->size()));
}

GatewayTest::Handler FaultTable::Serve() const {
  return [trials = trials_](const ReceivedRequest& request, Conversation& wire) {
    const std::string id = request.Header("x-request-id");
    for (Trial& trial : *trials) {
      if (trial.request_id() == id) return trial.Serve(wire);
    }
    ADD_FAILURE() << "a request of no trial: " << id;
  };
}

void FaultTable::RunAll(const std::vector<Row>& rows, Options options, bool together) {
  for (const Row& row : rows) {
    for (const Operation operation : {Operation::kChat, Operation::kComplete}) {
      Add(row, operation, Strikes::kAlways);
      if (row.requests > 1) Add(row, operation, Strikes::kOnce);
    }
  }
  AddRetry(&options);
  ASSERT_NO_FATAL_FAILURE(Start(Serve(), options));
  std::vector<std::thread> callers;
  for (Trial& trial : *trials_) {
    callers.emplace_back([&] { trial.Run(channel()); });
    if (!together) callers.back().join();
  }
  for (std::thread& caller : callers) {
    if (caller.joinable()) caller.join();
  }
  for (const Trial& trial : *trials_) {
    trial.Print(trial.requests());
    trial.Check(trial.requests());
  }
}

void FaultTable::RunUnanswered(const Row& row, Options options, const ScriptedUpstream::Options& server) {
  AddRetry(&options);
  ASSERT_NO_FATAL_FAILURE(Start(Serve(), options, server));
  for (const Operation operation : {Operation::kChat, Operation::kComplete}) {
    const double before = Scrape().Sum("sluice_attempts_total");
    Trial& trial = Add(row, operation, Strikes::kAlways);
    trial.Run(channel());
    const int attempts = static_cast<int>(Scrape().Sum("sluice_attempts_total") - before);
    trial.Print(attempts);
    trial.Check(attempts);
  }
}

}  // namespace sluice::integration
