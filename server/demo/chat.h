#ifndef SLUICE_SERVER_DEMO_CHAT_H_
#define SLUICE_SERVER_DEMO_CHAT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"

namespace sluice::demo {

inline constexpr absl::string_view kModel = "demo";           // tells about itself
inline constexpr absl::string_view kEchoModel = "demo-echo";  // repeats the last user message

// An error as the OpenAI API words it.
struct ApiError {
  int http_status = 400;
  std::string message = {};
  std::string param = {};  // empty: null
  std::string code = {};   // empty: null
};

// What the demo looks at in a chat completion request.
struct ChatRequest {
  std::string model;
  bool stream = false;
  bool include_usage = false;
  std::optional<int64_t> max_tokens;  // max_completion_tokens, else max_tokens; at least 1
  size_t messages = 0;
  size_t characters = 0;  // of all text in them
  int64_t prompt_words = 0;
  std::string last_user_text;
};

// Reads a request body. Members that the demo has no use for are let through: it must serve what real callers send.
std::variant<ChatRequest, ApiError> ParseChatRequest(absl::string_view body);

// The answer in the pieces it is streamed in, one word each with the blanks before it; joined they are the answer
// exactly. One piece counts as one token.
struct Answer {
  std::vector<std::string> words;
  bool cut = false;  // max_tokens ended it
};
Answer MakeAnswer(const ChatRequest& request);

}  // namespace sluice::demo

#endif  // SLUICE_SERVER_DEMO_CHAT_H_
