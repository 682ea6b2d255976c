#include "server/config/watcher.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <string>

#include "absl/strings/str_cat.h"

namespace sluice::config {
namespace {

namespace fs = std::filesystem;

// How long a change may take to be told before a test gives up.
constexpr std::chrono::seconds kPatience{20};

class WatcherTest : public testing::Test {
 protected:
  WatcherTest() {
    std::string pattern = absl::StrCat(testing::TempDir(), "/sluice_watcher_XXXXXX");
    root_ = mkdtemp(pattern.data());
  }
  ~WatcherTest() override {
    watcher_.reset();
    fs::remove_all(root_);
  }

  static void Write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }
  // In one step, so that it is one change however slow the machine is.
  void Replace(const fs::path& path, const std::string& text) {
    Write(root_ / "new", text);
    fs::rename(root_ / "new", path);
  }
  static SourceFile Loaded(const fs::path& path, const std::string& text) { return {path.string(), Fingerprint(text)}; }

  void Start(std::vector<SourceFile> files) {
    auto watcher = Watcher::Start(std::move(files), [this] {
      const std::lock_guard lock(mutex_);
      ++changes_;
      changed_.notify_all();
    });
    ASSERT_TRUE(watcher.ok()) << watcher.status();
    watcher_ = *std::move(watcher);
  }
  // Whether another change is told.
  bool AwaitChange() {
    std::unique_lock lock(mutex_);
    ++awaited_;
    return changed_.wait_for(lock, kPatience, [this] { return changes_ >= awaited_; });
  }
  bool ChangesWithin(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, time, [this] { return changes_ > awaited_; });
  }
  int changes() {
    const std::lock_guard lock(mutex_);
    return changes_;
  }

  fs::path root_;
  std::unique_ptr<Watcher> watcher_;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int changes_ = 0;
  int awaited_ = 0;
};

TEST_F(WatcherTest, SeesAWriteInPlace) {
  Write(root_ / "f", "one");
  Start({Loaded(root_ / "f", "one")});
  Write(root_ / "f", "two");
  EXPECT_TRUE(AwaitChange());
}

TEST_F(WatcherTest, SeesAFileReplacedByRename) {
  Write(root_ / "f", "one");
  Start({Loaded(root_ / "f", "one")});
  for (const char* text : {"two", "three"}) {
    Replace(root_ / "f", text);
    EXPECT_TRUE(AwaitChange()) << text;
  }
}

// As a kubelet updates a mounted ConfigMap: f -> ..data/f, ..data -> ..1, and ..data is turned by a rename.
TEST_F(WatcherTest, SeesASymbolicLinkTurned) {
  for (const char* version : {"..1", "..2", "..3"}) {
    fs::create_directory(root_ / version);
    Write(root_ / version / "f", version);
  }
  fs::create_symlink("..1", root_ / "..data");
  fs::create_symlink("..data/f", root_ / "f");
  Start({Loaded(root_ / "f", "..1")});
  for (const char* version : {"..2", "..3"}) {
    fs::create_symlink(version, root_ / "..tmp");
    fs::rename(root_ / "..tmp", root_ / "..data");
    EXPECT_TRUE(AwaitChange()) << version;
  }
  Write(root_ / "..3" / "f", "written behind both links");
  EXPECT_TRUE(AwaitChange());
}

TEST_F(WatcherTest, SeesALinkTurnedInTheMiddleOfThePath) {
  for (const char* version : {"1", "2"}) {
    fs::create_directories(root_ / version / "sub");
    Write(root_ / version / "sub" / "f", version);
  }
  fs::create_directory_symlink(root_ / "1", root_ / "current");
  Start({Loaded(root_ / "current" / "sub" / "f", "1")});
  fs::create_directory_symlink(root_ / "2", root_ / "next");
  fs::rename(root_ / "next", root_ / "current");
  EXPECT_TRUE(AwaitChange());
}

TEST_F(WatcherTest, SeesAFileGoneAndBack) {
  fs::create_directory(root_ / "d");
  Write(root_ / "d" / "f", "one");
  Start({Loaded(root_ / "d" / "f", "one")});
  fs::rename(root_ / "d", root_ / "away");
  EXPECT_TRUE(AwaitChange());
  fs::rename(root_ / "away", root_ / "d");
  EXPECT_TRUE(AwaitChange());
}

TEST_F(WatcherTest, SeesAChangeThatCameBetweenLoadingAndWatching) {
  Write(root_ / "f", "two");
  Start({Loaded(root_ / "f", "one")});
  EXPECT_TRUE(AwaitChange());
}

TEST_F(WatcherTest, ARewriteOfTheSameBytesIsNoChange) {
  Write(root_ / "f", "one");
  Start({Loaded(root_ / "f", "one")});
  Write(root_ / "other", "not watched");
  Replace(root_ / "f", "one");
  fs::permissions(root_ / "f", fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_FALSE(ChangesWithin(std::chrono::milliseconds(300)));
  Replace(root_ / "f", "two");
  EXPECT_TRUE(AwaitChange());
}

TEST_F(WatcherTest, WatchesTheNewSetAfterAReload) {
  fs::create_directory(root_ / "a");
  fs::create_directory(root_ / "b");
  Write(root_ / "a" / "f", "one");
  Write(root_ / "b" / "f", "one");
  Start({Loaded(root_ / "a" / "f", "one")});
  watcher_->Watch({Loaded(root_ / "b" / "f", "one")});
  Replace(root_ / "b" / "f", "two");
  EXPECT_TRUE(AwaitChange());
  Replace(root_ / "a" / "f", "two");  // no longer watched
  Replace(root_ / "b" / "f", "three");
  EXPECT_TRUE(AwaitChange());
  EXPECT_EQ(changes(), 2);
}

TEST_F(WatcherTest, TheCallbackMayWatch) {
  Write(root_ / "f", "one");
  std::promise<void> first;
  std::promise<void> second;
  int calls = 0;
  std::unique_ptr<Watcher> watcher;
  std::promise<void> assigned;
  auto started = Watcher::Start({Loaded(root_ / "f", "before")}, [&] {
    if (++calls == 1) {
      assigned.get_future().wait();
      watcher->Watch({Loaded(root_ / "f", "one")});
      first.set_value();
    } else if (calls == 2) {
      second.set_value();
    }
  });
  ASSERT_TRUE(started.ok()) << started.status();
  watcher = *std::move(started);
  assigned.set_value();
  EXPECT_EQ(first.get_future().wait_for(kPatience), std::future_status::ready);
  Replace(root_ / "f", "two");
  EXPECT_EQ(second.get_future().wait_for(kPatience), std::future_status::ready);
  watcher.reset();
  EXPECT_EQ(calls, 2);
}

TEST_F(WatcherTest, StopsAtOnceWithNothingToDo) {
  Start({});
  watcher_.reset();
  Start({Loaded(root_ / "never" / "there", "one")});
  EXPECT_TRUE(AwaitChange());  // it was loaded, and is gone
  watcher_.reset();
  EXPECT_EQ(changes(), 1);
}

TEST_F(WatcherTest, ALoopOfLinksIsAMissingFile) {
  fs::create_symlink("b", root_ / "a");
  fs::create_symlink("a", root_ / "b");
  Start({Loaded(root_ / "a", "one")});
  EXPECT_TRUE(AwaitChange());
  fs::remove(root_ / "b");
  Write(root_ / "b", "two");
  EXPECT_TRUE(AwaitChange());
}

}  // namespace
}  // namespace sluice::config
