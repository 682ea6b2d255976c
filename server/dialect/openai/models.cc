#include "server/dialect/openai/models.h"

#include "server/dialect/errors.h"
#include "server/dialect/model_list.h"

namespace sluice::dialect::openai {
namespace {

// OpenAI's own list has none. Names: vLLM and SGLang; OpenRouter and relays; Mistral; Groq; llama.cpp.
std::optional<int64_t> FindContextLength(json::Value entry) {
  for (const char* name : {"max_model_len", "context_length", "max_context_length", "context_window"}) {
    if (const auto length = ReadContextLength(entry.Find(name))) return length;
  }
  return ReadContextLength(entry.Find("meta").Find("n_ctx"));
}

std::optional<Model> ReadModel(json::Value entry) {
  return Model{std::string(entry.Find("id").AsString()), std::string(entry.Find("owned_by").AsString()),
               entry.Find("created").AsInt64(), FindContextLength(entry)};
}

}  // namespace

absl::StatusOr<std::vector<Model>> DecodeModels(absl::string_view body) {
  return ReadModelList(body, {.list = [](json::Value root) { return root.is_array() ? root : root.Find("data"); },
                              .model = ReadModel,
                              .error = [](json::Value root) { return ReadError(root, /*http_status=*/0); }});
}

}  // namespace sluice::dialect::openai
