#ifndef SLUICE_SERVER_BASE_FAKE_ID_H_
#define SLUICE_SERVER_BASE_FAKE_ID_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/base/id.h"

namespace sluice {

// Request ids that count from 1 in the real ones' shape: 00000000000000000000000000000001, ...2. Thread safe.
class FakeIdSource final : public IdSource {
 public:
  std::string NewRequestId() override {
    return absl::StrCat(std::string(16, '0'), absl::Hex(++last_, absl::kZeroPad16));
  }

 private:
  std::atomic<uint64_t> last_{0};
};

}  // namespace sluice

#endif  // SLUICE_SERVER_BASE_FAKE_ID_H_
