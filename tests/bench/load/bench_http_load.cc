// Loads an OpenAI-compatible server with streams and checks every delta: see Run. Each call in flight has a connection
// of its own, which is opened before the clock starts and kept for the calls after it.

#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/bench/load/clock.h"
#include "tests/bench/load/delta_scanner.h"
#include "tests/bench/load/net.h"
#include "tests/bench/load/reply_reader.h"
#include "tests/bench/load/request_json.h"
#include "tests/bench/load/run.h"
#include "tests/bench/load/wire.h"

namespace sluice::bench {
namespace {

constexpr size_t kReadBytes = 64 * 1024;

std::string Request(const Plan& plan, int count) {
  const std::string body = ChatRequestJson(count);
  std::string head = "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n";
  for (const std::string& header : plan.headers) absl::StrAppend(&head, header, "\r\n");
  return absl::StrCat(head, "content-length: ", body.size(), "\r\n\r\n", body);
}

// The connection on which a slot's calls follow one another.
class Slot final : public Waiter {
 public:
  Slot(Run* run, SSL_CTX* tls, int number)
      : run_(run), tls_(tls), number_(number), scanner_(static_cast<size_t>(run->plan().text_bytes)) {
    Connect();
  }

  void Start(Call* call) {
    call_ = call;
    reader_ = ReplyReader();
    scanner_ = DeltaScanner(static_cast<size_t>(run_->plan().text_bytes));
    if (!wire_.open()) Connect();
    if (!wire_.open()) return End("cannot connect");
    if (requested_count_ != call->count || request_.empty()) request_ = Request(run_->plan(), call->count);
    requested_count_ = call->count;
    if (wire_.Write(request_.data(), request_.size()) == static_cast<ptrdiff_t>(request_.size())) return;
    wire_ = Wire();
    End("a request was not taken");
  }

  void Cancel() {
    call_ = nullptr;
    wire_ = Wire();
  }

  void Ready(uint32_t) override {
    static char buffer[kReadBytes];
    do {
      const ptrdiff_t got = wire_.Read(buffer, sizeof(buffer));
      if (got == 0) return;
      if (got < 0) {
        wire_ = Wire();
        if (call_ != nullptr) End("the connection was closed in the midst of a reply");
        return;
      }
      Take(absl::string_view(buffer, static_cast<size_t>(got)));
    } while (wire_.buffered());
  }

 private:
  void Connect() {
    wire_ = Wire();  // closes the old one first: its descriptor is free for the new one
    wire_ = Wire::To(run_->plan().port, number_, tls_);
    if (wire_.open()) run_->poller().Watch(wire_.fd(), EPOLLIN, this);
  }

  void Take(absl::string_view bytes) {
    const int64_t now = NowNs();
    absl::string_view body;
    while (call_ != nullptr) {
      switch (reader_.Next(&bytes, &body)) {
        case ReplyReader::Step::kMore:
          return;
        case ReplyReader::Step::kBody:
          scanner_.Feed(body, [&](absl::string_view text) { run_->TakeDelta(*call_, text, now); });
          break;
        case ReplyReader::Step::kEnd:
          End(scanner_.done() ? "" : "a reply ended without [DONE]");
          break;
        case ReplyReader::Step::kError:
          wire_ = Wire();
          return End(reader_.problem());
      }
    }
  }

  void End(absl::string_view problem) {
    Call* const call = call_;
    call_ = nullptr;
    run_->TakeEnd(*call, problem);
  }

  Run* const run_;
  SSL_CTX* const tls_;
  const int number_;
  Wire wire_;
  Call* call_ = nullptr;
  ReplyReader reader_;
  DeltaScanner scanner_;
  std::string request_;
  int requested_count_ = 0;
};

class HttpTransport final : public Transport {
 public:
  explicit HttpTransport(Run* run) : tls_(run->plan().ca.empty() ? nullptr : ClientTls(run->plan().ca, "http/1.1")) {
    for (int i = 0; i < run->slots(); ++i) slots_.push_back(std::make_unique<Slot>(run, tls_.get(), i));
  }
  void Start(Call& call) override { slots_[static_cast<size_t>(call.slot)]->Start(&call); }
  void Cancel(Call& call) override { slots_[static_cast<size_t>(call.slot)]->Cancel(); }
  void Flush() override {}

 private:
  const TlsContext tls_;
  std::vector<std::unique_ptr<Slot>> slots_;
};

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  namespace bench = sluice::bench;
  bench::RaiseFileLimit();
  bench::Run run(bench::Plan::FromFlags(argc, argv, /*grpc=*/false));
  bench::HttpTransport transport(&run);
  return run.Go(transport);
}
