#ifndef SLUICE_SERVER_CONFIG_MESSAGE_READER_H_
#define SLUICE_SERVER_CONFIG_MESSAGE_READER_H_

#include <string>

#include "google/protobuf/message.h"
#include "server/config/environment.h"
#include "server/config/problems.h"
#include "server/config/yaml.h"

namespace sluice::config {

// Fills a message from YAML by the message's own description, so that the schema alone decides what a file may say.
// Unknown, repeated and mistyped fields become problems, and ${NAME} in values is replaced. Tells `problems` where each
// path stands.
class MessageReader {
 public:
  // Both must outlive the reader.
  MessageReader(const Environment& environment, Problems* problems) : environment_(environment), problems_(problems) {}

  void Read(const YamlNode& node, google::protobuf::Message* message) { ReadMessage(node, "", message); }

 private:
  using Field = google::protobuf::FieldDescriptor;

  void ReadMessage(const YamlNode& node, const std::string& path, google::protobuf::Message* message);
  void ReadField(const YamlNode& node, const std::string& path, const Field* field, google::protobuf::Message* message);
  void ReadList(const YamlNode& node, const std::string& path, const Field* field, google::protobuf::Message* message);
  void ReadMap(const YamlNode& node, const std::string& path, const Field* field, google::protobuf::Message* message);
  void ReadScalar(const YamlNode& node, const std::string& path, const Field* field,
                  google::protobuf::Message* message);
  void ReadDuration(const YamlNode& node, const std::string& path, google::protobuf::Message* message);
  // Whether `node` is a map to go through. Nothing at all counts as an empty one.
  bool IsMap(const YamlNode& node, const std::string& path);
  // The scalar's text with variables replaced; false when there is none to use, which has been reported.
  bool Text(const YamlNode& node, const std::string& path, std::string* text);
  bool Expand(const YamlNode& node, const std::string& path, std::string* text);

  const Environment& environment_;
  Problems* const problems_;
};

}  // namespace sluice::config

#endif  // SLUICE_SERVER_CONFIG_MESSAGE_READER_H_
