#include "server/dialect/opaque.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::dialect {
namespace {

TEST(Opaque, ComesBackByteForByte) {
  const std::string part = R"({"type":"thinking", "signature":"a\u002fb==","n":1.50})";
  std::string native;
  ASSERT_EQ(UnwrapOpaque("anthropic", WrapOpaque("anthropic", part), &native), OpaqueOrigin::kThis);
  EXPECT_EQ(native, part);
}

TEST(Opaque, AnotherDialectsIsKnownAsSuch) {
  std::string native;
  EXPECT_EQ(UnwrapOpaque("openai", WrapOpaque("gemini", "{\"a\":1}"), &native), OpaqueOrigin::kOther);
  EXPECT_EQ(native, "");
}

TEST(Opaque, AnythingElseIsNobodys) {
  std::string native;
  for (const char* data : {"", "abc", "{}", "[]", R"({"dialect":"openai"})", R"({"dialect":"openai","part":"x"})",
                           R"({"dialect":"","part":{}})", "\xFF\xFE"}) {
    EXPECT_EQ(UnwrapOpaque("openai", data, &native), OpaqueOrigin::kNone) << data;
  }
  EXPECT_EQ(native, "");
}

TEST(Opaque, OnlyAnotherProvidersMayBeLeftOut) {
  const Misfit other = NotOurOpaque("messages[0].content[1].opaque", OpaqueOrigin::kOther);
  EXPECT_EQ(other.severity, Misfit::Severity::kDrop);
  EXPECT_EQ(other.field, "messages[0].content[1].opaque");
  EXPECT_EQ(NotOurOpaque("x", OpaqueOrigin::kNone).severity, Misfit::Severity::kRefuse);
}

}  // namespace
}  // namespace sluice::dialect
