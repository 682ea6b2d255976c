#include <gtest/gtest.h>

#include "server/dialect/gemini/opaque_parts.h"
#include "server/dialect/opaque.h"

namespace sluice::dialect::gemini {
namespace {

std::optional<Mark> Unwrap(const std::string& data) {
  std::string native;
  if (UnwrapOpaque(kDialectName, data, &native) != OpaqueOrigin::kThis) return std::nullopt;
  return ReadMark(native);
}

TEST(GeminiOpaquePartsTest, EachFormReadsBack) {
  auto mark = Unwrap(OpaqueOfCall("s\"1", "call_1"));
  ASSERT_TRUE(mark.has_value());
  EXPECT_EQ(mark->signature, "s\"1");
  EXPECT_EQ(mark->call, "call_1");

  mark = Unwrap(OpaqueOfText("s2", 3, 8, 2));
  ASSERT_TRUE(mark.has_value());
  EXPECT_EQ(mark->signature, "s2");
  EXPECT_EQ(mark->call, "");
  EXPECT_EQ(mark->part, "");
  EXPECT_EQ(mark->begin, 3u);
  EXPECT_EQ(mark->end, 8u);
  EXPECT_EQ(mark->calls, 2u);

  json::Tape tape;
  ASSERT_EQ(tape.Parse(R"({"executableCode": {"code":"1"}})"), json::Tape::Result::kOk);
  mark = Unwrap(OpaqueOfPart(tape.root(), 5, 0));
  ASSERT_TRUE(mark.has_value());
  EXPECT_EQ(mark->part, R"({"executableCode": {"code":"1"}})");
  EXPECT_EQ(mark->begin, 5u);
  EXPECT_EQ(mark->end, 5u);
}

TEST(GeminiOpaquePartsTest, WhatHasNoneOfTheFormsIsNone) {
  for (const char* native :
       {"{}", R"({"thoughtSignature":"s"})", R"({"thoughtSignature":"","call":"c"})", R"({"call":"c"})",
        R"({"thoughtSignature":"s","text":[2,1],"calls":0})", R"({"thoughtSignature":"s","text":[-1,1],"calls":0})",
        R"({"thoughtSignature":"s","text":[1],"calls":0})", R"({"thoughtSignature":"s","text":[1,2,3],"calls":0})",
        R"({"thoughtSignature":"s","text":[0,1]})", R"({"part":{}})", R"({"part":1,"text":[0,0],"calls":0})"}) {
    EXPECT_FALSE(ReadMark(native).has_value()) << native;
  }
}

}  // namespace
}  // namespace sluice::dialect::gemini
