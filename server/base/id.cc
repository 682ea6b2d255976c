#include "server/base/id.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"

namespace sluice {
namespace {

// Random bytes from the kernel, asked for as many at a time as come whole (getrandom(2): 256): a system call is dear
// beside the rest of a short call. One a thread, so there is no lock; the process does not fork.
class RandomBytes {
 public:
  static constexpr size_t kPerId = 16;

  absl::string_view Next() {
    if (used_ == bytes_.size()) Refill();
    used_ += kPerId;
    return absl::string_view(bytes_.data() + used_ - kPerId, kPerId);
  }

 private:
  void Refill() {
    ssize_t got;
    do {
      got = getrandom(bytes_.data(), bytes_.size(), 0);
    } while (got < 0 && errno == EINTR);
    // It can fail for no reason but a kernel older than 3.17.
    if (got != static_cast<ssize_t>(bytes_.size())) std::abort();
    used_ = 0;
  }

  std::array<char, 16 * kPerId> bytes_;
  size_t used_ = bytes_.size();
};

class RandomIds final : public IdSource {
 public:
  std::string NewRequestId() override {
    thread_local RandomBytes bytes;
    return absl::BytesToHexString(bytes.Next());
  }
};

}  // namespace

IdSource& IdSource::Real() {
  static auto* ids = new RandomIds;
  return *ids;
}

}  // namespace sluice
