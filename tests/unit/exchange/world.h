#ifndef SLUICE_TESTS_UNIT_EXCHANGE_WORLD_H_
#define SLUICE_TESTS_UNIT_EXCHANGE_WORLD_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/fake_clock.h"
#include "server/base/fake_random.h"
#include "server/exchange/exchange.h"
#include "server/loop/loop.h"
#include "server/telemetry/metrics.h"
#include "tests/unit/exchange/fake_client.h"

namespace sluice::exchange {

// Writes what a consumer hears as lines:
//   started ID MODEL UPSTREAM PROVIDER_ID ATTEMPT      "-" for ""
//   text[0] PIECE    reasoning[0] PIECE
//   warning FIELD
//   annotation[0] URL
//   moderation JSON
//   finished[0] REASON
//   usage PROMPT/COMPLETION    estimated PROMPT/COMPLETION
//   retract
//   end    end KIND STAGE
class Recorder final : public Consumer {
 public:
  void OnStarted(const Started& started) override;
  void OnDelta(const chat::Delta& delta) override;
  void OnWarning(const chat::Warning& warning) override;
  void OnAnnotation(const chat::Annotation& annotation) override;
  void OnModeration(const chat::Moderation& moderation) override;
  void OnFinished(const chat::Finished& finished) override;
  void OnUsage(const chat::Usage& usage) override;
  void OnRetract() override;
  void OnEnd(const chat::Error* error) override;

  std::vector<std::string> lines;
  std::optional<chat::Error> error;  // of OnEnd
  bool ended = false;
};

// A plan of two upstreams with the OpenAI dialect, and routes of every kind:
//   gpt-4.1 -> relay      gpt-* -> relay      fast -> local as "llama-3"
// first_output is 20 s, total 60 s, and there is no default model. Retries are off unless `attempts` is above 1.
std::shared_ptr<Plan> MakePlan(telemetry::Metrics& metrics, int attempts = 1);

// One engine that stands still: a fake clock, a loop that turns when told to, an upstream that the test plays, and a
// place for one call. The log's lines are kept.
class World : public ::testing::Test {
 protected:
  World();
  ~World() override;

  void AllowAttempts(int attempts);                    // before Start; the backoff is half of its longest
  static chat::Request Ask(const std::string& model);  // one user message, "hi"
  // Starts the call; it is then in the upstream's hands, or over.
  void Start(chat::Request request, CallFacts facts = {}, std::vector<chat::FieldViolation> violations = {});
  // Start, and the upstream has the request and has answered 200.
  upstream::FakeCall& Stream(chat::Request request, CallFacts facts = {});
  void Advance(absl::Duration time);  // and turns the loop
  // One sample of a scrape, such as `sluice_attempts_total{outcome="ok",upstream="relay"}`; -1 when it is not there.
  double Metric(const std::string& sample) const;
  // One member of the sole line with msg "call"; "(none)" without such a line.
  std::string Logged(const std::string& member) const;

  FakeClock clock_;
  loop::Loop loop_{clock_};
  upstream::FakeClient client_;
  telemetry::Metrics metrics_;
  std::shared_ptr<Plan> plan_ = MakePlan(metrics_);
  FakeRandom random_;
  EngineContext context_{loop_, client_, plan_, random_};
  Recorder heard_;
  std::optional<Ledger> ledger_;
  std::optional<Exchange> exchange_;
  std::vector<std::string> log_;
};

// data: events of OpenAI's stream.
std::string Event(const std::string& json);
std::string RoleChunk();
std::string TextChunk(const std::string& text);
std::string FinishChunk();
std::string UsageChunk();
inline constexpr char kDone[] = "data: [DONE]\n\n";

}  // namespace sluice::exchange

#endif  // SLUICE_TESTS_UNIT_EXCHANGE_WORLD_H_
