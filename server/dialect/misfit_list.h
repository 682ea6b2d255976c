#ifndef SLUICE_SERVER_DIALECT_MISFIT_LIST_H_
#define SLUICE_SERVER_DIALECT_MISFIT_LIST_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/dialect/codec.h"

namespace sluice::dialect {

// Takes out of a request what one dialect cannot express, and notes each such field (Codec::Fit).
class MisfitList {
 public:
  // `no_counterpart` is what is said of a field without a reason of its own, and outlives the list.
  MisfitList(absl::string_view no_counterpart, std::vector<Misfit>& misfits)
      : no_counterpart_(no_counterpart), misfits_(misfits) {}

  void Add(std::string field, absl::string_view why, Misfit::Severity severity = Misfit::Severity::kPolicy) {
    misfits_.push_back({std::move(field), std::string(why), severity});
  }

  // Takes the field out, and notes it if there was something in it.
  template <typename Value>
  void Drop(absl::string_view field, std::optional<Value>& value, absl::string_view why = {}) {
    if (value) Add(std::string(field), why.empty() ? no_counterpart_ : why);
    value.reset();
  }
  template <typename Container>
  void Drop(absl::string_view field, Container& value, absl::string_view why = {}) {
    if (!value.empty()) Add(std::string(field), why.empty() ? no_counterpart_ : why);
    value.clear();
  }

  // Takes the field out, and notes it if it was anything but what the provider does anyway.
  template <typename Value>
  void DropUnless(absl::string_view field, std::optional<Value>& value, Value usual, absl::string_view why = {}) {
    if (value == usual) value.reset();
    Drop(field, value, why);
  }

  // Everything noted so far, by others too.
  std::vector<Misfit>* all() { return &misfits_; }

 private:
  const absl::string_view no_counterpart_;
  std::vector<Misfit>& misfits_;
};

}  // namespace sluice::dialect

#endif  // SLUICE_SERVER_DIALECT_MISFIT_LIST_H_
