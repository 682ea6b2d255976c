#ifndef SLUICE_TESTS_UNIT_EDGE_OTLP_COLLECTOR_H_
#define SLUICE_TESTS_UNIT_EDGE_OTLP_COLLECTOR_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "trace_service.grpc.pb.h"

namespace sluice::edge_otlp {

namespace otlp = opentelemetry::proto::collector::trace::v1;

// A trace collector on loopback that answers as a test says, OK by default, and keeps what it got.
class Collector final : public otlp::TraceService::Service {
 public:
  struct Received {
    otlp::ExportTraceServiceRequest request;
    std::map<std::string, std::string> metadata;
    std::chrono::steady_clock::time_point at;
    std::vector<std::string> names() const {
      std::vector<std::string> names;
      for (const auto& span : request.resource_spans(0).scope_spans(0).spans()) names.push_back(span.name());
      return names;
    }
  };

  explicit Collector(const std::shared_ptr<grpc::ServerCredentials>& credentials = grpc::InsecureServerCredentials()) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", credentials, &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~Collector() override { server_->Shutdown(std::chrono::system_clock::now()); }

  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

  // What the next exports are answered with, one each.
  void WillAnswer(grpc::Status status, int64_t rejected = 0) {
    const std::lock_guard lock(mutex_);
    answers_.push_back({std::move(status), rejected});
  }

  // From now on exports are taken and not answered, until ReleaseAnswers.
  void HoldAnswers() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void ReleaseAnswers() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }

  std::vector<Received> received() { return WaitFor(0); }
  // Waits for so many exports; fewer after ten seconds.
  std::vector<Received> WaitFor(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return exports_.size() >= count; });
    return exports_;
  }

 private:
  struct Answer {
    grpc::Status status;
    int64_t rejected = 0;
  };

  grpc::Status Export(grpc::ServerContext* context, const otlp::ExportTraceServiceRequest* request,
                      otlp::ExportTraceServiceResponse* response) override {
    std::unique_lock lock(mutex_);
    Received got;
    got.at = std::chrono::steady_clock::now();
    got.request = *request;
    for (const auto& [name, value] : context->client_metadata()) {
      got.metadata[std::string(name.data(), name.size())] = std::string(value.data(), value.size());
    }
    exports_.push_back(std::move(got));
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    if (answers_.empty()) return grpc::Status::OK;
    const Answer answer = answers_.front();
    answers_.pop_front();
    if (answer.rejected > 0) response->mutable_partial_success()->set_rejected_spans(answer.rejected);
    return answer.status;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Received> exports_;
  std::deque<Answer> answers_;
  bool held_ = false;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace sluice::edge_otlp

#endif  // SLUICE_TESTS_UNIT_EDGE_OTLP_COLLECTOR_H_
