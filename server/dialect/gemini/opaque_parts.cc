#include "server/dialect/gemini/opaque_parts.h"

#include <cstdint>

#include "server/dialect/opaque.h"
#include "server/json/writer.h"

namespace sluice::dialect::gemini {
namespace {

void PutPlace(json::Writer& json, size_t begin, size_t end, size_t calls) {
  json.Key("text").StartArray().Int(static_cast<int64_t>(begin)).Int(static_cast<int64_t>(end)).EndArray();
  json.Key("calls").Int(static_cast<int64_t>(calls));
}

std::optional<size_t> ReadSize(json::Value value) {
  const auto number = value.AsInt64();
  return number && *number >= 0 ? std::optional(static_cast<size_t>(*number)) : std::nullopt;
}

bool ReadPlace(json::Value root, Mark& mark) {
  const json::Value text = root.Find("text");
  if (text.size() != 2) return false;
  auto at = text.elements().begin();
  const auto begin = ReadSize(*at);
  const auto end = ReadSize(*++at);
  const auto calls = ReadSize(root.Find("calls"));
  if (!begin || !end || !calls || *begin > *end) return false;
  mark.begin = *begin;
  mark.end = *end;
  mark.calls = *calls;
  return true;
}

}  // namespace

std::string OpaqueOfCall(absl::string_view signature, absl::string_view call_id) {
  std::string native;
  json::Writer json(native);
  json.StartObject().Member("thoughtSignature", signature).Member("call", call_id).EndObject();
  return WrapOpaque(kDialectName, native);
}

std::string OpaqueOfText(absl::string_view signature, size_t begin, size_t end, size_t calls) {
  std::string native;
  json::Writer json(native);
  json.StartObject().Member("thoughtSignature", signature);
  PutPlace(json, begin, end, calls);
  json.EndObject();
  return WrapOpaque(kDialectName, native);
}

std::string OpaqueOfPart(json::Value part, size_t end, size_t calls) {
  std::string native;
  json::Writer json(native);
  json.StartObject().Key("part").Raw(part.Raw());
  PutPlace(json, end, end, calls);
  json.EndObject();
  return WrapOpaque(kDialectName, native);
}

std::optional<Mark> ReadMark(const std::string& native_json) {
  json::Tape tape;
  if (tape.Parse(native_json, {.max_bytes = native_json.size()}) != json::Tape::Result::kOk) return std::nullopt;
  const json::Value root = tape.root();
  const json::Value part = root.Find("part");
  Mark mark;
  mark.signature = std::string(root.Find("thoughtSignature").AsString());
  mark.call = std::string(root.Find("call").AsString());
  if (part.is_object()) {
    mark.part = std::string(part.Raw());
  } else if (mark.signature.empty()) {
    return std::nullopt;
  }
  if (mark.call.empty() && !ReadPlace(root, mark)) return std::nullopt;
  return mark;
}

}  // namespace sluice::dialect::gemini
