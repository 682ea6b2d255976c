#include "server/dialect/error_body.h"

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace sluice::dialect {
namespace {

constexpr size_t kMaxLevels = 4;

void Take(std::string& field, absl::string_view text) {
  if (field.empty()) field.assign(text.data(), text.size());
}

void TakeNumber(ErrorBody& body, absl::string_view digits) {
  int number;
  if (body.number == 0 && absl::SimpleAtoi(digits, &number) && number >= 400 && number <= 599) body.number = number;
}

// A string, or an array of strings or of objects with a text (FastAPI's detail), or one such object.
std::string MessageText(json::Value value) {
  if (value.is_string()) return std::string(value.AsString());
  if (value.is_object()) {
    const json::Value text = value.Find("message");
    return std::string((text.is_string() ? text : value.Find("msg")).AsString());
  }
  std::string joined;
  for (const json::Value element : value.elements()) {
    const std::string text = element.is_array() ? std::string() : MessageText(element);
    if (!text.empty()) absl::StrAppend(&joined, joined.empty() ? "" : "; ", text);
  }
  return joined;
}

// `code`, `status`, `status_code`: each may be a word, a number, or a number in a string.
void TakeCode(json::Value value, ErrorBody& body, std::string& field) {
  const absl::string_view text = value.is_string() ? value.AsString() : value.AsInt64() ? value.Raw() : "";
  TakeNumber(body, text);
  Take(field, text);
}

void TakeLevel(json::Value error, ErrorBody& body) {
  for (const char* key : {"message", "msg", "detail"}) Take(body.message, MessageText(error.Find(key)));
  TakeCode(error.Find("code"), body, body.code);
  Take(body.inner_code, error.Find("innererror").Find("code").AsString());
  Take(body.request_id, error.Find("request_id").AsString());
  const json::Value status = error.Find("status");
  if (status.is_string()) Take(body.status, status.AsString());
  for (const json::Value number : {status, error.Find("status_code")}) {
    if (number.AsInt64()) TakeNumber(body, number.Raw());
  }
  const absl::string_view type = error.Find("type").AsString();
  if (type != "error") Take(body.type, type);  // the type of the envelope, not of the error
  // OpenRouter: what the provider behind it said.
  const absl::string_view cause = error.Find("metadata").Find("raw").AsString();
  if (!cause.empty()) absl::StrAppend(&body.message, body.message.empty() ? "" : ": ", cause);
}

// Relays put the next one's whole error body into their message.
void OpenMessage(ErrorBody& body) {
  if (body.message.empty() || body.message[0] != '{') return;
  const std::string text = body.message;
  json::Tape tape;
  if (tape.Parse(text) != json::Tape::Result::kOk || !tape.root().Find("error").is_filled()) return;
  ErrorBody outer = std::move(body);
  body = ErrorBody();
  const json::Value error = tape.root().Find("error");
  if (error.is_object()) TakeLevel(error, body);
  if (error.is_string()) Take(body.message, error.AsString());
  Take(body.message, outer.message);
  Take(body.code, outer.code);
  Take(body.inner_code, outer.inner_code);
  Take(body.status, outer.status);
  Take(body.type, outer.type);
  Take(body.request_id, outer.request_id);
  if (body.number == 0) body.number = outer.number;
}

}  // namespace

ErrorBody ReadErrorBody(json::Value root) {
  if (root.is_array() && root.is_filled()) root = *root.elements().begin();  // Gemini's compatible endpoint
  ErrorBody body;
  std::vector<json::Value> levels = {root};
  while (levels.size() < kMaxLevels && levels.back().Find("error").is_object()) {
    levels.push_back(levels.back().Find("error"));
  }
  const json::Value text = levels.back().Find("error");  // xAI: the message itself, its code beside it
  Take(body.message, MessageText(text));
  for (auto level = levels.rbegin(); level != levels.rend(); ++level) TakeLevel(*level, body);
  OpenMessage(body);
  return body;
}

}  // namespace sluice::dialect
