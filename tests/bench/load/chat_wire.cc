#include "tests/bench/load/chat_wire.h"

#include <cstdint>

namespace sluice::bench {
namespace {

// Field numbers of chat.proto, chat_request.proto and message.proto.
constexpr int kRequestModel = 1, kRequestMessages = 2, kRequestMaxTokens = 6;
constexpr int kMessageRole = 1, kMessageContent = 2, kPartText = 1;
constexpr uint64_t kRoleUser = 3;
constexpr int kResponseDelta = 2, kDeltaText = 2;

constexpr int kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5;  // wire types

void AppendVarint(std::string* out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

void AppendNumber(std::string* out, int field, uint64_t value) {
  AppendVarint(out, static_cast<uint64_t>(field) << 3 | kVarint);
  AppendVarint(out, value);
}

void AppendBytes(std::string* out, int field, absl::string_view bytes) {
  AppendVarint(out, static_cast<uint64_t>(field) << 3 | kBytes);
  AppendVarint(out, bytes.size());
  out->append(bytes.data(), bytes.size());
}

bool TakeVarint(absl::string_view* in, uint64_t* value) {
  *value = 0;
  for (int shift = 0; shift < 64 && !in->empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in->front());
    in->remove_prefix(1);
    *value |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool TakeBytes(absl::string_view* in, uint64_t size, absl::string_view* bytes) {
  if (size > in->size()) return false;
  *bytes = in->substr(0, static_cast<size_t>(size));
  in->remove_prefix(bytes->size());
  return true;
}

// Takes one field off the front; `*bytes` is empty unless it is of that wire type.
bool TakeField(absl::string_view* in, int* field, absl::string_view* bytes) {
  uint64_t tag = 0, value = 0;
  absl::string_view skipped;
  if (!TakeVarint(in, &tag)) return false;
  *field = static_cast<int>(tag >> 3);
  *bytes = absl::string_view();
  switch (tag & 7) {
    case kVarint:
      return TakeVarint(in, &value);
    case kFixed64:
      return TakeBytes(in, 8, &skipped);
    case kBytes:
      return TakeVarint(in, &value) && TakeBytes(in, value, bytes);
    case kFixed32:
      return TakeBytes(in, 4, &skipped);
    default:
      return false;
  }
}

// The last bytes field of that number, empty when there is none.
bool FindBytes(absl::string_view message, int wanted, absl::string_view* found) {
  *found = absl::string_view();
  while (!message.empty()) {
    int field = 0;
    absl::string_view bytes;
    if (!TakeField(&message, &field, &bytes)) return false;
    if (field == wanted) *found = bytes;
  }
  return true;
}

}  // namespace

std::string FramedChatRequest(int count) {
  std::string part, message, request;
  AppendBytes(&part, kPartText, "go");
  AppendNumber(&message, kMessageRole, kRoleUser);
  AppendBytes(&message, kMessageContent, part);
  AppendBytes(&request, kRequestModel, "bench");
  AppendBytes(&request, kRequestMessages, message);
  if (count > 0) AppendNumber(&request, kRequestMaxTokens, static_cast<uint64_t>(count));
  const std::string prefix = {0, 0, 0, 0, static_cast<char>(request.size())};  // it is far shorter than 256
  return prefix + request;
}

bool DeltaText(absl::string_view response, absl::string_view* text) {
  absl::string_view delta;
  return FindBytes(response, kResponseDelta, &delta) && FindBytes(delta, kDeltaText, text);
}

size_t Deframer::FrameBytes(absl::string_view bytes) {
  if (bytes.size() < kPrefix) return kPrefix;
  size_t size = 0;
  for (size_t i = 1; i < kPrefix; ++i) size = size << 8 | static_cast<unsigned char>(bytes[i]);
  return kPrefix + size;
}

}  // namespace sluice::bench
