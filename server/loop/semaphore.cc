#include "server/loop/semaphore.h"

#include <utility>

namespace sluice::loop {

struct Semaphore::Waiting {
  Loop* loop;
  Permit* permit;        // for the loop's thread; null once the permit has left
  bool granted = false;  // guarded by the semaphore's mutex
  std::list<std::shared_ptr<Waiting>>::iterator place;
};

Semaphore::Semaphore(int permits, size_t longest_line) : permits_(permits), longest_line_(longest_line) {}

void Semaphore::SetLimits(int permits, size_t longest_line) {
  std::lock_guard lock(mutex_);
  permits_ = permits;
  longest_line_ = longest_line;
  GrantLocked();
}

size_t Semaphore::waiting() const {
  std::lock_guard lock(mutex_);
  return line_.size();
}

TakeOutcome Semaphore::TakeOrWait(Loop* loop, Permit* permit, std::shared_ptr<Waiting>* waiting) {
  std::lock_guard lock(mutex_);
  if (line_.empty() && held_.load() < permits_) {
    ++held_;
    return TakeOutcome::kHeld;
  }
  if (line_.size() >= longest_line_) return TakeOutcome::kRefused;
  *waiting = std::make_shared<Waiting>(Waiting{loop, permit, false, {}});
  (*waiting)->place = line_.insert(line_.end(), *waiting);
  return TakeOutcome::kWaiting;
}

void Semaphore::Leave(const std::shared_ptr<Waiting>& waiting) {
  std::lock_guard lock(mutex_);
  if (!waiting->granted) {
    line_.erase(waiting->place);
    return;
  }
  --held_;
  GrantLocked();
}

void Semaphore::GiveBack() {
  std::lock_guard lock(mutex_);
  --held_;
  GrantLocked();
}

void Semaphore::GrantLocked() {
  while (!line_.empty() && held_.load() < permits_) {
    std::shared_ptr<Waiting> first = std::move(line_.front());
    line_.pop_front();
    first->granted = true;
    ++held_;
    // Posted under the lock: once a permit has left the line, nobody touches its loop any more.
    Loop* loop = first->loop;
    loop->Post([first = std::move(first)] {
      if (first->permit != nullptr) first->permit->Granted();
    });
  }
}

Permit::Permit(std::shared_ptr<Semaphore> semaphore, Loop& loop, absl::AnyInvocable<void()> on_granted)
    : semaphore_(std::move(semaphore)), loop_(loop), on_granted_(std::move(on_granted)) {}

Permit::~Permit() { Release(); }

Permit::Outcome Permit::Take() {
  const Outcome outcome = semaphore_->TakeOrWait(&loop_, this, &waiting_);
  held_ = outcome == Outcome::kHeld;
  return outcome;
}

void Permit::Release() {
  if (waiting_ != nullptr) {
    waiting_->permit = nullptr;
    semaphore_->Leave(waiting_);
    waiting_ = nullptr;
  }
  if (std::exchange(held_, false)) semaphore_->GiveBack();
}

void Permit::Granted() {
  waiting_ = nullptr;
  held_ = true;
  auto on_granted = std::move(on_granted_);
  on_granted();
}

}  // namespace sluice::loop
