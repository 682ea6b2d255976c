#include "server/demo/chat.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/base/utf8.h"
#include "server/json/tape.h"

namespace sluice::demo {
namespace {

ApiError Invalid(std::string message, absl::string_view param) {
  return {.http_status = 400, .message = std::move(message), .param = std::string(param), .code = {}};
}

// A message's text: a string, or the text parts of an array.
std::string TextOf(json::Value content) {
  if (content.is_string()) return std::string(content.AsString());
  std::string text;
  for (const json::Value part : content.elements()) {
    if (part.Find("type").AsString() == "text") absl::StrAppend(&text, part.Find("text").AsString());
  }
  return text;
}

std::vector<std::string> SplitWords(absl::string_view text) {
  std::vector<std::string> words;
  size_t begin = 0;
  while (begin < text.size()) {
    size_t end = begin;
    while (end < text.size() && absl::ascii_isspace(static_cast<unsigned char>(text[end]))) ++end;
    const bool only_blanks = end == text.size();
    while (end < text.size() && !absl::ascii_isspace(static_cast<unsigned char>(text[end]))) ++end;
    if (only_blanks && !words.empty()) {
      absl::StrAppend(&words.back(), text.substr(begin));
    } else {
      words.emplace_back(text.substr(begin, end - begin));
    }
    begin = end;
  }
  return words;
}

// A flag that may be left out or null; nothing if it is something else.
std::optional<bool> ReadFlag(json::Value value) {
  if (value.is_absent_or_null()) return false;
  if (value.kind() == json::Kind::kTrue) return true;
  if (value.kind() == json::Kind::kFalse) return false;
  return std::nullopt;
}

std::optional<ApiError> ReadMessages(json::Value messages, ChatRequest& request) {
  if (!messages.is_array() || !messages.is_filled()) {
    return Invalid("'messages' must be an array with at least one message.", "messages");
  }
  for (const json::Value message : messages.elements()) {
    const absl::string_view role = message.Find("role").AsString();
    if (role.empty()) {
      return Invalid(absl::StrCat("'messages[", request.messages, "].role' is missing."), "messages");
    }
    const std::string text = TextOf(message.Find("content"));
    ++request.messages;
    request.characters += Utf8Length(text);
    request.prompt_words += static_cast<int64_t>(SplitWords(text).size());
    if (role == "user") request.last_user_text = text;
  }
  return std::nullopt;
}

std::optional<ApiError> ReadMaxTokens(json::Value root, ChatRequest& request) {
  for (const absl::string_view name : {"max_completion_tokens", "max_tokens"}) {
    const json::Value value = root.Find(name);
    if (value.is_absent_or_null()) continue;
    const std::optional<int64_t> number = value.AsInt64();
    if (!number.has_value() || *number < 1)
      return Invalid(absl::StrCat("'", name, "' must be an integer above 0."), name);
    request.max_tokens = number;
    return std::nullopt;
  }
  return std::nullopt;
}

std::optional<ApiError> ReadFlags(json::Value root, ChatRequest& request) {
  const std::optional<bool> stream = ReadFlag(root.Find("stream"));
  if (!stream.has_value()) return Invalid("'stream' must be true or false.", "stream");
  const std::optional<bool> usage = ReadFlag(root.Find("stream_options").Find("include_usage"));
  if (!usage.has_value()) return Invalid("'stream_options.include_usage' must be true or false.", "stream_options");
  request.stream = *stream;
  request.include_usage = *usage;
  const json::Value n = root.Find("n");
  if (!n.is_absent_or_null() && n.AsInt64() != 1) return Invalid("The demo gives one choice: leave 'n' out.", "n");
  return std::nullopt;
}

std::string About(const ChatRequest& request) {
  return absl::StrCat(
      "This is Sluice's demo: no language model is behind it, and this text is the same for everybody. Your request "
      "came "
      "through with ",
      request.messages, request.messages == 1 ? " message" : " messages", " and ", request.characters,
      request.characters == 1 ? " character" : " characters",
      " of text. Ask the model demo-echo to hear your last message back. To talk to a real model, stop the demo, set "
      "HOLYSHEEP_API_KEY or name your upstreams in a configuration file, and start sluice-gateway without --demo.");
}

}  // namespace

std::variant<ChatRequest, ApiError> ParseChatRequest(absl::string_view body) {
  json::Tape tape;
  if (!IsValidUtf8(body) || tape.Parse(body) != json::Tape::Result::kOk || !tape.root().is_object()) {
    return Invalid("The body of your request is not a valid JSON object.", "");
  }
  const json::Value root = tape.root();
  ChatRequest request;
  request.model = std::string(root.Find("model").AsString());
  if (request.model.empty()) return Invalid("You must provide a model: 'demo' or 'demo-echo'.", "model");
  if (request.model != kModel && request.model != kEchoModel) {
    return ApiError{
        .http_status = 404,
        .message = absl::StrCat("The model '", request.model, "' does not exist: the demo has 'demo' and 'demo-echo'."),
        .param = "model",
        .code = "model_not_found"};
  }
  for (const auto read : {ReadFlags, ReadMaxTokens}) {
    if (std::optional<ApiError> error = read(root, request); error.has_value()) return *std::move(error);
  }
  if (std::optional<ApiError> error = ReadMessages(root.Find("messages"), request); error.has_value()) {
    return *std::move(error);
  }
  return request;
}

Answer MakeAnswer(const ChatRequest& request) {
  Answer answer;
  answer.words = SplitWords(request.model == kEchoModel ? request.last_user_text : About(request));
  if (request.max_tokens.has_value() && static_cast<uint64_t>(*request.max_tokens) < answer.words.size()) {
    answer.words.resize(static_cast<size_t>(*request.max_tokens));
    answer.cut = true;
  }
  return answer;
}

}  // namespace sluice::demo
