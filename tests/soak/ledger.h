#ifndef SLUICE_TESTS_SOAK_LEDGER_H_
#define SLUICE_TESTS_SOAK_LEDGER_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "absl/strings/string_view.h"
#include "tests/soak/call_plan.h"

namespace sluice::soak {

inline int64_t NowMs() {
  return std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// What both sides know of one call. Its plan and number never change; the upstream writes the counts, the caller the
// end.
struct Record {
  Record(int64_t the_number, const CallPlan& the_plan)
      : number(the_number), plan(the_plan), asked(first_attempt.get_future()) {}

  const int64_t number;
  const CallPlan plan;
  std::atomic<int> attempts{0};      // requests that the upstream took up
  std::atomic<int> sent{0};          // deltas of the last attempt
  std::atomic<int64_t> ended_ms{0};  // when the caller was done with it; 0: not yet
  std::promise<void> first_attempt;  // kept by the upstream
  std::future<void> asked;           // for the caller
};

// Where the callers leave the plans of their calls for the upstream, and what went wrong, counted. Thread safe.
class Ledger {
 public:
  std::shared_ptr<Record> Begin(const CallPlan& plan);
  std::shared_ptr<Record> Find(int64_t number) const;  // null: no such call, or long over
  void End(Record& record);

  // A call's end, as "chat OK".
  void CountEnd(const std::string& what);
  // Something that must not happen; the first few of each kind are printed at once, with `detail`.
  void Breach(const std::string& kind, absl::string_view detail);

  std::map<std::string, int64_t> ends() const;
  std::map<std::string, int64_t> breaches() const;
  int64_t begun() const;
  std::atomic<int64_t> deltas{0};  // that callers received

 private:
  void Forget(int64_t now_ms);

  mutable std::mutex mutex_;
  int64_t last_ = 0;
  std::unordered_map<int64_t, std::shared_ptr<Record>> records_;
  std::multimap<int64_t, int64_t> ended_;  // when, number
  std::map<std::string, int64_t> ends_, breaches_;
};

}  // namespace sluice::soak

#endif  // SLUICE_TESTS_SOAK_LEDGER_H_
