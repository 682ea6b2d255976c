#include "server/dialect/extra.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/base/utf8.h"
#include "server/json/tape.h"

namespace sluice::dialect {
namespace {

constexpr size_t kMaxNameShown = 64;

// Depth and size were checked when the request came in.
constexpr json::Tape::Limits kLimits{.max_bytes = size_t{1} << 30, .max_depth = 10'000};

void Refuse(json::Value object, absl::string_view path, absl::Span<const absl::string_view> own,
            std::vector<Misfit>* misfits) {
  for (const auto& [key, value] : object.members()) {
    if (std::find(own.begin(), own.end(), key) == own.end()) continue;
    misfits->push_back({absl::StrCat(path, ".", key.substr(0, Utf8Boundary(key, kMaxNameShown))),
                        "is written by the gateway: use the contract's field for it", Misfit::Severity::kRefuse});
  }
}

// A string's Raw is empty: its quotes are not part of a tape's value.
void PutValue(json::Writer& json, json::Value value) {
  if (value.is_string()) {
    json.Raw(absl::StrCat("\"", value.RawString(), "\""));
  } else {
    json.Raw(value.Raw());
  }
}

}  // namespace

void FitExtra(const chat::Request& request, absl::Span<const absl::string_view> own, absl::string_view within,
              std::vector<Misfit>* misfits) {
  if (request.extra_json.empty()) return;
  json::Tape tape;
  if (tape.Parse(request.extra_json, kLimits) != json::Tape::Result::kOk) return;
  Refuse(tape.root(), "extra_json", own, misfits);
  if (within.empty()) return;
  const json::Value inner = tape.root().Find(within);
  if (inner.is_object()) {
    Refuse(inner, absl::StrCat("extra_json.", within), own, misfits);
  } else if (!inner.is_absent_or_null()) {
    misfits->push_back({absl::StrCat("extra_json.", within), "must be a JSON object", Misfit::Severity::kRefuse});
  }
}

void PutExtra(json::Writer& json, const std::string& extra_json, absl::string_view except) {
  if (extra_json.empty()) return;
  json::Tape tape;
  tape.Parse(extra_json, kLimits);
  for (const auto& [key, value] : tape.root().members()) {
    if (!except.empty() && key == except) continue;
    PutValue(json.Key(key), value);
  }
}

void PutExtraWithin(json::Writer& json, const std::string& extra_json, absl::string_view within) {
  if (extra_json.empty()) return;
  json::Tape tape;
  tape.Parse(extra_json, kLimits);
  for (const auto& [key, value] : tape.root().Find(within).members()) PutValue(json.Key(key), value);
}

}  // namespace sluice::dialect
