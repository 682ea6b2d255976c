#ifndef SLUICE_TESTS_INTEGRATION_CANCEL_CALLER_H_
#define SLUICE_TESTS_INTEGRATION_CANCEL_CALLER_H_

#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/integration/harness.h"

namespace sluice::integration {

enum class Method { kChat, kComplete, kListModels };
const char* MethodName(Method method);

struct CallerOptions {
  std::optional<std::chrono::nanoseconds> timeout = {};
  bool reads = true;  // false: takes nothing until it has left
};

// One call, on a connection and a thread of its own.
class Caller {
 public:
  Caller(int port, Method method, const CallerOptions& options = {});
  ~Caller();  // cancels what still runs
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  void Cancel();
  void HangUp();                        // its connection ends, as that of a process that died does
  void LeftByItself() { left_.Set(); }  // for one that takes nothing: its deadline has passed
  grpc::StatusCode Join();

 private:
  grpc::StatusCode Run(Method method, const CallerOptions& options);

  const std::shared_ptr<grpc::Channel> channel_;
  int socket_ = -1;
  grpc::ClientContext context_;
  fakes::Event left_;
  grpc::StatusCode code_ = grpc::StatusCode::UNKNOWN;
  std::thread thread_;
};

// How many are somewhere now, for others to wait on. Thread safe.
class Presence {
 public:
  void Enter() { Add(1); }
  void Leave() { Add(-1); }
  bool WaitFor(int count) const;  // false after 20 s

 private:
  void Add(int number);

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  int count_ = 0;
};

// The sockets of this process whose connection is still being made.
int SocketsConnecting();

}  // namespace sluice::integration

#endif  // SLUICE_TESTS_INTEGRATION_CANCEL_CALLER_H_
