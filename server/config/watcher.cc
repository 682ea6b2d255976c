#include "server/config/watcher.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/config/environment.h"

namespace sluice::config {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kEvents = IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE |
                             IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
// An editor or an installer touches a file several times in a row: wait until it is quiet for this long, but never
// longer than kAtMost, so that a busy directory does not hide a change.
constexpr std::chrono::milliseconds kQuiet{50};
constexpr std::chrono::milliseconds kAtMost{1000};
constexpr int kMaxLinks = 40;  // as the kernel's own bound on following links

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// The directories in which an entry decides what `file` leads to: that of each symbolic link on the way, that of the
// file itself, and, where the way ends early, the last one that exists.
void AddDirectories(const std::string& file, std::set<std::string>* directories) {
  std::error_code error;
  fs::path rest = fs::absolute(file, error);
  fs::path at = "/";
  rest = rest.relative_path();
  for (int links = 0; !rest.empty();) {
    const fs::path name = *rest.begin();
    const fs::path next = at / name;
    rest = rest.lexically_relative(name);
    if (rest == ".") rest.clear();
    const fs::file_status status = fs::symlink_status(next, error);
    const bool link = fs::is_symlink(status);
    if (link || !fs::exists(status) || rest.empty()) directories->insert(at.string());
    if (!fs::exists(status)) return;
    if (!link) {
      at = next;
      continue;
    }
    if (++links > kMaxLinks) return;
    const fs::path target = fs::read_symlink(next, error);
    if (error) return;
    rest = rest.empty() ? target : target / rest;
    if (rest.is_absolute()) {
      at = "/";
      rest = rest.relative_path();
    }
  }
}

class InotifyWatcher final : public Watcher {
 public:
  InotifyWatcher(Descriptor inotify, Descriptor wake, std::function<void()> on_change)
      : inotify_(std::move(inotify)),
        wake_(std::move(wake)),
        on_change_(std::move(on_change)),
        read_file_(ProcessEnvironment().read_file) {}

  ~InotifyWatcher() override {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    Wake();
    thread_.join();
  }

  void Begin(std::vector<SourceFile> files) {
    TakeFiles(std::move(files));
    UpdateWatches();  // here, so that whatever happens after Start is seen
    thread_ = std::thread([this] { Run(); });
  }

  void Watch(std::vector<SourceFile> files) override {
    {
      const std::lock_guard lock(mutex_);
      pending_ = std::move(files);
    }
    Wake();
  }

 private:
  void Wake() {
    const uint64_t one = 1;
    // Can only fail when the counter is full, and then the thread is awake anyway.
    [[maybe_unused]] const ssize_t written = write(wake_.get(), &one, sizeof one);
  }

  void Run() {
    while (true) {
      if (Changed()) on_change_();
      if (!TakePending()) return;
      if (fresh_) continue;
      WaitForEvents();
    }
  }

  // Takes over what Watch and the destructor left; false to stop.
  bool TakePending() {
    std::optional<std::vector<SourceFile>> files;
    {
      const std::lock_guard lock(mutex_);
      if (stop_) return false;
      files = std::exchange(pending_, std::nullopt);
    }
    fresh_ = files.has_value();
    if (files) TakeFiles(*std::move(files));
    return true;
  }

  void TakeFiles(std::vector<SourceFile> files) {
    seen_.clear();
    for (SourceFile& file : files) seen_[std::move(file.path)] = file.fingerprint;
  }

  // Compares contents with what was seen last, and remembers the new ones.
  bool Changed() {
    UpdateWatches();
    bool changed = false;
    for (auto& [path, seen] : seen_) {
      const absl::StatusOr<std::string> text = read_file_(path);
      std::optional<size_t> now;
      if (text.ok()) now = Fingerprint(*text);
      if (now == seen) continue;
      seen = now;
      changed = true;
    }
    return changed;
  }

  // Watches come before the contents are read: what changes after the reading is then an event.
  void UpdateWatches() {
    std::set<std::string> wanted;
    for (const auto& [path, unused] : seen_) AddDirectories(path, &wanted);
    std::map<int, std::string> watches;
    for (const std::string& directory : wanted) {
      // Adding one again gives the same number, or a new one if another directory took the name.
      const int watch = inotify_add_watch(inotify_.get(), directory.c_str(), kEvents);
      if (watch >= 0) watches[watch] = directory;
    }
    for (const auto& [watch, unused] : watches_) {
      if (watches.count(watch) == 0) inotify_rm_watch(inotify_.get(), watch);
    }
    watches_ = std::move(watches);
  }

  // Returns when something happened in a watched directory and it became quiet again, or when woken.
  void WaitForEvents() {
    int timeout = -1;
    std::chrono::steady_clock::time_point deadline;
    while (true) {
      pollfd fds[] = {{inotify_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
      const int ready = poll(fds, 2, timeout);
      if (ready < 0 && errno == EINTR) continue;
      if (ready <= 0) return;
      if (fds[1].revents != 0) {
        uint64_t count;
        [[maybe_unused]] const ssize_t got = read(wake_.get(), &count, sizeof count);
        return;
      }
      DropEvents();
      const auto now = std::chrono::steady_clock::now();
      if (timeout < 0) deadline = now + kAtMost;
      if (now >= deadline) return;
      timeout = static_cast<int>(kQuiet.count());
    }
  }

  // What the events say is not needed: contents decide.
  void DropEvents() {
    alignas(inotify_event) char buffer[4096];
    while (read(inotify_.get(), buffer, sizeof buffer) > 0) {
    }
  }

  const Descriptor inotify_;
  const Descriptor wake_;
  const std::function<void()> on_change_;
  const std::function<absl::StatusOr<std::string>(const std::string&)> read_file_;

  // Of the watcher's thread.
  std::map<std::string, std::optional<size_t>> seen_;  // none: the file cannot be read
  std::map<int, std::string> watches_;
  bool fresh_ = false;

  std::mutex mutex_;
  bool stop_ = false;                               // guarded by mutex_
  std::optional<std::vector<SourceFile>> pending_;  // guarded by mutex_

  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Watcher>> Watcher::Start(std::vector<SourceFile> files,
                                                        std::function<void()> on_change) {
  Descriptor inotify(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  Descriptor wake(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (inotify.get() < 0 || wake.get() < 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot watch files: ", std::strerror(errno),
                     "; raise fs.inotify.max_user_instances or the limit of open files"));
  }
  auto watcher = std::make_unique<InotifyWatcher>(std::move(inotify), std::move(wake), std::move(on_change));
  watcher->Begin(std::move(files));
  return watcher;
}

}  // namespace sluice::config
