#include "server/exchange/json_fields.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/json/tape.h"

namespace sluice::exchange {
namespace {

constexpr size_t kMostViolations = 1000;

class Checker {
 public:
  Checker(int max_depth, std::vector<chat::FieldViolation>* violations)
      : max_depth_(max_depth), violations_(violations) {}

  void Check(std::string field, const std::string& text) {
    if (violations_->size() >= kMostViolations) return;
    switch (tape_.Parse(text, {.max_bytes = text.size(), .max_depth = max_depth_})) {
      case json::Tape::Result::kOk:
        if (tape_.root().is_object()) return;
        return Add(std::move(field), "must be one JSON object");
      case json::Tape::Result::kTooDeep:
        return Add(std::move(field), absl::StrCat("is nested deeper than ", max_depth_, ", this gateway's json_depth"));
      default:
        return Add(std::move(field), "is not valid JSON");
    }
  }

 private:
  void Add(std::string field, std::string description) {
    violations_->push_back({std::move(field), std::move(description)});
  }

  const int max_depth_;
  std::vector<chat::FieldViolation>* const violations_;
  json::Tape tape_;
};

}  // namespace

void CheckJsonFields(const chat::Request& request, int max_depth, std::vector<chat::FieldViolation>* violations) {
  Checker checker(max_depth, violations);
  for (size_t i = 0; i < request.tools.size(); ++i) {
    const auto& parameters = request.tools[i].parameters_json;
    if (parameters) checker.Check(absl::StrCat("tools[", i, "].function.parameters_json"), *parameters);
  }
  if (request.response_format && request.response_format->schema_json) {
    checker.Check("response_format.json_schema.schema_json", *request.response_format->schema_json);
  }
  if (request.moderation && !request.moderation->policy_json.empty()) {
    checker.Check("moderation.policy_json", request.moderation->policy_json);
  }
  if (!request.extra_json.empty()) checker.Check("extra_json", request.extra_json);
}

}  // namespace sluice::exchange
