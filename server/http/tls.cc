#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/http/channel.h"

namespace sluice::http {
namespace {

class TlsChannel final : public Channel {
 public:
  explicit TlsChannel(SSL* ssl) : ssl_(ssl) {}
  ~TlsChannel() override { SSL_free(ssl_); }
  TlsChannel(const TlsChannel&) = delete;
  TlsChannel& operator=(const TlsChannel&) = delete;

  IoResult Read(char* data, size_t size) override {
    ERR_clear_error();
    size_t n = 0;
    const int ok = SSL_read_ex(ssl_, data, size, &n);
    return ToResult(ok, n);
  }

  IoResult Write(absl::string_view bytes) override {
    ERR_clear_error();
    size_t n = 0;
    const int ok = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &n);
    return ToResult(ok, n);
  }

  void SayGoodbye() override {
    if (failed_ || SSL_is_init_finished(ssl_) == 0) return;
    ERR_clear_error();
    SSL_shutdown(ssl_);
  }

 private:
  IoResult ToResult(int ok, size_t n) {
    if (ok == 1) return {Io::kDone, n};
    switch (SSL_get_error(ssl_, ok)) {
      case SSL_ERROR_WANT_READ:
        return {Io::kWantRead, 0};
      case SSL_ERROR_WANT_WRITE:
        return {Io::kWantWrite, 0};
      case SSL_ERROR_ZERO_RETURN:
        return {Io::kClosed, 0};
      default:
        failed_ = true;  // after a fatal error no call but SSL_free is allowed
        return {Io::kClosed, 0};
    }
  }

  SSL* const ssl_;
  bool failed_ = false;
};

absl::Status BadPem(absl::string_view what, const boost::system::error_code& error) {
  return absl::InvalidArgumentError(
      absl::StrCat("the TLS ", what, " cannot be used (", error.message(), "): give it as PEM text"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<TlsFactory>> TlsFactory::Create(const TlsFiles& files) {
  ERR_clear_error();
  SSL_CTX* const native = SSL_CTX_new(TLS_server_method());
  if (native == nullptr) return absl::UnavailableError("OpenSSL could not make a TLS context");
  boost::asio::ssl::context context(native);  // owns it, and reads PEM from memory
  boost::system::error_code error;
  context.use_certificate_chain(boost::asio::buffer(files.certificate_chain), error);
  if (error) return BadPem("certificate chain", error);
  context.use_private_key(boost::asio::buffer(files.private_key), boost::asio::ssl::context::pem, error);
  if (error) return BadPem("private key", error);
  if (SSL_CTX_check_private_key(native) != 1) {
    return absl::InvalidArgumentError("the TLS private key does not belong to the certificate: give the matching pair");
  }
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);  // tickets resume sessions without memory here
  SSL_CTX_set_mode(native,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_up_ref(native);
  return std::unique_ptr<TlsFactory>(new TlsFactory(native));
}

TlsFactory::~TlsFactory() { SSL_CTX_free(context_); }

std::unique_ptr<Channel> TlsFactory::NewChannel(int socket) const {
  SSL* const ssl = SSL_new(context_);
  if (ssl == nullptr) return nullptr;
  auto channel = std::make_unique<TlsChannel>(ssl);
  if (SSL_set_fd(ssl, socket) != 1) return nullptr;
  SSL_set_accept_state(ssl);
  return channel;
}

}  // namespace sluice::http
