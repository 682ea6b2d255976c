#include "server/edge/grpc/delta_split.h"

#include <algorithm>

#include "server/base/utf8.h"

namespace sluice::edge {
namespace {

constexpr size_t kFraming = 32;  // of one log probability: tags, lengths and the number itself

size_t LogprobBytes(const chat::TokenLogprob& logprob) {
  size_t bytes = kFraming + logprob.token.size() + logprob.bytes.size();
  for (const chat::TopLogprob& top : logprob.top) bytes += kFraming + top.token.size() + top.bytes.size();
  return bytes;
}

// The part of a delta that can be long.
absl::string_view& LongPart(chat::Delta& delta) {
  switch (delta.kind) {
    case chat::DeltaKind::kToolCall:
      return delta.tool.arguments;
    case chat::DeltaKind::kAudio:
      return delta.audio.data;
    default:
      return delta.text;
  }
}

absl::string_view TakeText(absl::string_view* rest, size_t* room) {
  const absl::string_view taken = rest->substr(0, Utf8Boundary(*rest, *room));
  rest->remove_prefix(taken.size());
  *room -= taken.size();
  return taken;
}

absl::Span<const chat::TokenLogprob> TakeLogprobs(absl::Span<const chat::TokenLogprob>* rest, size_t* room) {
  while (!rest->empty() && LogprobBytes(rest->front()) > kMaxPieceBytes) rest->remove_prefix(1);
  size_t count = 0;
  for (; count < rest->size(); ++count) {
    const size_t bytes = LogprobBytes((*rest)[count]);
    if (bytes > *room) break;
    *room -= bytes;
  }
  const auto taken = rest->subspan(0, count);
  rest->remove_prefix(count);
  return taken;
}

}  // namespace

size_t DeltaBytes(const chat::Delta& delta) {
  size_t bytes = delta.text.size() + delta.tool.arguments.size() + delta.tool.id.size() + delta.tool.name.size() +
                 delta.audio.data.size() + delta.audio.transcript.size() + delta.audio.id.size();
  for (const chat::TokenLogprob& logprob : delta.logprobs) bytes += LogprobBytes(logprob);
  return bytes;
}

void SplitDelta(const chat::Delta& delta, absl::FunctionRef<void(const chat::Delta&)> take) {
  if (delta.kind == chat::DeltaKind::kOpaque) return take(delta);
  chat::Delta piece = delta;
  absl::string_view text = LongPart(piece);
  absl::string_view transcript = delta.audio.transcript;
  auto logprobs = delta.logprobs;
  do {
    size_t room = kMaxPieceBytes;
    LongPart(piece) = TakeText(&text, &room);
    piece.audio.transcript = TakeText(&transcript, &room);
    piece.logprobs = TakeLogprobs(&logprobs, &room);
    take(piece);
    piece.tool.id = piece.tool.name = {};
  } while (!text.empty() || !transcript.empty() || !logprobs.empty());
}

}  // namespace sluice::edge
