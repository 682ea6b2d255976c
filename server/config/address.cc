#include "server/config/address.h"

#include <arpa/inet.h>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

namespace sluice::config {
namespace {

bool IsIpv4(const std::string& host) {
  in_addr address;
  return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

bool IsIpv6(const std::string& host) {
  in6_addr address;
  return inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

// The characters of a registered name (RFC 3986 3.2.2), less percent-encoding, which no host needs.
bool IsHostName(absl::string_view host) {
  for (const char c : host) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '-' && c != '_') return false;
  }
  return !host.empty();
}

// "host", "host:port" or "[IPv6]:port".
absl::StatusOr<HostPort> ParseHostPort(absl::string_view text) {
  HostPort result;
  absl::string_view rest;
  if (!text.empty() && text[0] == '[') {
    const size_t close = text.find(']');
    if (close == absl::string_view::npos) return absl::InvalidArgumentError("the ] of the IPv6 address is missing");
    result.host = std::string(text.substr(1, close - 1));
    if (!IsIpv6(result.host)) return absl::InvalidArgumentError("what stands in [] is not an IPv6 address");
    rest = text.substr(close + 1);
  } else {
    const size_t colon = text.find(':');
    result.host = std::string(text.substr(0, colon));
    rest = colon == absl::string_view::npos ? "" : text.substr(colon);
    if (!IsHostName(result.host)) return absl::InvalidArgumentError("the host is missing or malformed");
  }
  if (rest.empty()) return result;
  if (rest[0] != ':' || rest.size() < 2 || rest.size() > 6 || !absl::SimpleAtoi(rest.substr(1), &result.port) ||
      !absl::ascii_isdigit(static_cast<unsigned char>(rest[1])) || result.port > 65535) {
    return absl::InvalidArgumentError("the port is not a number from 0 to 65535 (an IPv6 address stands in [])");
  }
  return result;
}

}  // namespace

bool IsLoopback(absl::string_view host) {
  const std::string name = absl::AsciiStrToLower(host);
  if (name == "localhost") return true;
  in_addr v4;
  if (inet_pton(AF_INET, name.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6;
  return inet_pton(AF_INET6, name.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

absl::StatusOr<HostPort> ParseListenAddress(absl::string_view text) {
  absl::StatusOr<HostPort> parsed = ParseHostPort(text);
  if (!parsed.ok()) return parsed;
  if (parsed->port < 0) return absl::InvalidArgumentError("the port is missing");
  if (!IsIpv4(parsed->host) && !IsIpv6(parsed->host) && parsed->host != "localhost") {
    return absl::InvalidArgumentError("the host is neither an IP address nor localhost");
  }
  return parsed;
}

absl::StatusOr<Url> ParseUrl(absl::string_view text, bool allow_userinfo) {
  for (const char c : text) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c))) {
      return absl::InvalidArgumentError("it holds a space, a control character or a letter outside ASCII");
    }
  }
  const size_t colon = text.find("://");
  if (colon == absl::string_view::npos) return absl::InvalidArgumentError("it does not begin with a scheme and ://");
  Url url;
  url.scheme = std::string(text.substr(0, colon));
  absl::string_view rest = text.substr(colon + 3);
  if (rest.find_first_of("?#") != absl::string_view::npos) {
    return absl::InvalidArgumentError("it has a query or fragment; remove what follows the ? or #");
  }
  const size_t slash = rest.find('/');
  if (slash != absl::string_view::npos) url.path = std::string(rest.substr(slash));
  rest = rest.substr(0, slash);
  if (const size_t at = rest.rfind('@'); at != absl::string_view::npos) {
    if (!allow_userinfo) return absl::InvalidArgumentError("it holds a user or password; the key belongs into api_key");
    rest = rest.substr(at + 1);
  }
  absl::StatusOr<HostPort> authority = ParseHostPort(rest);
  if (!authority.ok()) return authority.status();
  if (authority->port == 0) return absl::InvalidArgumentError("port 0 cannot be connected to");
  url.authority = *std::move(authority);
  return url;
}

}  // namespace sluice::config
