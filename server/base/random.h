#ifndef SLUICE_SERVER_BASE_RANDOM_H_
#define SLUICE_SERVER_BASE_RANDOM_H_

namespace sluice {

// The source of chance. Policies take it from here, so that tests know the outcome (fake_random.h). Thread safe.
class Random {
 public:
  virtual ~Random() = default;

  // Even over [0, 1).
  virtual double Uniform() = 0;

  // A generator a thread, seeded by the kernel; for spreading load, not for secrets. Lives for the whole process.
  static Random& Real();
};

}  // namespace sluice

#endif  // SLUICE_SERVER_BASE_RANDOM_H_
