#ifndef SLUICE_TESTS_UNIT_EDGE_GRPC_CONTRACT_WALK_H_
#define SLUICE_TESTS_UNIT_EDGE_GRPC_CONTRACT_WALK_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>
#include <vector>

namespace sluice::edge {

// A message inside a message: the fields that lead to it, each once. Of a list, its first entry.
class Spot {
 public:
  Spot() = default;
  Spot(const Spot& parent, const google::protobuf::FieldDescriptor* field);

  // Makes it there, with all that leads to it, where it is not yet.
  google::protobuf::Message* In(google::protobuf::Message* root) const;
  // As a violation writes it: "messages[0].content[0]"; "" is the root.
  std::string Path() const;
  // The path of one of its fields, by itself.
  std::string PathOf(const google::protobuf::FieldDescriptor* field) const;

 private:
  std::vector<const google::protobuf::FieldDescriptor*> fields_;
};

struct SpotOfType {
  Spot spot;
  const google::protobuf::Descriptor* type;
};

// Every place of a message that a message of `type` can hold, itself first. The contract's have no cycles.
std::vector<SpotOfType> EverySpot(const google::protobuf::Descriptor* type);

// Gives one field a value that is not its default, whatever its type.
void SetSomething(google::protobuf::Message* message, const google::protobuf::FieldDescriptor* field);

}  // namespace sluice::edge

#endif  // SLUICE_TESTS_UNIT_EDGE_GRPC_CONTRACT_WALK_H_
