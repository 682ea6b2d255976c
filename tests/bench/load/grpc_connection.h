#ifndef SLUICE_TESTS_BENCH_LOAD_GRPC_CONNECTION_H_
#define SLUICE_TESTS_BENCH_LOAD_GRPC_CONNECTION_H_

#include <nghttp2/nghttp2.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/bench/load/chat_wire.h"
#include "tests/bench/load/run.h"
#include "tests/bench/load/wire.h"

namespace sluice::bench {

// A gRPC connection on nghttp2, for Chat calls. Its windows are so large that they never hold the server up.
class GrpcConnection final : public Waiter {
 public:
  // Connects, and waits for the server's settings.
  GrpcConnection(Run* run, SSL_CTX* tls, int number);
  ~GrpcConnection() override;

  // Sent with the next Flush. The call's deltas and end go to the Run.
  void Start(Call* call);
  void Cancel(const Call& call);
  void Flush();
  void Ready(uint32_t events) override;

 private:
  struct Rpc;
  struct SessionDeleter {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };

  void OpenSession();
  void AwaitSettings();
  void ReadOnce();
  void TakeData(Rpc& rpc, absl::string_view data);
  void End(Rpc& rpc, uint32_t http2_error);
  void Lost();
  Rpc& RpcOf(const Call& call);

  static int OnData(nghttp2_session* session, uint8_t flags, int32_t stream, const uint8_t* data, size_t size,
                    void* self);
  static int OnHeader(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                      const uint8_t* value, size_t value_size, uint8_t flags, void* self);
  static int OnFrame(nghttp2_session* session, const nghttp2_frame* frame, void* self);
  static int OnClose(nghttp2_session* session, int32_t stream, uint32_t error, void* self);
  static ssize_t ReadBody(nghttp2_session* session, int32_t stream, uint8_t* into, size_t size, uint32_t* flags,
                          nghttp2_data_source* source, void* self);

  Run* const run_;
  const bool tls_;
  const std::string authority_;
  Wire wire_;
  std::unique_ptr<nghttp2_session, SessionDeleter> session_;
  bool settings_came_ = false;
  bool waits_for_room_ = false;
  int64_t now_ = 0;  // when the bytes were read that are being taken
  std::string unsent_;
  std::vector<std::unique_ptr<Rpc>> rpcs_;  // by the call's slot, divided by the number of connections
};

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_LOAD_GRPC_CONNECTION_H_
