#include "server/http/request_reader.h"

#include <algorithm>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>
#include <limits>

#include "absl/strings/match.h"

namespace sluice::http {
namespace {

namespace beast_http = boost::beast::http;

template <typename View>
absl::string_view ToView(const View& view) {
  return absl::string_view(view.data(), view.size());
}

// Path and query of a request target (RFC 9112 3.2); false for forms a server that is no proxy cannot serve.
bool SplitTarget(absl::string_view target, Request& request) {
  if (!absl::StartsWith(target, "/") && target != "*") {
    const size_t scheme = target.find("://");
    if (scheme == absl::string_view::npos) return false;
    target.remove_prefix(scheme + 3);
    target.remove_prefix(std::min(target.find_first_of("/?"), target.size()));
  }
  const size_t question = target.find('?');
  request.path = std::string(target.substr(0, question));
  if (request.path.empty()) request.path = "/";
  if (question != absl::string_view::npos) request.query = std::string(target.substr(question + 1));
  return true;
}

int StatusOf(const boost::system::error_code& error) {
  if (error == beast_http::error::body_limit) return 413;
  if (error == beast_http::error::header_limit || error == beast_http::error::buffer_overflow) return 431;
  return 400;
}

}  // namespace

struct RequestReader::Parser : beast_http::request_parser<beast_http::string_body> {};

absl::string_view Request::Header(absl::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return "";
}

RequestReader::RequestReader(size_t max_header_bytes, size_t max_body_bytes) : parser_(std::make_unique<Parser>()) {
  constexpr size_t kMost = std::numeric_limits<uint32_t>::max();
  parser_->header_limit(static_cast<uint32_t>(std::min(max_header_bytes, kMost)));
  parser_->body_limit(uint64_t{max_body_bytes});
  parser_->eager(true);
}

RequestReader::~RequestReader() = default;

RequestReader::State RequestReader::Feed(std::string& input) {
  size_t used = 0;
  while (!parser_->is_done() && used < input.size()) {
    boost::system::error_code error;
    used += parser_->put(boost::asio::const_buffer(input.data() + used, input.size() - used), error);
    if (error == beast_http::error::need_more) break;
    if (error) return Refuse(StatusOf(error));
  }
  input.erase(0, used);
  if (!parser_->is_header_done()) return State::kHeader;
  return CheckHeader();
}

RequestReader::State RequestReader::CheckHeader() {
  if (!header_checked_) {
    header_checked_ = true;
    // RFC 9112 3.2: a request of HTTP/1.1 without exactly one Host is refused.
    const auto& message = parser_->get();
    if (message.version() >= 11 && message.count(beast_http::field::host) != 1) return Refuse(400);
    Request target;
    if (!SplitTarget(ToView(message.target()), target)) return Refuse(400);
  }
  return parser_->is_done() ? State::kComplete : State::kBody;
}

RequestReader::State RequestReader::Refuse(int status) {
  error_status_ = status;
  return State::kRefused;
}

bool RequestReader::expects_continue() const {
  return chunked_reply_allowed() &&
         absl::EqualsIgnoreCase(ToView(parser_->get()[beast_http::field::expect]), "100-continue");
}

bool RequestReader::keep_alive() const { return parser_->get().keep_alive(); }

bool RequestReader::chunked_reply_allowed() const { return parser_->get().version() >= 11; }

Request RequestReader::Take() {
  auto message = parser_->release();
  Request request;
  request.method = std::string(ToView(message.method_string()));
  SplitTarget(ToView(message.target()), request);
  for (const auto& field : message) {
    request.headers.emplace_back(std::string(ToView(field.name_string())), std::string(ToView(field.value())));
  }
  request.body = std::move(message.body());
  return request;
}

}  // namespace sluice::http
