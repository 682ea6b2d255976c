#include "server/dialect/opaque.h"

#include <utility>

#include "server/base/utf8.h"
#include "server/json/tape.h"
#include "server/json/writer.h"

namespace sluice::dialect {

std::string WrapOpaque(absl::string_view dialect, absl::string_view native_json) {
  std::string data;
  json::Writer(data).StartObject().Member("dialect", dialect).Key("part").Raw(native_json).EndObject();
  return data;
}

OpaqueOrigin UnwrapOpaque(absl::string_view dialect, absl::string_view data, std::string* native_json) {
  json::Tape tape;
  if (!IsValidUtf8(data) || tape.Parse(data, {.max_bytes = size_t{64} << 20}) != json::Tape::Result::kOk) {
    return OpaqueOrigin::kNone;
  }
  const json::Value part = tape.root().Find("part");
  const absl::string_view origin = tape.root().Find("dialect").AsString();
  if (origin.empty() || !part.is_object()) return OpaqueOrigin::kNone;
  if (origin != dialect) return OpaqueOrigin::kOther;
  *native_json = std::string(part.Raw());
  return OpaqueOrigin::kThis;
}

Misfit NotOurOpaque(std::string field, OpaqueOrigin origin) {
  if (origin == OpaqueOrigin::kOther) {
    return {std::move(field), "another provider made this, and only that one can read it; it was left out",
            Misfit::Severity::kDrop};
  }
  return {std::move(field), "is nothing that this gateway gave out: send it back as it came, or leave it out",
          Misfit::Severity::kRefuse};
}

}  // namespace sluice::dialect
