#include "tests/unit/edge_grpc/contract_walk.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace sluice::edge {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

Spot::Spot(const Spot& parent, const FieldDescriptor* field) : fields_(parent.fields_) { fields_.push_back(field); }

Message* Spot::In(Message* root) const {
  Message* at = root;
  for (const FieldDescriptor* field : fields_) {
    const auto* reflection = at->GetReflection();
    if (!field->is_repeated()) {
      at = reflection->MutableMessage(at, field);
    } else if (reflection->FieldSize(*at, field) > 0) {
      at = reflection->MutableRepeatedMessage(at, field, 0);
    } else {
      at = reflection->AddMessage(at, field);
    }
  }
  return at;
}

std::string Spot::Path() const {
  std::string path;
  for (const FieldDescriptor* field : fields_) {
    absl::StrAppend(&path, path.empty() ? "" : ".", field->name(), field->is_repeated() ? "[0]" : "");
  }
  return path;
}

std::string Spot::PathOf(const FieldDescriptor* field) const {
  const std::string path = Path();
  return absl::StrCat(path, path.empty() ? "" : ".", field->name());
}

namespace {

void Visit(const Spot& spot, const Descriptor* type, std::vector<SpotOfType>* spots) {
  spots->push_back({spot, type});
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->message_type() != nullptr) Visit(Spot(spot, field), field->message_type(), spots);
  }
}

}  // namespace

std::vector<SpotOfType> EverySpot(const Descriptor* type) {
  std::vector<SpotOfType> spots;
  Visit(Spot(), type, &spots);
  return spots;
}

void SetSomething(Message* message, const FieldDescriptor* field) {
  const auto* reflection = message->GetReflection();
  const bool many = field->is_repeated();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      many ? reflection->AddInt32(message, field, 1) : reflection->SetInt32(message, field, 1);
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      many ? reflection->AddInt64(message, field, 1) : reflection->SetInt64(message, field, 1);
      break;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      many ? reflection->AddDouble(message, field, 0.5) : reflection->SetDouble(message, field, 0.5);
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      // The one that is true unless it is said to be false.
      many ? reflection->AddBool(message, field, true)
           : reflection->SetBool(message, field, field->name() != "include_usage");
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      many ? reflection->AddEnumValue(message, field, 1) : reflection->SetEnumValue(message, field, 1);
      break;
    case FieldDescriptor::CPPTYPE_STRING:
      many ? reflection->AddString(message, field, "x") : reflection->SetString(message, field, "x");
      break;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      many ? reflection->AddMessage(message, field) : reflection->MutableMessage(message, field);
      break;
    default:
      FAIL() << "a type that the contract did not have: " << field->full_name();
  }
}

}  // namespace sluice::edge
