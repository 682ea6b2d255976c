#include "server/dialect/openai/models.h"

#include "server/base/utf8.h"
#include "server/dialect/errors.h"
#include "server/json/tape.h"

namespace sluice::dialect::openai {

namespace {

// OpenAI's own list has none. Names: vLLM and SGLang; OpenRouter and relays; Mistral; Groq; llama.cpp.
std::optional<int64_t> ContextLength(json::Value entry) {
  for (const char* name : {"max_model_len", "context_length", "max_context_length", "context_window"}) {
    const auto length = entry.Find(name).AsInt64();
    if (length && *length > 0) return length;
  }
  const auto length = entry.Find("meta").Find("n_ctx").AsInt64();
  return length && *length > 0 ? length : std::nullopt;
}

}  // namespace

absl::StatusOr<std::vector<Model>> DecodeModels(absl::string_view body) {
  const std::string text = RepairUtf8(body);
  json::Tape tape;
  if (tape.Parse(text) != json::Tape::Result::kOk) {
    return absl::InternalError("the upstream's list of models is not JSON: check base_url of this upstream");
  }
  const json::Value root = tape.root();
  const json::Value list = root.is_array() ? root : root.Find("data");
  if (!list.is_array()) {
    if (IsError(root)) return absl::UnavailableError(ReadError(root, /*http_status=*/0).message);
    return absl::InternalError(
        "the upstream's answer is no list of models: check that base_url of this upstream ends where /models begins");
  }
  std::vector<Model> models;
  for (const json::Value entry : list.elements()) {
    const absl::string_view id = entry.Find("id").AsString();
    if (id.empty()) continue;
    models.push_back({std::string(id), std::string(entry.Find("owned_by").AsString()), entry.Find("created").AsInt64(),
                      ContextLength(entry)});
  }
  return models;
}

}  // namespace sluice::dialect::openai
