#include "tests/unit/upstream/interposed.h"

#include <dlfcn.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>

namespace sluice::upstream {
namespace {

std::mutex mutex;
std::condition_variable changed;
int hanging = 0;
int times_asked = 0;
bool slow = false;

void Hang() {
  std::unique_lock lock(mutex);
  ++times_asked;
  ++hanging;
  changed.wait_for(lock, std::chrono::seconds(3), [] { return !slow; });  // a test that blocks on this fails
  --hanging;
  changed.notify_all();
}

}  // namespace

thread_local std::function<void(int fd, size_t bytes)> before_send;

SlowResolver::SlowResolver() {
  std::lock_guard lock(mutex);
  slow = true;
  times_asked = 0;
}

SlowResolver::~SlowResolver() {
  std::unique_lock lock(mutex);
  slow = false;
  changed.notify_all();
  changed.wait(lock, [] { return hanging == 0; });
}

int SlowResolver::asked() const {
  std::lock_guard lock(mutex);
  return times_asked;
}

}  // namespace sluice::upstream

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** result) {
  static const auto real = reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
  if (node == nullptr || std::strcmp(node, "slow.test") != 0) return real(node, service, hints, result);
  sluice::upstream::Hang();
  return EAI_NONAME;
}

extern "C" ssize_t send(int fd, const void* data, size_t size, int flags) {
  static const auto real = reinterpret_cast<decltype(&send)>(dlsym(RTLD_NEXT, "send"));
  if (sluice::upstream::before_send) sluice::upstream::before_send(fd, size);
  return real(fd, data, size, flags);
}
