#include "server/base/id.h"

#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/fake_id.h"

namespace sluice {
namespace {

TEST(IdSource, IdsAre32LowerCaseHexadecimalDigits) {
  for (int i = 0; i < 100; ++i) {
    const std::string id = IdSource::Real().NewRequestId();
    EXPECT_EQ(id.size(), 32u);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos) << id;
  }
}

TEST(IdSource, NoIdComesTwiceFromSeveralThreads) {
  std::mutex mutex;
  std::set<std::string> ids;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        const std::string id = IdSource::Real().NewRequestId();
        std::lock_guard<std::mutex> lock(mutex);
        ids.insert(id);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ids.size(), 2000u);
}

TEST(IdSource, EveryDigitVaries) {
  std::vector<std::set<char>> seen(32);
  for (int i = 0; i < 1000; ++i) {
    const std::string id = IdSource::Real().NewRequestId();
    for (size_t digit = 0; digit < 32; ++digit) seen[digit].insert(id[digit]);
  }
  for (const auto& digits : seen) EXPECT_EQ(digits.size(), 16u);
}

TEST(FakeIdSource, CountsFromOneInTheRealShape) {
  FakeIdSource ids;
  EXPECT_EQ(ids.NewRequestId(), "00000000000000000000000000000001");
  EXPECT_EQ(ids.NewRequestId(), "00000000000000000000000000000002");
}

}  // namespace
}  // namespace sluice
