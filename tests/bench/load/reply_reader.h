#ifndef SLUICE_TESTS_BENCH_LOAD_REPLY_READER_H_
#define SLUICE_TESTS_BENCH_LOAD_REPLY_READER_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace sluice::bench {

// Reads HTTP/1.1 replies that come chunked (RFC 9112 7.1), one after another, from bytes cut anywhere.
class ReplyReader {
 public:
  enum class Step {
    kMore,   // all of the input is used: call again with what comes next
    kBody,   // a piece of the body: call again with the rest
    kEnd,    // the reply is complete; the next call begins the next reply
    kError,  // not a chunked reply with status 200: see problem()
  };

  // Takes bytes off the front of `*in`. After kBody, `*body` is a part of them.
  Step Next(absl::string_view* in, absl::string_view* body);
  const std::string& problem() const { return problem_; }

 private:
  enum class State { kHead, kSize, kExtension, kData, kDataEnd, kTrailer };

  bool TakeHead(absl::string_view* in);
  Step Fail(absl::string_view problem);

  State state_ = State::kHead;
  std::string head_;
  size_t left_ = 0;  // of the chunk
  size_t line_ = 0;  // bytes of the trailer's line
  std::string problem_;
};

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_LOAD_REPLY_READER_H_
