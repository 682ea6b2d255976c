#include "tests/bench/load/grpc_connection.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "tests/bench/load/clock.h"

namespace sluice::bench {
namespace {

constexpr uint32_t kStreamWindow = 1 << 20;
constexpr int32_t kConnectionWindow = 16 << 20;
constexpr size_t kReadBytes = 256 * 1024;

absl::string_view View(const uint8_t* data, size_t size) { return {reinterpret_cast<const char*>(data), size}; }

nghttp2_nv Header(absl::string_view name, absl::string_view value) {
  const auto bytes = [](absl::string_view text) {
    return const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

// The slot's call of now.
struct GrpcConnection::Rpc {
  Call* call = nullptr;
  int32_t stream = 0;
  Deframer deframer;
  std::string request;
  int requested_count = -1;
  std::string problem;
  std::string grpc_status, grpc_message;
};

GrpcConnection::GrpcConnection(Run* run, SSL_CTX* tls, int number)
    : run_(run),
      tls_(tls != nullptr),
      authority_(absl::StrCat("127.0.0.1:", run->plan().port)),
      wire_(Wire::To(run->plan().port, number, tls)) {
  OpenSession();
  Flush();
  AwaitSettings();
  run_->poller().Watch(wire_.fd(), EPOLLIN, this);
}

GrpcConnection::~GrpcConnection() = default;

void GrpcConnection::OpenSession() {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &GrpcConnection::OnData);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, &GrpcConnection::OnHeader);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &GrpcConnection::OnFrame);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &GrpcConnection::OnClose);
  nghttp2_session* session = nullptr;
  nghttp2_session_client_new(&session, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  session_.reset(session);
  const nghttp2_settings_entry window{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, &window, 1);
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
}

// Without them nghttp2 would open no more than 100 streams.
void GrpcConnection::AwaitSettings() {
  pollfd readable{wire_.fd(), POLLIN, 0};
  while (!settings_came_ && wire_.open()) {
    if (!wire_.buffered() && poll(&readable, 1, 10'000) == 0) break;
    ReadOnce();
  }
  if (!settings_came_) {
    fputs("cannot connect, or the server does not speak HTTP/2\n", stderr);
    exit(1);
  }
  Flush();
}

void GrpcConnection::Start(Call* call) {
  Rpc& rpc = RpcOf(*call);
  if (rpc.requested_count != call->count) rpc.request = FramedChatRequest(call->count);
  rpc.requested_count = call->count;
  rpc.call = call;
  rpc.deframer.Reset();
  rpc.problem.clear();
  rpc.grpc_status.clear();
  rpc.grpc_message.clear();
  const std::array<nghttp2_nv, 6> headers = {
      Header(":method", "POST"),
      Header(":scheme", tls_ ? "https" : "http"),
      Header(":path", "/sluice.v1.ChatService/Chat"),
      Header(":authority", authority_),
      Header("te", "trailers"),
      Header("content-type", "application/grpc"),
  };
  nghttp2_data_provider body{};
  body.source.ptr = &rpc;
  body.read_callback = &GrpcConnection::ReadBody;
  rpc.stream = session_ == nullptr
                   ? -1
                   : nghttp2_submit_request(session_.get(), nullptr, headers.data(), headers.size(), &body, &rpc);
  if (rpc.stream < 0) {
    rpc.problem = "no call can be started on a connection that is closed";
    End(rpc, NGHTTP2_NO_ERROR);
  }
}

void GrpcConnection::Cancel(const Call& call) {
  Rpc& rpc = RpcOf(call);
  rpc.call = nullptr;
  if (session_ == nullptr) return;
  nghttp2_session_set_stream_user_data(session_.get(), rpc.stream, nullptr);
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, rpc.stream, NGHTTP2_CANCEL);
}

GrpcConnection::Rpc& GrpcConnection::RpcOf(const Call& call) {
  const auto at = static_cast<size_t>(call.slot / run_->plan().connections);
  if (rpcs_.size() <= at) rpcs_.resize(at + 1);
  if (rpcs_[at] == nullptr) rpcs_[at] = std::make_unique<Rpc>();
  return *rpcs_[at];
}

void GrpcConnection::Flush() {
  if (session_ == nullptr) return;
  const uint8_t* data = nullptr;
  for (ssize_t size; (size = nghttp2_session_mem_send(session_.get(), &data)) > 0;) {
    unsent_.append(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
  }
  if (unsent_.empty()) return;
  const ptrdiff_t sent = wire_.Write(unsent_.data(), unsent_.size());
  unsent_.erase(0, static_cast<size_t>(std::max<ptrdiff_t>(0, sent)));  // that the connection is lost is read
  if (unsent_.empty() == !waits_for_room_ || !settings_came_) return;
  waits_for_room_ = !unsent_.empty();
  run_->poller().Change(wire_.fd(), waits_for_room_ ? EPOLLIN | EPOLLOUT : EPOLLIN, this);
}

void GrpcConnection::Ready(uint32_t) { ReadOnce(); }

void GrpcConnection::ReadOnce() {
  static std::array<char, kReadBytes> buffer;
  do {
    const ptrdiff_t got = wire_.Read(buffer.data(), buffer.size());
    if (got == 0) return;
    now_ = NowNs();
    if (got < 0 || nghttp2_session_mem_recv(session_.get(), reinterpret_cast<const uint8_t*>(buffer.data()),
                                            static_cast<size_t>(got)) < 0) {
      return Lost();
    }
  } while (wire_.buffered());
}

void GrpcConnection::Lost() {
  wire_ = Wire();
  session_.reset();
  for (const auto& rpc : rpcs_) {
    if (rpc == nullptr || rpc->call == nullptr) continue;
    rpc->problem = "the connection was lost";
    End(*rpc, NGHTTP2_NO_ERROR);
  }
}

void GrpcConnection::TakeData(Rpc& rpc, absl::string_view data) {
  const bool framed = rpc.deframer.Feed(data, [&](absl::string_view message) {
    absl::string_view text;
    if (!DeltaText(message, &text)) {
      rpc.problem = "a message is no ChatResponse";
    } else if (!text.empty()) {
      run_->TakeDelta(*rpc.call, text, now_);
    }
  });
  if (!framed) rpc.problem = "a message is compressed";
}

void GrpcConnection::End(Rpc& rpc, uint32_t http2_error) {
  Call* const call = rpc.call;
  rpc.call = nullptr;
  if (!rpc.problem.empty()) {
    // That is what there is to say.
  } else if (rpc.grpc_status != "0" && !rpc.grpc_status.empty()) {
    rpc.problem = absl::StrCat("status ", rpc.grpc_status, ": ", rpc.grpc_message);
  } else if (http2_error != NGHTTP2_NO_ERROR) {
    rpc.problem = absl::StrCat("the stream was reset: ", nghttp2_http2_strerror(http2_error));
  } else if (rpc.grpc_status.empty()) {
    rpc.problem = "a call ended without a status";
  } else if (!rpc.deframer.whole()) {
    rpc.problem = "a call ended within a message";
  }
  run_->TakeEnd(*call, rpc.problem);
}

int GrpcConnection::OnData(nghttp2_session* session, uint8_t, int32_t stream, const uint8_t* data, size_t size,
                           void* self) {
  auto* const rpc = static_cast<Rpc*>(nghttp2_session_get_stream_user_data(session, stream));
  if (rpc != nullptr) static_cast<GrpcConnection*>(self)->TakeData(*rpc, View(data, size));
  return 0;
}

int GrpcConnection::OnHeader(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name,
                             size_t name_size, const uint8_t* value, size_t value_size, uint8_t, void*) {
  auto* const rpc = static_cast<Rpc*>(nghttp2_session_get_stream_user_data(session, frame->hd.stream_id));
  if (rpc == nullptr) return 0;
  const absl::string_view header = View(name, name_size), text = View(value, value_size);
  if (header == "grpc-status") {
    rpc->grpc_status = std::string(text);
  } else if (header == "grpc-message") {
    rpc->grpc_message = std::string(text);
  } else if (header == ":status" && text != "200") {
    rpc->problem = absl::StrCat("HTTP status ", text);
  }
  return 0;
}

int GrpcConnection::OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
  if (frame->hd.type == NGHTTP2_SETTINGS) static_cast<GrpcConnection*>(self)->settings_came_ = true;
  return 0;
}

int GrpcConnection::OnClose(nghttp2_session* session, int32_t stream, uint32_t error, void* self) {
  auto* const rpc = static_cast<Rpc*>(nghttp2_session_get_stream_user_data(session, stream));
  if (rpc != nullptr) static_cast<GrpcConnection*>(self)->End(*rpc, error);
  return 0;
}

ssize_t GrpcConnection::ReadBody(nghttp2_session*, int32_t, uint8_t* into, size_t, uint32_t* flags,
                                 nghttp2_data_source* source, void*) {
  const std::string& request = static_cast<const Rpc*>(source->ptr)->request;  // shorter than any frame
  memcpy(into, request.data(), request.size());
  *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(request.size());
}

}  // namespace sluice::bench
