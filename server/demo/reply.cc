#include "server/demo/reply.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/json/writer.h"

namespace sluice::demo {
namespace {

void WriteUsage(int64_t prompt, int64_t completion, json::Writer& writer) {
  writer.Key("usage").StartObject();
  writer.Key("prompt_tokens").Int(prompt);
  writer.Key("completion_tokens").Int(completion);
  writer.Key("total_tokens").Int(prompt + completion);
  writer.EndObject();
}

void WriteTextOrNull(absl::string_view key, absl::string_view text, json::Writer& writer) {
  writer.Key(key);
  if (text.empty()) {
    writer.Null();
  } else {
    writer.String(text);
  }
}

}  // namespace

ReplyWriter::ReplyWriter(const ChatRequest& request, const Answer& answer, std::string id, absl::Time created)
    : id_(std::move(id)),
      model_(request.model),
      created_(absl::ToUnixSeconds(created)),
      include_usage_(request.include_usage),
      finish_reason_(answer.cut ? "length" : "stop"),
      prompt_tokens_(request.prompt_words),
      completion_tokens_(static_cast<int64_t>(answer.words.size())) {}

std::string ReplyWriter::RoleChunk() const { return Chunk(Part::kRole, ""); }
std::string ReplyWriter::TextChunk(absl::string_view text) const { return Chunk(Part::kText, text); }
std::string ReplyWriter::FinishChunk() const { return Chunk(Part::kFinish, ""); }
std::string ReplyWriter::UsageChunk() const { return Chunk(Part::kUsage, ""); }

std::string ReplyWriter::Chunk(Part part, absl::string_view text) const {
  std::string out = "data: ";
  json::Writer writer(out);
  writer.StartObject().Member("id", id_).Member("object", "chat.completion.chunk");
  writer.Key("created").Int(created_).Member("model", model_);
  writer.Key("choices").StartArray();
  if (part != Part::kUsage) {
    writer.StartObject().Key("index").Int(0).Key("delta").StartObject();
    if (part == Part::kRole) writer.Member("role", "assistant");
    if (part != Part::kFinish) writer.Member("content", text);
    writer.EndObject();
    WriteTextOrNull("finish_reason", part == Part::kFinish ? finish_reason_ : "", writer);
    writer.EndObject();
  }
  writer.EndArray();
  if (part == Part::kUsage) {
    WriteUsage(prompt_tokens_, completion_tokens_, writer);
  } else if (include_usage_) {
    writer.Key("usage").Null();  // the API says it in every other chunk too
  }
  writer.EndObject();
  out += "\n\n";
  return out;
}

std::string ReplyWriter::Whole(const Answer& answer) const {
  std::string out;
  json::Writer writer(out);
  writer.StartObject().Member("id", id_).Member("object", "chat.completion");
  writer.Key("created").Int(created_).Member("model", model_);
  writer.Key("choices").StartArray().StartObject().Key("index").Int(0);
  writer.Key("message").StartObject().Member("role", "assistant").Member("content", absl::StrJoin(answer.words, ""));
  writer.Key("refusal").Null().EndObject();
  writer.Key("logprobs").Null().Member("finish_reason", finish_reason_).EndObject().EndArray();
  WriteUsage(prompt_tokens_, completion_tokens_, writer);
  writer.EndObject();
  return out;
}

std::string ErrorBody(const ApiError& error) {
  std::string out;
  json::Writer writer(out);
  writer.StartObject().Key("error").StartObject();
  writer.Member("message", error.message).Member("type", "invalid_request_error");
  WriteTextOrNull("param", error.param, writer);
  WriteTextOrNull("code", error.code, writer);
  writer.EndObject().EndObject();
  return out;
}

std::string ModelsBody(absl::Time created) {
  std::string out;
  json::Writer writer(out);
  writer.StartObject().Member("object", "list").Key("data").StartArray();
  for (const absl::string_view model : {kModel, kEchoModel}) {
    writer.StartObject().Member("id", model).Member("object", "model");
    writer.Key("created").Int(absl::ToUnixSeconds(created)).Member("owned_by", "sluice-demo").EndObject();
  }
  writer.EndArray().EndObject();
  return out;
}

}  // namespace sluice::demo
