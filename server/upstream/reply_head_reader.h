#ifndef SLUICE_SERVER_UPSTREAM_REPLY_HEAD_READER_H_
#define SLUICE_SERVER_UPSTREAM_REPLY_HEAD_READER_H_

#include <cstddef>

#include "absl/strings/string_view.h"
#include "server/upstream/client.h"

namespace sluice::upstream {

// Gathers the header lines of one reply, as curl hands them over one by one, line ends included. Interim replies (1xx,
// RFC 9110 15.2) are swallowed; trailers after the head are ignored.
class ReplyHeadReader {
 public:
  // All header lines of a reply together, interim replies and trailers included.
  static constexpr size_t kMaxBytes = 64 * 1024;

  enum class Got {
    kMore,      // nothing to act on
    kFirst,     // the status line of the final reply
    kComplete,  // the blank line after it: head() is whole
    kTooLarge,
  };
  Got Add(absl::string_view line);

  ReplyHead& head() { return head_; }
  bool empty() const { return bytes_ == 0; }  // no line has come yet

 private:
  void AddField(absl::string_view line);

  ReplyHead head_;
  size_t bytes_ = 0;
  bool done_ = false;
};

}  // namespace sluice::upstream

#endif  // SLUICE_SERVER_UPSTREAM_REPLY_HEAD_READER_H_
