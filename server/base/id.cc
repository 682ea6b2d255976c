#include "server/base/id.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"

namespace sluice {
namespace {

class RandomIds final : public IdSource {
 public:
  std::string NewRequestId() override {
    // Asked of the kernel each time: well under a microsecond once a call, with no state to seed, share or fork.
    std::array<char, 16> bytes;
    ssize_t got;
    do {
      got = getrandom(bytes.data(), bytes.size(), 0);
    } while (got < 0 && errno == EINTR);
    // getrandom(2): up to 256 bytes come whole; it can fail for no reason but a kernel older than 3.17.
    if (got != static_cast<ssize_t>(bytes.size())) std::abort();
    return absl::BytesToHexString(absl::string_view(bytes.data(), bytes.size()));
  }
};

}  // namespace

IdSource& IdSource::Real() {
  static auto* ids = new RandomIds;
  return *ids;
}

}  // namespace sluice
