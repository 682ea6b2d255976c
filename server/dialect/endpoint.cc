#include "server/dialect/endpoint.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace sluice::dialect {
namespace {

// RFC 3986 2.3, and the slash and colon that models' names have and path segments may (3.3).
std::string EncodePath(absl::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || absl::StrContains("-._~/:@", c)) {
      encoded += c;
    } else {
      encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return encoded;
}

void Address(const Target& target, const Endpoint& endpoint, absl::string_view path, absl::string_view model,
             HttpRequest* http) {
  http->url = absl::StrCat(target.base_url, absl::StrReplaceAll(path, {{"{model}", EncodePath(model)}}));
  if (!target.api_key.empty()) {
    const bool own = target.auth_header.empty();
    http->headers.emplace_back(
        std::string(own ? endpoint.auth_header : absl::string_view(target.auth_header)),
        absl::StrCat(own ? endpoint.auth_prefix : absl::string_view(target.auth_prefix), target.api_key));
  }
  http->headers.insert(http->headers.end(), target.headers.begin(), target.headers.end());
}

absl::string_view Chosen(const std::string& configured, absl::string_view usual) {
  return configured.empty() ? usual : absl::string_view(configured);
}

}  // namespace

HttpRequest ChatRequestTo(const Target& target, const Endpoint& endpoint, absl::string_view model) {
  HttpRequest http;
  http.method = "POST";
  http.headers = {{"Content-Type", "application/json"}, {"Accept", "text/event-stream"}};
  Address(target, endpoint, Chosen(target.chat_path, endpoint.chat_path), model, &http);
  return http;
}

HttpRequest ListModelsRequestTo(const Target& target, const Endpoint& endpoint) {
  HttpRequest http;
  http.method = "GET";
  http.headers = {{"Accept", "application/json"}};
  Address(target, endpoint, Chosen(target.models_path, endpoint.models_path), /*model=*/"", &http);
  return http;
}

}  // namespace sluice::dialect
