#include "server/http/mailbox.h"

#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace sluice::http {
namespace {

TEST(Mailbox, RunsTasksInOrderAndNeverInsidePost) {
  boost::asio::io_context io;
  const auto mailbox = std::make_shared<Mailbox>(io);
  std::vector<int> ran;
  mailbox->Post([&] {
    ran.push_back(1);
    mailbox->Post([&] { ran.push_back(3); });
    ran.push_back(2);
  });
  EXPECT_TRUE(ran.empty());
  io.run();
  EXPECT_EQ(ran, (std::vector<int>{1, 2, 3}));
}

TEST(Mailbox, TasksOfOneThreadKeepTheirOrderAmongThoseOfOthers) {
  boost::asio::io_context io;
  const auto mailbox = std::make_shared<Mailbox>(io);
  std::vector<int> ran[2];
  std::thread threads[2];
  for (int t = 0; t < 2; ++t) {
    threads[t] = std::thread([&, t] {
      for (int i = 0; i < 1000; ++i) mailbox->Post([&, t, i] { ran[t].push_back(i); });
    });
  }
  for (auto& thread : threads) thread.join();
  io.run();
  for (const auto& list : ran) {
    ASSERT_EQ(list.size(), 1000u);
    EXPECT_TRUE(std::is_sorted(list.begin(), list.end()));
  }
}

TEST(Mailbox, DelayedTasksRunInTheOrderOfTheirDelays) {
  boost::asio::io_context io;
  const auto mailbox = std::make_shared<Mailbox>(io);
  std::vector<int> ran;
  mailbox->PostAfter(absl::Milliseconds(20), [&] { ran.push_back(2); });
  mailbox->PostAfter(absl::ZeroDuration(), [&] { ran.push_back(1); });
  io.run();
  EXPECT_EQ(ran, (std::vector<int>{1, 2}));
}

TEST(Mailbox, OnceClosedItDropsWhatItHoldsAndWhatComes) {
  boost::asio::io_context io;
  const auto mailbox = std::make_shared<Mailbox>(io);
  const auto held = std::make_shared<int>();
  mailbox->Post([held] { FAIL(); });
  mailbox->Close();
  mailbox->Post([held] { FAIL(); });
  EXPECT_EQ(held.use_count(), 1);
  io.run();
}

TEST(Mailbox, ATaskThatPostsWhenItIsDroppedDoesNoHarm) {
  boost::asio::io_context io;
  const auto mailbox = std::make_shared<Mailbox>(io);
  struct PostsAtTheEnd {
    std::shared_ptr<Mailbox> mailbox;
    ~PostsAtTheEnd() {
      mailbox->Post([] { FAIL(); });
    }
  };
  mailbox->Post([last = std::make_shared<PostsAtTheEnd>(PostsAtTheEnd{mailbox})] {});
  mailbox->Close();
  io.run();
}

TEST(Mailbox, ADelayedTaskThatNeverRanIsFreedWithTheLoop) {
  const auto held = std::make_shared<int>();
  {
    boost::asio::io_context io;
    const auto mailbox = std::make_shared<Mailbox>(io);
    mailbox->PostAfter(absl::InfiniteDuration(), [held] { FAIL(); });
    io.poll();
    EXPECT_EQ(held.use_count(), 2);
    mailbox->Close();
  }
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace sluice::http
