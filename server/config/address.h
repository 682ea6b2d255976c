#ifndef SLUICE_SERVER_CONFIG_ADDRESS_H_
#define SLUICE_SERVER_CONFIG_ADDRESS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sluice::config {

struct HostPort {
  std::string host;  // without the brackets of an IPv6 address
  int port = -1;     // -1: not given
};

// Whether plaintext to or on this host stays on the machine: "localhost", 127.0.0.0/8, ::1.
bool IsLoopback(absl::string_view host);

// An address to listen on: "IP:port", "[IPv6]:port" or "localhost:port", port 0 to 65535.
absl::StatusOr<HostPort> ParseListenAddress(absl::string_view text);

struct Url {
  std::string scheme;  // in lower case, as it must be written
  HostPort authority;
  std::string path;  // "" or from its first slash on
};

// "scheme://host[:port][/path]" (RFC 3986), without query and fragment. User and password before the host are refused
// unless `allow_userinfo`. Errors never quote the text: it may hold a password.
absl::StatusOr<Url> ParseUrl(absl::string_view text, bool allow_userinfo);

}  // namespace sluice::config

#endif  // SLUICE_SERVER_CONFIG_ADDRESS_H_
