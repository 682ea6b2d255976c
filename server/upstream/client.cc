#include "server/upstream/client.h"

namespace sluice::upstream {

absl::string_view ReplyHead::Header(absl::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return "";
}

const char* StageName(Stage stage) {
  switch (stage) {
    case Stage::kPool:
      return "pool";
    case Stage::kConnect:
      return "connect";
    case Stage::kTls:
      return "tls";
    case Stage::kSend:
      return "send";
    case Stage::kFirstByte:
      return "first_byte";
    case Stage::kBody:
      return "idle";
  }
  return "unknown";
}

}  // namespace sluice::upstream
