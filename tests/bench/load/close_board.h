#ifndef SLUICE_TESTS_BENCH_LOAD_CLOSE_BOARD_H_
#define SLUICE_TESTS_BENCH_LOAD_CLOSE_BOARD_H_

#include <atomic>
#include <cstdint>
#include <string>

namespace sluice::bench {

// Where the upstream notes each stream that it was sending and lost, for the load program to read: a page of a file
// that both have mapped. Both are on one machine, so one clock serves them.
class CloseBoard {
 public:
  struct Page {
    std::atomic<int64_t> count;  // streams lost so far
    std::atomic<int64_t> last;   // when the last was seen to be lost, ns of CLOCK_MONOTONIC
  };

  // Maps the file, which is made if need be. Ends the program with a message if that fails.
  explicit CloseBoard(const std::string& path);
  ~CloseBoard();
  CloseBoard(const CloseBoard&) = delete;
  CloseBoard& operator=(const CloseBoard&) = delete;

  void Note(int64_t now) {
    page_->last = now;
    ++page_->count;
  }
  int64_t count() const { return page_->count; }
  int64_t last() const { return page_->last; }

 private:
  Page* page_;
};

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_LOAD_CLOSE_BOARD_H_
