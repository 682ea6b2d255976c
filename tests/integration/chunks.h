#ifndef SLUICE_TESTS_INTEGRATION_CHUNKS_H_
#define SLUICE_TESTS_INTEGRATION_CHUNKS_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

// What an OpenAI-compatible upstream puts behind "data: ". Texts go in as they are: nothing is escaped.
namespace sluice::chunks {

inline std::string WithChoices(absl::string_view choices, absl::string_view more = "") {
  return absl::StrCat(R"({"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m-1","choices":[)",
                      choices, "]", more, "}");
}

inline std::string Role() {
  return WithChoices(R"({"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null})");
}

inline std::string Text(absl::string_view text, int choice = 0) {
  return WithChoices(
      absl::StrCat(R"({"index":)", choice, R"(,"delta":{"content":")", text, R"("},"finish_reason":null})"));
}

inline std::string Finish(absl::string_view reason = "stop") {
  return WithChoices(absl::StrCat(R"({"index":0,"delta":{},"finish_reason":")", reason, R"("})"));
}

inline std::string Usage(int prompt, int completion) {
  return WithChoices("", absl::StrCat(R"(,"usage":{"prompt_tokens":)", prompt, R"(,"completion_tokens":)", completion,
                                      R"(,"total_tokens":)", prompt + completion, "}"));
}

inline constexpr char kDone[] = "[DONE]";

inline std::string Error(absl::string_view message, absl::string_view type, absl::string_view code) {
  return absl::StrCat(R"({"error":{"message":")", message, R"(","type":")", type, R"(","param":null,"code":")", code,
                      R"("}})");
}

}  // namespace sluice::chunks

#endif  // SLUICE_TESTS_INTEGRATION_CHUNKS_H_
