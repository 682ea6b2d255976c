#include <gtest/gtest.h>

#include "server/dialect/anthropic/opaque_parts.h"

namespace sluice::dialect::anthropic {
namespace {

TEST(AnthropicOpaque, ABlockComesBackByteForByte) {
  const std::string native = R"({ "type":"thinking", "thinking":"\u0041\n", "signature":"s==" })";
  OpaqueBlock block;
  ASSERT_EQ(UnwrapBlock(WrapBlock(native, 3), &block), OpaqueOrigin::kThis);
  EXPECT_EQ(block.json, native);
  EXPECT_EQ(block.calls_before, 3u);
}

TEST(AnthropicOpaque, OthersAreToldApart) {
  OpaqueBlock block;
  EXPECT_EQ(UnwrapBlock(WrapOpaque("openai", "{}"), &block), OpaqueOrigin::kOther);
  EXPECT_EQ(UnwrapBlock("junk", &block), OpaqueOrigin::kNone);
  for (const char* part :
       {"{}", R"({"block":"thinking","calls_before":0})", R"({"block":{"type":"thinking"}})",
        R"({"block":{"type":"thinking"},"calls_before":-1})", R"({"block":{"type":"tool_use"},"calls_before":0})"}) {
    EXPECT_EQ(UnwrapBlock(WrapOpaque("anthropic", part), &block), OpaqueOrigin::kNone) << part;
  }
}

TEST(AnthropicOpaque, JoinedInputReplacesTheEmptyOne) {
  EXPECT_EQ(WithInput(R"({"type":"server_tool_use","input":{},"n":1,"s":"\"","o":{"a": null}})", R"({"q": 1})"),
            R"({"type":"server_tool_use","n":1,"s":"\"","o":{"a": null},"input":{"q": 1}})");
  EXPECT_EQ(WithInput(R"({"type":"server_tool_use"})", R"({"q")"), "");
  EXPECT_EQ(WithInput(R"({"type":"server_tool_use"})", "1"), "");
}

}  // namespace
}  // namespace sluice::dialect::anthropic
