#ifndef SLUICE_TESTS_BENCH_LOAD_CHAT_WIRE_H_
#define SLUICE_TESTS_BENCH_LOAD_CHAT_WIRE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace sluice::bench {

// The little of sluice.v1 (chat.proto) and of gRPC's framing that the load needs, without generated classes: a caller
// that parses into them would cost more than the gateway it loads.

// A v1.ChatRequest for `count` deltas, or for an endless stream if that is 0, in gRPC's frame.
std::string FramedChatRequest(int count);

// The text of the delta that a serialized v1.ChatResponse holds; empty when it holds something else. False when it is
// not well-formed.
bool DeltaText(absl::string_view response, absl::string_view* text);

// Cuts gRPC's frames (a flag, the length in 4 bytes, the message) from bytes split anywhere.
class Deframer {
 public:
  // Calls on_message(view) for each message that `bytes` completes. False when one is compressed, which nobody asked
  // for.
  template <typename OnMessage>
  bool Feed(absl::string_view bytes, OnMessage on_message) {
    while (!bytes.empty()) {
      if (part_.empty() && bytes.size() >= FrameBytes(bytes)) {
        if (bytes[0] != 0) return false;
        const size_t frame = FrameBytes(bytes);
        on_message(bytes.substr(kPrefix, frame - kPrefix));
        bytes.remove_prefix(frame);
        continue;
      }
      const absl::string_view taken = bytes.substr(0, FrameBytes(part_) - part_.size());
      part_.append(taken.data(), taken.size());
      bytes.remove_prefix(taken.size());
      if (part_.size() < FrameBytes(part_)) continue;
      if (part_[0] != 0) return false;
      on_message(absl::string_view(part_).substr(kPrefix));
      part_.clear();
    }
    return true;
  }
  // Whether the bytes so far end with a whole message.
  bool whole() const { return part_.empty(); }
  void Reset() { part_.clear(); }

 private:
  static constexpr size_t kPrefix = 5;
  // Of the frame that `bytes` begins with, or of its prefix while that is not there.
  static size_t FrameBytes(absl::string_view bytes);

  std::string part_;  // a frame that has begun
};

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_LOAD_CHAT_WIRE_H_
