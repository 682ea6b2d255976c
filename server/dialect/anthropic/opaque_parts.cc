#include "server/dialect/anthropic/opaque_parts.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/json/tape.h"
#include "server/json/writer.h"

namespace sluice::dialect::anthropic {

bool IsOpaqueBlock(absl::string_view type) {
  return type == "thinking" || type == "redacted_thinking" || type == "server_tool_use" || type == "mcp_tool_use" ||
         absl::EndsWith(type, "_tool_result");
}

std::string WrapBlock(absl::string_view block_json, size_t calls_before) {
  std::string part;
  json::Writer(part)
      .StartObject()
      .Key("block")
      .Raw(block_json)
      .Key("calls_before")
      .Int(static_cast<int64_t>(calls_before))
      .EndObject();
  return WrapOpaque(kDialectName, part);
}

std::string WithInput(absl::string_view block_json, absl::string_view input) {
  json::Tape parsed_input;
  json::Tape block;
  if (parsed_input.Parse(input, {.max_bytes = input.size()}) != json::Tape::Result::kOk ||
      !parsed_input.root().is_object() ||
      block.Parse(block_json, {.max_bytes = block_json.size()}) != json::Tape::Result::kOk) {
    return "";
  }
  std::string joined;
  json::Writer json(joined);
  json.StartObject();
  for (const auto& [key, value] : block.root().members()) {
    if (key == "input") continue;
    json.Key(key).Raw(value.is_string() ? absl::StrCat("\"", value.RawString(), "\"") : std::string(value.Raw()));
  }
  json.Key("input").Raw(input).EndObject();
  return joined;
}

OpaqueOrigin UnwrapBlock(absl::string_view data, OpaqueBlock* block) {
  std::string part;
  const OpaqueOrigin origin = UnwrapOpaque(kDialectName, data, &part);
  if (origin != OpaqueOrigin::kThis) return origin;
  json::Tape tape;
  if (tape.Parse(part, {.max_bytes = part.size()}) != json::Tape::Result::kOk) return OpaqueOrigin::kNone;
  const json::Value inner = tape.root().Find("block");
  const auto calls = tape.root().Find("calls_before").AsInt64();
  if (!IsOpaqueBlock(inner.Find("type").AsString()) || !calls || *calls < 0) return OpaqueOrigin::kNone;
  block->json = std::string(inner.Raw());
  block->calls_before = static_cast<size_t>(*calls);
  return OpaqueOrigin::kThis;
}

}  // namespace sluice::dialect::anthropic
