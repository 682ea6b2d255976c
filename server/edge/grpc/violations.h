#ifndef SLUICE_SERVER_EDGE_GRPC_VIOLATIONS_H_
#define SLUICE_SERVER_EDGE_GRPC_VIOLATIONS_H_

#include <google/protobuf/message.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/chat/error.h"

namespace sluice::edge {

// Where something stands in the caller's request. A chain that lives on the stack beside the code that walks the
// message, and becomes text only when something is wrong there. The parent has to outlive it.
class Place {
 public:
  Place() = default;  // the request itself
  Place(const Place& parent, absl::string_view name) : parent_(&parent), name_(name) {}
  Place(const Place& parent, absl::string_view name, int index) : parent_(&parent), name_(name), index_(index) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  std::string ToString() const;  // "messages[2].content[0]"; "" of the request itself

 private:
  const Place* const parent_ = nullptr;
  const absl::string_view name_;
  const std::optional<int> index_;
};

// Adds what is wrong with a request to a list, as far as only the contract's messages can tell it: values and fields
// that this build does not know, and what has no place in the plain request. All else is chat::Validate's.
class Violations {
 public:
  explicit Violations(std::vector<chat::FieldViolation>* found) : found_(*found) {}
  Violations(const Violations&) = delete;
  Violations& operator=(const Violations&) = delete;

  void Add(const Place& place, absl::string_view what);

  // A field that this build does not know is of a newer contract: to drop it would be to answer half the question.
  void RefuseUnknownFields(const google::protobuf::Message& message, const Place& place);

  // The plain enums list the contract's values in its order, without UNSPECIFIED, which is absence. `last` is the
  // contract's greatest value.
  template <typename Plain>
  std::optional<Plain> TakeEnum(int value, int last, const Place& place) {
    if (value < 0 || value > last) AddUnknownValue(value, place);
    return KnownEnum<Plain>(value, last);
  }
  // The same where the field is required: chat::Validate refuses the absence, be it of a value or of a known one.
  template <typename Plain>
  static std::optional<Plain> KnownEnum(int value, int last) {
    if (value <= 0 || value > last) return std::nullopt;
    return static_cast<Plain>(value - 1);
  }

 private:
  void AddUnknownValue(int value, const Place& place);

  std::vector<chat::FieldViolation>& found_;
};

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_VIOLATIONS_H_
