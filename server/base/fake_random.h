#ifndef SLUICE_SERVER_BASE_FAKE_RANDOM_H_
#define SLUICE_SERVER_BASE_FAKE_RANDOM_H_

#include <atomic>

#include "server/base/random.h"

namespace sluice {

// Always draws the number that the test set last; 0.5 at first. Thread safe.
class FakeRandom final : public Random {
 public:
  double Uniform() override { return next_; }
  void SetNext(double next) { next_ = next; }

 private:
  std::atomic<double> next_{0.5};
};

}  // namespace sluice

#endif  // SLUICE_SERVER_BASE_FAKE_RANDOM_H_
