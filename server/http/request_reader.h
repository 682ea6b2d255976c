#ifndef SLUICE_SERVER_HTTP_REQUEST_READER_H_
#define SLUICE_SERVER_HTTP_REQUEST_READER_H_

#include <cstddef>
#include <memory>
#include <string>

#include "server/http/server.h"

namespace sluice::http {

// Reads one request off a connection's bytes, whatever pieces they come in. Make a new one for each request.
// Not thread safe.
class RequestReader {
 public:
  enum class State {
    kHeader,    // wants more bytes; the header is not complete
    kBody,      // wants more bytes of the body
    kComplete,  // Take the request
    kRefused,   // answer error_status() and close: what follows cannot be framed
  };

  RequestReader(size_t max_header_bytes, size_t max_body_bytes);
  ~RequestReader();

  // Takes what it can use off the front of `input`; bytes of a next request stay there. No call after kComplete or
  // kRefused.
  State Feed(std::string& input);

  int error_status() const { return error_status_; }  // 400, 413 or 431, once refused

  // Known once the header is complete.
  bool expects_continue() const;
  bool keep_alive() const;
  bool chunked_reply_allowed() const;  // HTTP/1.1: the peer understands chunks

  Request Take();

 private:
  struct Parser;

  State Refuse(int status);
  State CheckHeader();

  std::unique_ptr<Parser> parser_;
  bool header_checked_ = false;
  int error_status_ = 0;
};

}  // namespace sluice::http

#endif  // SLUICE_SERVER_HTTP_REQUEST_READER_H_
