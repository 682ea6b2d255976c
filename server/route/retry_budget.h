#ifndef SLUICE_SERVER_ROUTE_RETRY_BUDGET_H_
#define SLUICE_SERVER_ROUTE_RETRY_BUDGET_H_

#include <atomic>
#include <memory>

namespace sluice::route {

// How many retries one upstream gets, as a share of the calls that are live there: an upstream that fails for everybody
// is not hit three times as hard for it. One an upstream and process, shared by its engines and kept over reloads.
// Thread safe, lock free; touched a few times a call.
class RetryBudget {
 public:
  // Retries at one time that are allowed whatever the traffic: with a handful of calls a share of them is none.
  static constexpr int kAlways = 3;

  explicit RetryBudget(double share) : share_(share) {}  // 0 to 1; 0 leaves kAlways
  void SetShare(double share) { share_ = share; }

  int live_calls() const { return live_; }  // BudgetedCalls there are
  int retries() const { return retries_; }  // those of them that hold a retry

 private:
  friend class BudgetedCall;
  bool Take();

  std::atomic<double> share_;
  std::atomic<int> live_{0};
  std::atomic<int> retries_{0};
};

// One call's part in its upstream's budget, from its first attempt to its end (the destructor). One thread at a time.
class BudgetedCall {
 public:
  explicit BudgetedCall(std::shared_ptr<RetryBudget> budget);
  ~BudgetedCall();
  BudgetedCall(const BudgetedCall&) = delete;
  BudgetedCall& operator=(const BudgetedCall&) = delete;

  // Whether the budget allows a retry now. A retry is held from here, over its backoff and attempt, until ReturnRetry
  // or the call's end; a call that holds one and takes again keeps it.
  bool TakeRetry();
  void ReturnRetry();  // the retry brought output: what follows is a live call like any other. Idempotent.

 private:
  const std::shared_ptr<RetryBudget> budget_;
  bool holds_retry_ = false;
};

}  // namespace sluice::route

#endif  // SLUICE_SERVER_ROUTE_RETRY_BUDGET_H_
