#include "tests/soak/ledger.h"

#include <cstdio>

namespace sluice::soak {
namespace {

constexpr int kExamples = 5;
constexpr int64_t kKeptMs = 30'000;  // an upstream may hear of a call that is over for a moment only

}  // namespace

std::shared_ptr<Record> Ledger::Begin(const CallPlan& plan) {
  const std::lock_guard lock(mutex_);
  auto record = std::make_shared<Record>(++last_, plan);
  records_[record->number] = record;
  return record;
}

std::shared_ptr<Record> Ledger::Find(int64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(number);
  return found == records_.end() ? nullptr : found->second;
}

void Ledger::End(Record& record) {
  const int64_t now = NowMs();
  record.ended_ms = now;
  const std::lock_guard lock(mutex_);
  ended_.emplace(now, record.number);
  Forget(now);
}

void Ledger::Forget(int64_t now_ms) {
  while (!ended_.empty() && ended_.begin()->first < now_ms - kKeptMs) {
    records_.erase(ended_.begin()->second);
    ended_.erase(ended_.begin());
  }
}

void Ledger::CountEnd(const std::string& what) {
  const std::lock_guard lock(mutex_);
  ++ends_[what];
}

void Ledger::Breach(const std::string& kind, absl::string_view detail) {
  const std::lock_guard lock(mutex_);
  if (++breaches_[kind] > kExamples) return;
  std::printf("BREACH %s: %.*s\n", kind.c_str(), static_cast<int>(detail.size()), detail.data());
  std::fflush(stdout);
}

std::map<std::string, int64_t> Ledger::ends() const {
  const std::lock_guard lock(mutex_);
  return ends_;
}

std::map<std::string, int64_t> Ledger::breaches() const {
  const std::lock_guard lock(mutex_);
  return breaches_;
}

int64_t Ledger::begun() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

}  // namespace sluice::soak
