#include "server/dialect/openai/opaque_parts.h"

#include "absl/strings/str_cat.h"
#include "server/dialect/opaque.h"
#include "server/json/writer.h"

namespace sluice::dialect::openai {

std::string OpaqueReasoningDetails(absl::string_view entries) {
  return WrapOpaque(kDialectName, absl::StrCat("{\"reasoning_details\":[", entries, "]}"));
}

std::string OpaqueExtraContent(absl::string_view call_id, absl::string_view extra_content) {
  std::string part;
  json::Writer(part).StartObject().Key("extra_content").Raw(extra_content).Member("call", call_id).EndObject();
  return WrapOpaque(kDialectName, part);
}

}  // namespace sluice::dialect::openai
