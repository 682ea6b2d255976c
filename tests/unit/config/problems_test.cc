#include "server/config/problems.h"

#include <gtest/gtest.h>

namespace sluice::config {
namespace {

TEST(ProblemsTest, NoneIsOk) { EXPECT_TRUE(Problems("f.yaml").ToStatus().ok()); }

TEST(ProblemsTest, ListsAllInTheOrderOfTheFile) {
  Problems problems("f.yaml");
  problems.Locate("b", 9);
  problems.Locate("a", 2);
  problems.Add("b", "late");
  problems.Add("a", "early");
  problems.Add("elsewhere", "nowhere in the file");
  EXPECT_EQ(problems.ToStatus().message(),
            "f.yaml: elsewhere: nowhere in the file\nf.yaml:2: a: early\nf.yaml:9: b: late");
  EXPECT_EQ(problems.ToStatus().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ProblemsTest, WhatIsMissingIsReportedAtThePlaceAroundIt) {
  Problems problems("f.yaml");
  problems.Locate("routes", 3);
  problems.Locate("routes[1]", 5);
  problems.Add("routes[1].models[0]", "x");
  EXPECT_EQ(problems.ToStatus().message(), "f.yaml:5: routes[1].models[0]: x");
}

TEST(ProblemsTest, ARenamedPathSpeaksOfItsVariable) {
  Problems problems("environment");
  problems.Rename("listen.ops", "SLUICE_OPS_ADDRESS");
  problems.Add("listen.ops", "bad");
  EXPECT_EQ(problems.ToStatus().message(), "environment: SLUICE_OPS_ADDRESS: bad");
  EXPECT_TRUE(problems.Has("listen.ops"));
  EXPECT_FALSE(problems.Has("listen"));
  EXPECT_EQ(problems.NameOf("listen.grpc"), "listen.grpc");
}

TEST(ProblemsTest, AProblemStaysOneLine) {
  Problems problems("f.yaml");
  problems.AddAt(1, "a\nb", "c\r\nd");
  EXPECT_EQ(problems.ToStatus().message(), "f.yaml:1: a b: c  d");
}

}  // namespace
}  // namespace sluice::config
