#ifndef SLUICE_TESTS_INTEGRATION_FAULT_TABLE_H_
#define SLUICE_TESTS_INTEGRATION_FAULT_TABLE_H_

#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tests/integration/harness.h"

namespace sluice::integration {

class Trial;

// The upstream's side of one attempt of one call: what the rows of the table are made of. Texts are numbered, so that a
// lost, doubled or foreign one shows.
class Attempt {
 public:
  Attempt(Trial& trial, int number, Conversation& wire) : trial_(trial), number_(number), wire_(wire) {}

  Conversation& wire() { return wire_; }
  void Head(Conversation::Headers headers = {}) { wire_.StartSse(std::move(headers)); }
  void Role() { wire_.SendSse(chunks::Role()); }
  // Sends the next texts, each in a write of its own, and waits until a streaming caller has them.
  void Texts(int count);
  void Finish() { wire_.SendSse(chunks::Finish()); }
  void Usage() { wire_.SendSse(chunks::Usage(kPromptTokens, kCompletionTokens)); }
  void Done() { wire_.SendSse(chunks::kDone); }
  void Whole();  // a good answer of three texts, with usage

  // Events for scripts that do the sending themselves. The next text counts as sent.
  std::string NextText();
  std::string TextEvent() { return Event(chunks::Text(NextText())); }
  static std::string Event(absl::string_view data) { return absl::StrCat("data: ", data, "\n\n"); }

  void WaitForClose() { wire_.WaitClosedByPeer(30'000); }

  static constexpr int kPromptTokens = 3;
  static constexpr int kCompletionTokens = 5;

 private:
  Trial& trial_;
  const int number_;
  Conversation& wire_;
};

using Script = std::function<void(Attempt&)>;

struct Stage {
  const char* name;
  void (*reach)(Attempt&);
};

enum class Tokens { kNone, kProvider, kEstimated, kAny };

// One line of the table: what the upstream does in each attempt, and what becomes of it.
struct Row {
  const char* fault;
  Stage stage;  // where it strikes
  Script act;
  grpc::StatusCode code;
  const char* reason;  // null: not looked at
  const char* timer;   // ErrorInfo's `stage`: which timer or step of the transport
  int requests;        // that the upstream saw: above 1, it was asked again
  Tokens usage;
  std::optional<std::chrono::milliseconds> retry_info = {};
  std::optional<std::chrono::milliseconds> deadline = {};  // the caller's
  std::chrono::milliseconds closed_within = std::chrono::seconds(1);
  std::string prompt = "hello";
};

enum class Operation { kChat, kComplete };
// The fault in every attempt, or in the first one only, after which a good answer follows.
enum class Strikes { kAlways, kOnce };

// What a caller saw of one call.
struct Outcome {
  CallStatus status;
  std::vector<std::string> texts;  // one a delta; of a gathered answer all in one
  int started = 0;
  int attempt = 0;
  int finished = 0;
  std::vector<v1::Usage> usage;
  bool usage_last = true;  // nothing came after the usage
  double closed_ms = 0;    // from the call's end to the end of the last attempt's connection or reply
};

// One call of a row.
class Trial {
 public:
  Trial(const Row& row, Operation operation, Strikes strikes, int number);

  const Row& row() const { return row_; }
  const std::string& request_id() const { return request_id_; }
  std::string Name() const;

  void Serve(Conversation& wire);                    // one attempt, on the upstream's thread
  void Run(std::shared_ptr<grpc::Channel> channel);  // the caller; returns when all of the call is over
  void Check(int requests) const;                    // EXPECTs all that the row says
  void Print(int requests) const;
  int requests() const;

 private:
  friend class Attempt;
  void RunChat(std::shared_ptr<grpc::Channel> channel);
  void RunComplete(std::shared_ptr<grpc::Channel> channel);
  bool FaultMayBeFirst() const;
  void CheckTexts() const;
  void CheckUsage() const;
  bool ends_well() const { return strikes_ == Strikes::kOnce || row_.code == grpc::StatusCode::OK; }

  const Row row_;
  const Operation operation_;
  const Strikes strikes_;
  const std::string request_id_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::vector<std::string>> sent_;  // texts by attempt
  size_t received_ = 0;                         // texts of the caller
  int serving_ = 0;                             // attempts that still run
  std::chrono::steady_clock::time_point last_end_;
  bool over_ = false;
  Outcome outcome_;
};

// A gateway under test, and the rows that share it.
class FaultTable : public GatewayTest {
 protected:
  // Starts the gateway and runs every row, for Chat and Complete, with the fault in each attempt and, where the call is
  // tried again, with the fault in the first attempt only. Prints the table.
  void RunInTurn(const std::vector<Row>& rows, const Options& options = {}) { RunAll(rows, options, false); }
  void RunTogether(const std::vector<Row>& rows, const Options& options) { RunAll(rows, options, true); }

  // For faults before a request: they show in no request of the upstream, so that the gateway's own count of its
  // attempts stands for them.
  void RunUnanswered(const Row& row, Options options, const ScriptedUpstream::Options& server = {});

 private:
  void RunAll(const std::vector<Row>& rows, Options options, bool together);
  Handler Serve() const;
  Trial& Add(const Row& row, Operation operation, Strikes strikes);

  // Shared with the upstream, which ends after this object's own members.
  const std::shared_ptr<std::list<Trial>> trials_ = std::make_shared<std::list<Trial>>();
};

}  // namespace sluice::integration

#endif  // SLUICE_TESTS_INTEGRATION_FAULT_TABLE_H_
