#include "tests/unit/exchange/world.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/telemetry/log.h"
#include "tests/unit/chat/messages.h"
#include "tests/unit/telemetry/log_line.h"
#include "tests/unit/telemetry/scrape.h"

namespace sluice::exchange {
namespace {

std::string Dash(absl::string_view text) { return std::string(text.empty() ? "-" : text); }
std::string Dash(const std::optional<int64_t>& n) { return n ? absl::StrCat(*n) : "-"; }

std::shared_ptr<Backend> MakeBackend(const std::string& name, int attempts) {
  auto destination = std::make_shared<upstream::Destination>();
  destination->name = name;
  auto backend = std::make_shared<Backend>();
  backend->name = name;
  backend->codec = dialect::FindCodec("openai");
  backend->target.base_url = absl::StrCat("https://", name, ".test/v1");
  backend->server_address = absl::StrCat(name, ".test");
  backend->target.api_key = "sk-test";
  backend->destination = std::move(destination);
  backend->first_output = absl::Seconds(20);
  backend->total = absl::Seconds(60);
  backend->retry.attempts = attempts;
  return backend;
}

RouteSeries Resolve(telemetry::Metrics& metrics, telemetry::SeriesLabels labels) {
  RouteSeries series;
  for (const Operation operation : {Operation::kChat, Operation::kComplete}) {
    labels.operation = OperationName(operation);
    series.by_operation[static_cast<size_t>(operation)] = metrics.Resolve(labels);
  }
  return series;
}

}  // namespace

void Recorder::OnStarted(const Started& started) {
  lines.push_back(absl::StrCat("started ", Dash(started.identity.completion_id), " ", Dash(started.identity.model), " ",
                               started.upstream, " ", Dash(started.provider_request_id), " ", started.attempt));
}

void Recorder::OnDelta(const chat::Delta& delta) {
  const char* const kind = delta.kind == chat::DeltaKind::kReasoning ? "reasoning[" : "text[";
  lines.push_back(absl::StrCat(kind, delta.choice, "] ", delta.text));
}

void Recorder::OnWarning(const chat::Warning& warning) { lines.push_back(absl::StrCat("warning ", warning.field)); }

void Recorder::OnAnnotation(const chat::Annotation& annotation) {
  lines.push_back(absl::StrCat("annotation[", annotation.choice, "] ", annotation.url));
}

void Recorder::OnModeration(const chat::Moderation& moderation) {
  lines.push_back(absl::StrCat("moderation ", moderation.native_json));
}

void Recorder::OnFinished(const chat::Finished& finished) {
  lines.push_back(absl::StrCat("finished[", finished.choice, "] ", chat::FinishReasonName(finished.reason)));
}

void Recorder::OnUsage(const chat::Usage& usage) {
  lines.push_back(absl::StrCat(usage.estimated ? "estimated " : "usage ", Dash(usage.prompt_tokens), "/",
                               Dash(usage.completion_tokens)));
}

void Recorder::OnRetract() { lines.push_back("retract"); }

void Recorder::OnEnd(const chat::Error* ending) {
  EXPECT_FALSE(ended) << "a second end";
  ended = true;
  if (ending == nullptr) {
    lines.push_back("end");
    return;
  }
  error = *ending;
  lines.push_back(
      absl::StrCat("end ", chat::ErrorKindName(ending->kind), ending->stage.empty() ? "" : " ", ending->stage));
}

std::shared_ptr<Plan> MakePlan(telemetry::Metrics& metrics, int attempts) {
  auto plan = std::make_shared<Plan>();
  plan->backends = {MakeBackend("relay", attempts), MakeBackend("local", attempts)};
  plan->router = route::Router({{"gpt-4.1", 0, ""}, {"gpt-*", 0, ""}, {"fast", 1, "llama-3"}});
  for (const route::Rule& rule : plan->router.rules()) {
    const std::string& upstream = plan->backends[rule.upstream]->name;
    const std::string model = rule.pattern.back() == '*' ? "other" : rule.pattern;
    plan->route_series.push_back(
        Resolve(metrics, {"", rule.pattern, upstream, "openai", model, absl::StrCat(upstream, ".test")}));
  }
  plan->unrouted = Resolve(metrics, {"", "none", "none", "none", "other", "none"});
  return plan;
}

World::World() {
  telemetry::SetLogLevel(telemetry::Level::kInfo);
  telemetry::SetLogSink([this](absl::string_view line) { log_.emplace_back(line); });
}

World::~World() {
  exchange_.reset();
  ledger_.reset();
  telemetry::SetLogSink(nullptr);
}

void World::AllowAttempts(int attempts) {
  plan_ = MakePlan(metrics_, attempts);
  context_.plan = plan_;
}

chat::Request World::Ask(const std::string& model) {
  chat::Request request;
  request.model = model;
  request.messages.push_back(chat::Say(chat::Role::kUser, {"hi"}, ""));
  return request;
}

void World::Start(chat::Request request, CallFacts facts, std::vector<chat::FieldViolation> violations) {
  ledger_.emplace(clock_, Operation::kChat, "req-7", "ipv4:127.0.0.1:4711", plan_);
  exchange_.emplace(context_, std::move(facts), &*ledger_, &heard_);
  exchange_->Start(std::move(request), std::move(violations));
}

upstream::FakeCall& World::Stream(chat::Request request, CallFacts facts) {
  Start(std::move(request), std::move(facts));
  client_.last().Sent();
  client_.last().Head(200);
  return client_.last();
}

void World::Advance(absl::Duration time) {
  clock_.Advance(time);
  loop_.Turn(false);
}

double World::Metric(const std::string& sample) const {
  return telemetry::ParseScrape(metrics_.Scrape()).Value(sample);
}

std::string World::Logged(const std::string& member) const {
  std::string found = "(none)";
  for (const std::string& line : log_) {
    const auto members = telemetry::ReadLogLine(line);
    if (!members || members->at("msg") != "call") continue;
    EXPECT_EQ(found, "(none)") << "a second line of one call";
    found = members->count(member) == 0 ? "(absent)" : members->at(member);
  }
  return found;
}

std::string Event(const std::string& json) { return absl::StrCat("data: ", json, "\n\n"); }

std::string RoleChunk() {
  return Event(
      R"({"id":"c1","model":"gpt-4.1-2025","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]})");
}

std::string TextChunk(const std::string& text) {
  return Event(absl::StrCat(R"({"id":"c1","model":"gpt-4.1-2025","choices":[{"index":0,"delta":{"content":")", text,
                            R"("}}]})"));
}

std::string FinishChunk() { return Event(R"({"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"); }

std::string UsageChunk() {
  return Event(R"({"id":"c1","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":3,"total_tokens":8}})");
}

}  // namespace sluice::exchange
