#include "server/route/retry_budget.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sluice::route {

bool RetryBudget::Take() {
  int retries = retries_;
  do {
    // A share that is no sum of binary fractions comes out a hair low: 0.29 of 100 are 29.
    const int share = static_cast<int>(std::floor(share_ * live_ + 1e-6));
    if (retries >= std::max(kAlways, share)) return false;
  } while (!retries_.compare_exchange_weak(retries, retries + 1));
  return true;
}

BudgetedCall::BudgetedCall(std::shared_ptr<RetryBudget> budget) : budget_(std::move(budget)) { ++budget_->live_; }

BudgetedCall::~BudgetedCall() {
  ReturnRetry();
  --budget_->live_;
}

bool BudgetedCall::TakeRetry() {
  if (!holds_retry_) holds_retry_ = budget_->Take();
  return holds_retry_;
}

void BudgetedCall::ReturnRetry() {
  if (!std::exchange(holds_retry_, false)) return;
  --budget_->retries_;
}

}  // namespace sluice::route
