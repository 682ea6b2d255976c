#ifndef SLUICE_SERVER_CHAT_MESSAGE_H_
#define SLUICE_SERVER_CHAT_MESSAGE_H_

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace sluice::chat {

// The conversation so far, as every dialect sees it. Enumerations that a caller has to choose from are optional:
// nullopt means that the caller chose nothing that is in the contract, which validate.h refuses.

enum class Role { kDeveloper, kSystem, kUser, kAssistant, kTool };
enum class ToolKind { kFunction, kCustom };
enum class ImageDetail { kAuto, kLow, kHigh };
enum class AudioFormat { kWav, kMp3, kAac, kFlac, kOpus, kPcm16 };

struct Text {
  std::string text;
};

// Either a URL (https: or data:), or the encoded image itself.
struct Image {
  std::string url;
  std::string data;
  std::string mime_type;  // of data
  std::optional<ImageDetail> detail;
};

struct InputAudio {
  std::string data;  // not base64
  std::optional<AudioFormat> format;
};

// Either the name of a file that was uploaded before, or the file itself.
struct File {
  std::string file_id;
  std::string data;  // not base64
  std::string filename;
  std::string mime_type;
};

// The model's words when it declined.
struct Refusal {
  std::string text;
};

// What only the provider that made it can read: see dialect/opaque.h.
struct Opaque {
  std::string data;
};

struct Part {
  std::variant<std::monostate, Text, Image, InputAudio, File, Refusal, Opaque> body;  // monostate: refused
  bool cache_breakpoint = false;  // the prefix that ends here is worth keeping in the provider's cache
};

struct ToolCall {
  std::string id;
  std::optional<ToolKind> kind;
  std::string name;
  std::string arguments;  // JSON as a model wrote it, so perhaps invalid; of kCustom the free text
};

struct Message {
  std::optional<Role> role = Role::kUser;
  std::vector<Part> content;
  std::string name;                  // "" is absent
  std::vector<ToolCall> tool_calls;  // kAssistant
  std::string tool_call_id;          // kTool: the call that this answers
  std::string audio_id;              // kAssistant: an earlier spoken answer, in place of content
};

inline Part TextPart(std::string text) { return {Text{std::move(text)}, /*cache_breakpoint=*/false}; }

}  // namespace sluice::chat

#endif  // SLUICE_SERVER_CHAT_MESSAGE_H_
