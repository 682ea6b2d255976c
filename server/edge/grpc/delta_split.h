#ifndef SLUICE_SERVER_EDGE_GRPC_DELTA_SPLIT_H_
#define SLUICE_SERVER_EDGE_GRPC_DELTA_SPLIT_H_

#include <cstddef>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "server/chat/event.h"

namespace sluice::edge {

// No message is larger than 1 MiB: this is what its content may take, so that framing and names fit beside it.
constexpr size_t kMaxPieceBytes = (size_t{1} << 20) - (size_t{4} << 10);

// What the content of a delta takes in a message, near enough.
size_t DeltaBytes(const chat::Delta& delta);

// Hands on a delta that is longer than a message may be in pieces, cut between characters and between log
// probabilities. What is said once (a tool call's id and name) goes with the first piece, log probabilities with the
// first that has room. A single one above a message's size is left out. What is opaque comes whole, whatever its size:
// callers keep such parts, they do not join them.
void SplitDelta(const chat::Delta& delta, absl::FunctionRef<void(const chat::Delta&)> take);

template <typename F>
void ForEachPiece(const chat::Delta& delta, F&& take) {
  if (DeltaBytes(delta) <= kMaxPieceBytes) return take(delta);
  SplitDelta(delta, take);
}

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_DELTA_SPLIT_H_
