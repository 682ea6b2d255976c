#include "tests/bench/load/close_board.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace sluice::bench {

CloseBoard::CloseBoard(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  void* page = MAP_FAILED;
  if (fd >= 0 && ftruncate(fd, sizeof(Page)) == 0) {  // a new file's zeros are an empty board
    page = mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  }
  if (page == MAP_FAILED) {
    perror(path.c_str());
    exit(1);
  }
  close(fd);
  page_ = static_cast<Page*>(page);
}

CloseBoard::~CloseBoard() { munmap(page_, sizeof(Page)); }

}  // namespace sluice::bench
