#include "server/http/server.h"

#include <pthread.h>
#include <signal.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <memory>
#include <thread>
#include <unordered_map>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/base/clock.h"
#include "server/http/channel.h"
#include "server/http/mailbox.h"
#include "server/http/session.h"

namespace sluice::http {
namespace {

using boost::asio::ip::tcp;

// Without free descriptors accepting fails at once, again and again: look again after a while.
constexpr auto kAcceptRetry = std::chrono::milliseconds(100);

struct HostPort {
  std::string host;
  uint16_t port = 0;
};

absl::StatusOr<HostPort> ParseAddress(absl::string_view address) {
  const absl::Status bad = absl::InvalidArgumentError(
      absl::StrCat("cannot listen on \"", address, "\": write HOST:PORT, such as 127.0.0.1:9090 or [::1]:9090"));
  const size_t colon = address.rfind(':');
  if (colon == absl::string_view::npos) return bad;
  absl::string_view host = address.substr(0, colon);
  const bool bracketed = absl::ConsumePrefix(&host, "[");
  if (bracketed != absl::ConsumeSuffix(&host, "]")) return bad;
  if (host.empty() || (!bracketed && host.find(':') != absl::string_view::npos)) return bad;
  uint32_t port = 0;
  if (!absl::SimpleAtoi(address.substr(colon + 1), &port) || port > 65535) return bad;
  return HostPort{std::string(host), static_cast<uint16_t>(port)};
}

class ServerImpl final : public Server {
 public:
  ServerImpl(Options options, Handler handler, std::unique_ptr<TlsFactory> tls)
      : options_(std::move(options)),
        handler_(std::move(handler)),
        tls_(std::move(tls)),
        acceptor_(io_),
        accept_retry_(io_),
        mailbox_(std::make_shared<Mailbox>(io_)),
        host_{io_, options_, handler_, Clock::Real(), mailbox_, [this](Session* session) { sessions_.erase(session); },
              {}} {}

  ~ServerImpl() override {
    if (thread_.joinable()) {
      boost::asio::post(io_, [this] { ShutDown(); });
      thread_.join();
    }
    mailbox_->Close();
  }

  absl::Status Listen();
  void Run() {
    Accept();
    thread_ = std::thread([this] {
      // Signals are the main thread's business; and TLS writes to a closed socket would raise SIGPIPE.
      sigset_t all;
      sigfillset(&all);
      pthread_sigmask(SIG_SETMASK, &all, nullptr);
      io_.run();
    });
  }

  int port() const override { return port_; }

 private:
  void Accept();
  void OnAccepted(tcp::socket socket);
  void ShutDown();

  const Options options_;
  const Handler handler_;
  const std::unique_ptr<TlsFactory> tls_;
  boost::asio::io_context io_{1};  // one thread runs it
  tcp::acceptor acceptor_;
  boost::asio::steady_timer accept_retry_;
  const std::shared_ptr<Mailbox> mailbox_;
  std::unordered_map<Session*, std::shared_ptr<Session>> sessions_;
  SessionHost host_;
  int port_ = 0;
  std::thread thread_;
};

absl::Status ServerImpl::Listen() {
  const absl::StatusOr<HostPort> address = ParseAddress(options_.address);
  if (!address.ok()) return address.status();
  boost::system::error_code error;
  tcp::resolver resolver(io_);
  const auto found = resolver.resolve(address->host, absl::StrCat(address->port), tcp::resolver::passive, error);
  if (error || found.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("cannot listen on \"", options_.address,
                                                   "\": no address is known for ", address->host,
                                                   "; write an address of this machine"));
  }
  const tcp::endpoint endpoint = found.begin()->endpoint();
  acceptor_.open(endpoint.protocol(), error);
  // A restarted server need not wait for the old one's connections to be forgotten.
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
  if (!error) port_ = acceptor_.local_endpoint(error).port();
  if (error == boost::asio::error::address_in_use) {
    return absl::AlreadyExistsError(
        absl::StrCat("address ", options_.address, " is in use: choose another for ", options_.setting));
  }
  if (error) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", options_.address, ": ", error.message()));
  }
  return absl::OkStatus();
}

void ServerImpl::Accept() {
  acceptor_.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
    if (!acceptor_.is_open()) return;
    if (!error) {
      OnAccepted(std::move(socket));
      Accept();
      return;
    }
    accept_retry_.expires_after(kAcceptRetry);
    accept_retry_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled && acceptor_.is_open()) Accept();
    });
  });
}

void ServerImpl::OnAccepted(tcp::socket socket) {
  boost::system::error_code error;
  socket.non_blocking(true, error);
  if (!error) socket.set_option(tcp::no_delay(true), error);
  if (error) return;  // the peer has gone already
  const int fd = socket.native_handle();
  std::unique_ptr<Channel> channel = tls_ == nullptr ? NewPlainChannel(fd) : tls_->NewChannel(fd);
  if (channel == nullptr) return;
  auto session = std::make_shared<Session>(host_, std::move(socket), std::move(channel));
  sessions_.emplace(session.get(), session);
  session->Start();
}

void ServerImpl::ShutDown() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  accept_retry_.cancel();
  const auto sessions = std::exchange(sessions_, {});
  for (const auto& [raw, session] : sessions) session->Close();
  // Behind the callbacks that closing has posted, so that they still run.
  boost::asio::post(io_, [this] { io_.stop(); });
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(Options options, Handler handler) {
  try {  // making an io_context or a thread can throw: the process may be out of descriptors or threads
    std::unique_ptr<TlsFactory> tls;
    if (options.tls != nullptr) {
      absl::StatusOr<std::unique_ptr<TlsFactory>> made = TlsFactory::Create(*options.tls);
      if (!made.ok()) return made.status();
      tls = *std::move(made);
    }
    auto server = std::make_unique<ServerImpl>(std::move(options), std::move(handler), std::move(tls));
    if (const absl::Status listening = server->Listen(); !listening.ok()) return listening;
    server->Run();
    return server;
  } catch (const std::exception& error) {
    return absl::UnavailableError(absl::StrCat("cannot start the HTTP server: ", error.what()));
  }
}

}  // namespace sluice::http
