#include "server/config/checker.h"

#include <gtest/gtest.h>

#include "tests/unit/config/fixture.h"

namespace sluice::config {
namespace {

class CheckerTest : public testing::Test {
 protected:
  std::string errors() const { return std::string(problems_.ToStatus().message()); }

  FakeWorld world_;
  Environment environment_ = world_.environment();
  Problems problems_{"f.yaml"};
  Checker checker_{environment_, &problems_};
};

TEST_F(CheckerTest, RemembersTheFilesItRead) {
  EXPECT_EQ(checker_.Read("a", "key"), absl::StrCat(kKey, "\n"));
  EXPECT_EQ(checker_.Read("b", "gone"), std::nullopt);
  EXPECT_EQ(checker_.files(), (std::vector<SourceFile>{{"key", Fingerprint(absl::StrCat(kKey, "\n"))}}));
  EXPECT_EQ(errors(), "f.yaml: b: cannot read the file named here: No such file or directory");
}

TEST_F(CheckerTest, TellsPemBlocksApart) {
  world_.files["ec.key"] = "-----BEGIN EC PRIVATE KEY-----\n-----END EC PRIVATE KEY-----\n";
  EXPECT_TRUE(checker_.ReadPem("a", "ec.key", "PRIVATE KEY"));
  EXPECT_TRUE(checker_.ReadPem("b", "tls.crt", "CERTIFICATE"));
  EXPECT_EQ(errors(), "");
  EXPECT_FALSE(checker_.ReadPem("c", "tls.crt", "PRIVATE KEY"));
  EXPECT_EQ(errors(), "f.yaml: c: the file named here holds no PEM block of type PRIVATE KEY");
}

TEST_F(CheckerTest, DurationsAreTakenOnlyIfGivenAndInRange) {
  google::protobuf::Duration value;
  value.set_seconds(1);
  value.set_nanos(500'000'000);
  absl::Duration out = absl::Seconds(9);
  checker_.Duration("a", /*given=*/false, value, &out);
  EXPECT_EQ(out, absl::Seconds(9));
  checker_.Duration("a", /*given=*/true, value, &out);
  EXPECT_EQ(out, absl::Milliseconds(1500));
  value.set_seconds(86'400);
  checker_.Duration("a", /*given=*/true, value, &out);
  EXPECT_EQ(out, absl::Milliseconds(1500));
  EXPECT_EQ(errors(), "f.yaml: a: 24h0.5s is out of range; take more than 0 and at most 24h");
}

TEST_F(CheckerTest, RangesIncludeTheirEnds) {
  EXPECT_TRUE(checker_.InRange("a", 1, 1, 3));
  EXPECT_TRUE(checker_.InRange("a", 3, 1, 3));
  EXPECT_EQ(errors(), "");
  EXPECT_FALSE(checker_.InRange("a", 4, 1, 3));
  EXPECT_EQ(errors(), "f.yaml: a: 4 is out of range; take 1 to 3");
}

}  // namespace
}  // namespace sluice::config
