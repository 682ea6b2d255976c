#include "server/edge/grpc/violations.h"

#include <google/protobuf/unknown_field_set.h>

#include "absl/strings/str_cat.h"

namespace sluice::edge {
namespace {

// A request of 32 MiB can be wrong in millions of places; a caller mends the first of them and sees.
constexpr size_t kMostViolations = 1000;

}  // namespace

std::string Place::ToString() const {
  if (parent_ == nullptr) return "";
  std::string text = parent_->ToString();
  absl::StrAppend(&text, text.empty() ? "" : ".", name_);
  if (index_) absl::StrAppend(&text, "[", *index_, "]");
  return text;
}

void Violations::Add(const Place& place, absl::string_view what) {
  if (found_.size() < kMostViolations) found_.push_back({place.ToString(), std::string(what)});
}

void Violations::RefuseUnknownFields(const google::protobuf::Message& message, const Place& place) {
  const auto& unknown = message.GetReflection()->GetUnknownFields(message);
  if (unknown.empty()) return;
  Add(place, absl::StrCat("field number ", unknown.field(0).number(), " of ", message.GetDescriptor()->full_name(),
                          " is of a newer contract than this gateway's: leave it out, or upgrade the gateway"));
}

void Violations::AddUnknownValue(int value, const Place& place) {
  Add(place, absl::StrCat("value ", value, " is not in this gateway's contract"));
}

}  // namespace sluice::edge
