#ifndef SLUICE_SERVER_HTTP_CHANNEL_H_
#define SLUICE_SERVER_HTTP_CHANNEL_H_

#include <cstddef>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/http/server.h"

struct ssl_ctx_st;

namespace sluice::http {

// What one try on a connection came to.
enum class Io {
  kDone,       // `bytes` of them, at least one
  kWantRead,   // try again when the socket is readable
  kWantWrite,  // try again when the socket is writable
  kClosed,     // the peer has ended its side, or the connection failed
};

struct IoResult {
  Io io = Io::kClosed;
  size_t bytes = 0;
};

// Reads and writes of one connected socket that never block: plaintext or TLS. A TLS handshake happens within the
// first tries. Does not own the socket. Not thread safe.
//
// TLS works straight on the socket: the stream class of the asio library keeps about 70 KiB of buffers a connection,
// and a server of ten thousand quiet streams must not hold them.
class Channel {
 public:
  virtual ~Channel() = default;
  virtual IoResult Read(char* data, size_t size) = 0;
  // After kWantWrite the next try must begin with the same bytes; it may be longer and lie elsewhere in memory.
  virtual IoResult Write(absl::string_view bytes) = 0;
  // Tells the peer that nothing more comes, so that the end is not taken for a cut.
  virtual void SayGoodbye() = 0;
};

std::unique_ptr<Channel> NewPlainChannel(int socket);

// Makes the TLS channels of one server: TLS 1.2 and later. Channels may outlive it.
class TlsFactory {
 public:
  // INVALID_ARGUMENT if the texts are no certificate chain and key in PEM, or do not belong together.
  static absl::StatusOr<std::unique_ptr<TlsFactory>> Create(const TlsFiles& files);
  ~TlsFactory();
  TlsFactory(const TlsFactory&) = delete;
  TlsFactory& operator=(const TlsFactory&) = delete;

  // Null if memory ran out.
  std::unique_ptr<Channel> NewChannel(int socket) const;

 private:
  explicit TlsFactory(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* const context_;
};

}  // namespace sluice::http

#endif  // SLUICE_SERVER_HTTP_CHANNEL_H_
