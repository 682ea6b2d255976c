#include "server/http/reply.h"

#include "absl/strings/str_cat.h"

namespace sluice::http {
namespace {

// RFC 9110 15. The phrase is for people who read traffic; clients go by the number.
absl::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 307:
      return "Temporary Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "";
  }
}

}  // namespace

std::string FormatHead(const ReplyHead& head) {
  std::string out =
      absl::StrCat("HTTP/1.1 ", head.status, " ", ReasonPhrase(head.status),
                   "\r\nDate: ", absl::FormatTime("%a, %d %b %E4Y %H:%M:%S GMT", head.date, absl::UTCTimeZone()),
                   "\r\n", head.more_headers);
  if (!head.content_type.empty()) absl::StrAppend(&out, "Content-Type: ", head.content_type, "\r\n");
  if (head.content_length.has_value()) absl::StrAppend(&out, "Content-Length: ", *head.content_length, "\r\n");
  if (head.chunked) absl::StrAppend(&out, "Transfer-Encoding: chunked\r\n");
  if (!head.keep_alive) {
    absl::StrAppend(&out, "Connection: close\r\n");
  } else if (head.http_1_0) {
    absl::StrAppend(&out, "Connection: keep-alive\r\n");
  }
  absl::StrAppend(&out, "\r\n");
  return out;
}

void AppendChunk(absl::string_view bytes, std::string& out) {
  if (bytes.empty()) return;
  absl::StrAppend(&out, absl::Hex(bytes.size()), "\r\n", bytes, "\r\n");
}

}  // namespace sluice::http
