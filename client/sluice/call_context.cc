#include "sluice/call_context.h"

#include <algorithm>

namespace sluice {
namespace {

bool IsKey(const std::string& key) {
  const auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  return !key.empty() && std::all_of(key.begin(), key.end(), legal) && key.rfind("grpc-", 0) != 0;
}

bool IsValue(const std::string& value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

CallStatus Apply(const CallOptions& options, grpc::ClientContext* context) {
  auto metadata = options.metadata;
  if (!options.request_id.empty()) metadata.emplace("x-request-id", options.request_id);
  for (const auto& [key, value] : metadata) {
    if (!IsKey(key) || !IsValue(value)) {
      CallStatus status;
      status.code = grpc::StatusCode::INVALID_ARGUMENT;
      status.message = "metadata \"" + key + "\": keys take a-z 0-9 - _ . and values printable ASCII";
      return status;
    }
    context->AddMetadata(key, value);
  }
  if (options.timeout) {
    context->set_deadline(std::chrono::system_clock::now() +
                          std::chrono::duration_cast<std::chrono::system_clock::duration>(*options.timeout));
  }
  return {};
}

}  // namespace sluice
