#include "server/dialect/anthropic/turns.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "server/dialect/anthropic/media.h"
#include "server/dialect/anthropic/opaque_parts.h"
#include "server/dialect/data_uri.h"

namespace sluice::dialect::anthropic {
namespace {

constexpr absl::string_view kUser = "user";
constexpr absl::string_view kAssistant = "assistant";

bool SaysNothing(const chat::Part& part) {
  const auto* const text = std::get_if<chat::Text>(&part.body);
  const auto* const refusal = std::get_if<chat::Refusal>(&part.body);
  return (text != nullptr && text->text.empty()) || (refusal != nullptr && refusal->text.empty());
}

void PutText(json::Writer& json, absl::string_view text) {
  json.StartObject().Member("type", "text").Member("text", text);
}

void PutSource(json::Writer& json, absl::string_view type, absl::string_view mime_type, absl::string_view data) {
  json.Key("source").StartObject().Member("type", type).Member("media_type", mime_type).Member("data", data);
  json.EndObject();
}

// Writes a part up to the end of its object.
class PartWriter {
 public:
  explicit PartWriter(json::Writer& json) : json_(json) {}

  // Fit has left none of these.
  void operator()(std::monostate) const { json_.StartObject(); }
  void operator()(const chat::Opaque&) const { json_.StartObject(); }
  void operator()(const chat::InputAudio&) const { json_.StartObject(); }

  void operator()(const chat::Text& text) const { PutText(json_, text.text); }
  void operator()(const chat::Refusal& refusal) const { PutText(json_, refusal.text); }
  void operator()(const chat::Image& image) const {
    json_.StartObject().Member("type", "image");
    if (image.url.empty()) {
      PutSource(json_, "base64", image.mime_type, absl::Base64Escape(image.data));
    } else if (const auto inside = ReadDataUri(image.url)) {
      PutSource(json_, "base64", WithoutParameters(inside->mime_type), inside->base64);
    } else {
      json_.Key("source").StartObject().Member("type", "url").Member("url", image.url).EndObject();
    }
  }
  void operator()(const chat::File& file) const {
    json_.StartObject().Member("type", "document");
    if (KindOfDocument(file) == DocumentKind::kPdf) {
      PutSource(json_, "base64", "application/pdf", absl::Base64Escape(file.data));
    } else {
      PutSource(json_, "text", "text/plain", file.data);
    }
    if (!file.filename.empty()) json_.Member("title", file.filename);
  }

 private:
  json::Writer& json_;
};

class BlockWriter {
 public:
  BlockWriter(json::Writer& json, const CacheControl& cache) : json_(json), cache_(cache) {}

  void operator()(const std::string& native) const { json_.Raw(native); }
  void operator()(const chat::Part* part) const {
    std::visit(PartWriter(json_), part->body);
    if (part->cache_breakpoint) cache_.Put(json_);
    json_.EndObject();
  }
  void operator()(const chat::ToolCall* call) const {
    const absl::string_view input = absl::StripAsciiWhitespace(call->arguments);
    json_.StartObject().Member("type", "tool_use").Member("id", call->id).Member("name", call->name);
    json_.Key("input").Raw(input.empty() ? "{}" : input).EndObject();
  }
  // A breakpoint inside is one of the whole: Anthropic sets none on parts of blocks.
  void operator()(const ToolResult& result) const {
    const std::vector<chat::Part>& parts = result.message->content;
    json_.StartObject().Member("type", "tool_result").Member("tool_use_id", result.message->tool_call_id);
    json_.Key("content");
    const auto* const sole = parts.size() == 1 ? std::get_if<chat::Text>(&parts[0].body) : nullptr;
    if (sole != nullptr) {
      json_.String(sole->text);
    } else {
      json_.StartArray();
      for (const chat::Part& part : parts) {
        if (SaysNothing(part)) continue;
        std::visit(PartWriter(json_), part.body);
        json_.EndObject();
      }
      json_.EndArray();
    }
    if (std::any_of(parts.begin(), parts.end(), [](const chat::Part& part) { return part.cache_breakpoint; })) {
      cache_.Put(json_);
    }
    json_.EndObject();
  }

 private:
  json::Writer& json_;
  const CacheControl& cache_;
};

}  // namespace

const chat::Text* Turn::SoleText() const {
  const auto* const part = results.empty() && blocks.size() == 1 ? std::get_if<const chat::Part*>(&blocks[0]) : nullptr;
  return part == nullptr || (*part)->cache_breakpoint ? nullptr : std::get_if<chat::Text>(&(*part)->body);
}

void Turns::Add(const chat::Message& message) {
  switch (message.role.value_or(chat::Role::kUser)) {
    case chat::Role::kTool:
      TurnOf(kUser).results.push_back(ToolResult{&message});
      return;
    case chat::Role::kAssistant:
      return AddAnswer(message);
    case chat::Role::kUser:
    case chat::Role::kSystem:
    case chat::Role::kDeveloper:
      break;
  }
  const absl::string_view role = message.role == chat::Role::kUser ? kUser : "system";
  for (const chat::Part& part : message.content) {
    if (!SaysNothing(part)) AddBlock(role, &part);
  }
}

Turn& Turns::TurnOf(absl::string_view role) {
  if (turns_.empty() || turns_.back().role != role) turns_.push_back({role});
  return turns_.back();
}

void Turns::AddBlock(absl::string_view role, Block block) { TurnOf(role).blocks.push_back(std::move(block)); }

// Content in its order, and each call before the first opaque part that it came before.
void Turns::AddAnswer(const chat::Message& message) {
  const std::vector<chat::ToolCall>& calls = message.tool_calls;
  size_t next = 0;
  for (const chat::Part& part : message.content) {
    const auto* const opaque = std::get_if<chat::Opaque>(&part.body);
    if (opaque == nullptr) {
      if (!SaysNothing(part)) AddBlock(kAssistant, &part);
      continue;
    }
    OpaqueBlock block;
    if (UnwrapBlock(opaque->data, &block) != OpaqueOrigin::kThis) continue;
    for (; next < std::min(block.calls_before, calls.size()); ++next) AddBlock(kAssistant, &calls[next]);
    AddBlock(kAssistant, std::move(block.json));
  }
  for (; next < calls.size(); ++next) AddBlock(kAssistant, &calls[next]);
}

void PutBlock(json::Writer& json, const Block& block, const CacheControl& cache) {
  std::visit(BlockWriter(json, cache), block);
}

}  // namespace sluice::dialect::anthropic
