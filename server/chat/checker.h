#ifndef SLUICE_SERVER_CHAT_CHECKER_H_
#define SLUICE_SERVER_CHAT_CHECKER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/chat/error.h"

namespace sluice::chat {

// Gathers violations. Descriptions hold our own words and numbers, never the caller's text.
class Checker {
 public:
  // A request of 32 MiB can be wrong in millions of places; a caller mends the first of them and sees.
  static constexpr size_t kMostViolations = 1000;

  void Add(std::string field, absl::string_view description) {
    if (found_.size() < kMostViolations) found_.push_back({std::move(field), std::string(description)});
  }
  void Require(bool fine, absl::string_view field, absl::string_view description) {
    if (!fine) Add(std::string(field), description);
  }

  void Range(absl::string_view field, std::optional<double> value, int low, int high);
  void Range(absl::string_view field, std::optional<int32_t> value, int32_t low, int32_t high);
  // Counted in characters.
  void AtMost(absl::string_view field, absl::string_view text, size_t most);
  // 1 to 64 of A-Z a-z 0-9 _ - (OpenAI's names of functions and schemas).
  void Name(absl::string_view field, absl::string_view name);

  std::vector<FieldViolation> Take() { return std::move(found_); }

 private:
  std::vector<FieldViolation> found_;
};

}  // namespace sluice::chat

#endif  // SLUICE_SERVER_CHAT_CHECKER_H_
