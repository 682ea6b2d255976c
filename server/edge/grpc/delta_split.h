#ifndef SLUICE_SERVER_EDGE_GRPC_DELTA_SPLIT_H_
#define SLUICE_SERVER_EDGE_GRPC_DELTA_SPLIT_H_

#include <cstddef>

#include "absl/strings/string_view.h"
#include "server/base/utf8.h"
#include "server/chat/event.h"

namespace sluice::edge {

// No message is larger than 1 MiB: this is what its text may take, so that framing and names fit beside it.
constexpr size_t kMaxPieceBytes = (size_t{1} << 20) - (size_t{4} << 10);

// The part of a delta that can be long.
inline absl::string_view& LongPart(chat::Delta& delta) {
  switch (delta.kind) {
    case chat::DeltaKind::kToolCall:
      return delta.tool.arguments;
    case chat::DeltaKind::kAudio:
      return delta.audio.data;
    default:
      return delta.text;
  }
}

// Hands on the delta, in pieces if it is longer than a message may be, cut between characters. What is said once (a
// tool call's name, log probabilities) goes with the first piece.
template <typename F>
void ForEachPiece(const chat::Delta& delta, F&& take) {
  chat::Delta piece = delta;
  absl::string_view rest = LongPart(piece);
  while (rest.size() > kMaxPieceBytes) {
    const size_t size = Utf8Boundary(rest, kMaxPieceBytes);
    LongPart(piece) = rest.substr(0, size);
    take(piece);
    rest.remove_prefix(size);
    piece.logprobs = {};
    piece.tool.id = piece.tool.name = {};
    piece.audio.transcript = {};
  }
  LongPart(piece) = rest;
  take(piece);
}

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_DELTA_SPLIT_H_
