#ifndef SLUICE_TESTS_UNIT_UPSTREAM_INTERPOSED_H_
#define SLUICE_TESTS_UNIT_UPSTREAM_INTERPOSED_H_

#include <cstddef>
#include <functional>

namespace sluice::upstream {

// This executable defines getaddrinfo and send, so that libcurl calls ours; they pass on to the C library's.

// Runs before each send of the calling thread, with the descriptor and the number of bytes, while it is set.
extern thread_local std::function<void(int fd, size_t bytes)> before_send;

// While one lives, resolving "slow.test" hangs (on curl's resolver threads); then it fails. Destroying it waits until
// all who asked have had their answer.
class SlowResolver {
 public:
  SlowResolver();
  ~SlowResolver();
  SlowResolver(const SlowResolver&) = delete;
  SlowResolver& operator=(const SlowResolver&) = delete;

  int asked() const;  // how often "slow.test" was asked for
};

}  // namespace sluice::upstream

#endif  // SLUICE_TESTS_UNIT_UPSTREAM_INTERPOSED_H_
