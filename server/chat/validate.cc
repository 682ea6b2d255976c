#include "server/chat/validate.h"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/utf8.h"

namespace sluice::chat {
namespace {

constexpr int32_t kMaxTokens = 128000;
constexpr size_t kMaxStops = 4;
constexpr size_t kMaxSafetyIdentifier = 64;
// A request of 32 MiB can be wrong in millions of places; a caller mends the first of them and sees.
constexpr size_t kMostViolations = 1000;

// All digits that tell the value from its neighbours: "2.0000001", where six digits would print the allowed "2".
std::string Exact(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), value);
  return std::string(text, end.ptr);
}

// Gathers violations. Descriptions hold our own words and numbers, never the caller's text.
class Checker {
 public:
  void Add(std::string field, std::string description) {
    if (found_.size() < kMostViolations) found_.push_back({std::move(field), std::move(description)});
  }

  void Range(const char* field, std::optional<double> value, int low, int high) {
    if (!value || (std::isfinite(*value) && *value >= low && *value <= high)) return;
    const char* const number = std::isfinite(*value) ? "a number" : "a finite number";
    Add(field, absl::StrCat("must be ", number, " from ", low, " to ", high, "; ", Exact(*value), " was given"));
  }

  void Range(const char* field, std::optional<int32_t> value, int32_t low, int32_t high) {
    if (!value || (*value >= low && *value <= high)) return;
    Add(field, absl::StrCat("must be an integer from ", low, " to ", high, "; ", *value, " was given"));
  }

  std::vector<FieldViolation> Take() { return std::move(found_); }

 private:
  std::vector<FieldViolation> found_;
};

void CheckMessages(const std::vector<Message>& messages, Checker& check) {
  if (messages.empty()) check.Add("messages", "must hold at least one message");
  for (size_t i = 0; i < messages.size(); ++i) {
    if (messages[i].texts.empty()) {
      check.Add(absl::StrCat("messages[", i, "].content"), "must hold at least one text; an empty text is allowed");
    }
  }
}

void CheckStop(const std::vector<std::string>& stop, Checker& check) {
  if (stop.size() > kMaxStops) {
    check.Add("stop", absl::StrCat("may hold at most ", kMaxStops, " sequences; ", stop.size(), " were given"));
  }
  for (size_t i = 0; i < stop.size(); ++i) {
    if (stop[i].empty()) check.Add(absl::StrCat("stop[", i, "]"), "must not be empty");
  }
}

void CheckSafetyIdentifier(const std::string& identifier, Checker& check) {
  const size_t length = Utf8Length(identifier);
  if (length <= kMaxSafetyIdentifier) return;
  check.Add("safety_identifier",
            absl::StrCat("may have at most ", kMaxSafetyIdentifier, " characters; ", length, " were given"));
}

}  // namespace

std::vector<FieldViolation> Validate(const Request& request) {
  Checker check;
  if (request.model.empty()) check.Add("model", "must name a model");
  CheckMessages(request.messages, check);
  check.Range("temperature", request.temperature, 0, 2);
  check.Range("top_p", request.top_p, 0, 1);
  check.Range("presence_penalty", request.presence_penalty, -2, 2);
  check.Range("frequency_penalty", request.frequency_penalty, -2, 2);
  check.Range("n", request.n, 1, 128);
  check.Range("max_completion_tokens", request.max_completion_tokens, 1, kMaxTokens);
  check.Range("max_tokens", request.max_tokens, 1, kMaxTokens);
  CheckStop(request.stop, check);
  check.Range("top_logprobs", request.top_logprobs, 0, 20);
  if (request.top_logprobs && !request.logprobs.value_or(false)) {
    check.Add("top_logprobs", "needs logprobs to be true");
  }
  CheckSafetyIdentifier(request.safety_identifier, check);
  return check.Take();
}

}  // namespace sluice::chat
