#ifndef SLUICE_CLIENT_SLUICE_CHAT_STREAM_H_
#define SLUICE_CLIENT_SLUICE_CHAT_STREAM_H_

#include <grpcpp/channel.h>

#include <chrono>
#include <cstddef>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "sluice/call_status.h"
#include "sluice/v1/chat.pb.h"

namespace sluice {

struct CallOptions {
  std::optional<std::chrono::nanoseconds> timeout;  // the call's deadline, from its start; absent: none
  std::string request_id;                           // sent as x-request-id; empty: the gateway makes one
  // More metadata, such as authorization or traceparent. Keys in lower case; values printable ASCII.
  std::multimap<std::string, std::string> metadata;
};

// The events of one Chat call, in the order in which the gateway sent them. Read it once, by one thread. A stream that
// is destroyed before its end cancels the call, which closes the upstream too.
class ChatStream {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = v1::ChatResponse;
    using difference_type = std::ptrdiff_t;
    using pointer = const v1::ChatResponse*;
    using reference = const v1::ChatResponse&;

    // The event lives until the iterator moves on.
    reference operator*() const;
    pointer operator->() const { return &**this; }
    Iterator& operator++();
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.stream_ == b.stream_; }
    friend bool operator!=(const Iterator& a, const Iterator& b) { return !(a == b); }

   private:
    friend class ChatStream;
    explicit Iterator(ChatStream* stream) : stream_(stream) {}
    ChatStream* stream_;  // null at the end
  };

  ChatStream(ChatStream&&) noexcept;
  ChatStream& operator=(ChatStream&&) noexcept;
  ~ChatStream();

  // Blocks until the first event. Call once.
  Iterator begin() { return ++Iterator(this); }
  Iterator end() { return Iterator(nullptr); }

  // The next event, or nullptr at the end; blocks. What the range is made of.
  const v1::ChatResponse* Next();

  // How the call ended. Before the end of the events it first cancels the rest of the call: the code is then CANCELLED,
  // unless the call had already ended.
  const CallStatus& status();

  // Ends the call early; the range then ends soon. Any thread, as long as the stream lives and is not being moved.
  void Cancel();

  // The x-request-id under which the gateway logs the call. Empty before the first event and when none was answered.
  std::string request_id() const;

 private:
  friend class Client;
  struct Call;
  explicit ChatStream(std::unique_ptr<Call> call);
  static ChatStream Start(const std::shared_ptr<grpc::Channel>& channel, const v1::ChatRequest& request,
                          const CallOptions& options);
  std::unique_ptr<Call> call_;
};

}  // namespace sluice

#endif  // SLUICE_CLIENT_SLUICE_CHAT_STREAM_H_
