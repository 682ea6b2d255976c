#ifndef SLUICE_SERVER_EDGE_GRPC_RESPONSE_QUEUE_H_
#define SLUICE_SERVER_EDGE_GRPC_RESPONSE_QUEUE_H_

#include <cstddef>
#include <vector>

#include "sluice/v1/chat.pb.h"

namespace sluice::edge {

// The messages of one stream that wait for the transport, oldest first. A ring whose messages are used again, so that
// in the steady state (a delta like the one before it) adding one allocates nothing.
class ResponseQueue {
 public:
  // A slot at the back. It still holds what it held before: overwrite all of it, then call Commit.
  v1::ChatResponse* Add() {
    if (count_ == slots_.size()) Grow();
    return &Slot(count_).message;
  }
  void Commit() {
    Entry& entry = Slot(count_);
    entry.bytes = entry.message.ByteSizeLong();
    bytes_ += entry.bytes;
    ++count_;
  }

  const v1::ChatResponse& front() const { return slots_[head_].message; }
  size_t front_bytes() const { return slots_[head_].bytes; }
  void Pop() {
    bytes_ -= slots_[head_].bytes;
    // A giant delta's memory is not kept for the rest of the stream.
    if (slots_[head_].bytes > kKeepBytes) slots_[head_].message.Clear();
    head_ = (head_ + 1) % slots_.size();
    if (--count_ == 0 && slots_.size() > kKeepSlots) {
      slots_ = std::vector<Entry>(kFirstSlots);
      head_ = 0;
    }
  }
  void Clear() {
    slots_.clear();
    head_ = count_ = bytes_ = 0;
  }

  bool empty() const { return count_ == 0; }
  size_t size() const { return count_; }
  size_t bytes() const { return bytes_; }  // serialized

 private:
  static constexpr size_t kFirstSlots = 2;  // a paced stream has one message waiting, seldom two
  static constexpr size_t kKeepSlots = 64;  // one read of 16 KiB of a fast one brings about so many
  static constexpr size_t kKeepBytes = 4096;
  struct Entry {
    v1::ChatResponse message;
    size_t bytes = 0;
  };

  Entry& Slot(size_t i) { return slots_[(head_ + i) % slots_.size()]; }
  void Grow() {
    std::vector<Entry> larger(slots_.empty() ? kFirstSlots : slots_.size() * 2);
    for (size_t i = 0; i < count_; ++i) {
      larger[i].message.Swap(&Slot(i).message);
      larger[i].bytes = Slot(i).bytes;
    }
    slots_.swap(larger);
    head_ = 0;
  }

  std::vector<Entry> slots_;
  size_t head_ = 0;
  size_t count_ = 0;
  size_t bytes_ = 0;
};

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_RESPONSE_QUEUE_H_
