#include "server/base/random.h"

#include <random>

namespace sluice {
namespace {

class ThreadRandom final : public Random {
 public:
  double Uniform() override {
    static thread_local std::mt19937_64 generator{std::random_device{}()};
    return std::uniform_real_distribution<double>(0, 1)(generator);
  }
};

}  // namespace

Random& Random::Real() {
  static auto* random = new ThreadRandom;
  return *random;
}

}  // namespace sluice
