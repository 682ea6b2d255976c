#ifndef SLUICE_SERVER_HTTP_REPLY_H_
#define SLUICE_SERVER_HTTP_REPLY_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sluice::http {

// What the first lines of a reply say.
struct ReplyHead {
  int status = 200;
  absl::string_view content_type = {};        // empty: no such header
  std::optional<size_t> content_length = {};  // absent: the length is not known
  bool chunked = false;
  bool keep_alive = true;
  bool http_1_0 = false;                // the request was: keeping alive must be said
  absl::string_view more_headers = {};  // complete lines
  absl::Time date = {};
};

// Status line and headers, with the empty line that ends them.
std::string FormatHead(const ReplyHead& head);

// Appends `bytes` as one chunk (RFC 9112 7.1). Empty bytes would end the body and are left out.
void AppendChunk(absl::string_view bytes, std::string& out);

inline constexpr absl::string_view kLastChunk = "0\r\n\r\n";
inline constexpr absl::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace sluice::http

#endif  // SLUICE_SERVER_HTTP_REPLY_H_
