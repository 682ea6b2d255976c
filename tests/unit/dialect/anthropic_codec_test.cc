#include <gtest/gtest.h>

#include "server/dialect/anthropic/codec.h"
#include "tests/unit/chat/messages.h"
#include "tests/unit/dialect/anthropic_stream.h"

namespace sluice::dialect::anthropic {
namespace {

TEST(AnthropicCodecTest, EachPartIsWired) {
  const Codec& codec = AnthropicCodec();
  EXPECT_EQ(&codec, FindCodec("anthropic"));
  chat::Request request;
  request.model = "m";
  request.seed = 1;
  request.messages.push_back(chat::Say(chat::Role::kUser, {"x"}));
  std::vector<Misfit> misfits;
  codec.Fit({}, &request, &misfits);
  ASSERT_EQ(misfits.size(), 1u);
  EXPECT_EQ(misfits[0].field, "seed");
  EXPECT_EQ(codec.EncodeChat(request, {}).method, "POST");
  EXPECT_EQ(codec.EncodeListModels({}).method, "GET");
  EXPECT_TRUE(codec.DecodeModels(R"({"data":[]})").ok());
  HttpFailure failure;
  failure.status = 529;
  EXPECT_EQ(codec.DecodeFailure(failure).kind, chat::ErrorKind::kOverloaded);
  const auto make = [&] { return codec.NewDecoder(Target(), DecodeLimits()); };
  EXPECT_EQ(DecodeEachWay(make, Events(Join({{MessageStart()}, TextBlock(0, "a"), {MessageStop()}}))).lines,
            (Lines{"identity msg_1 m", "text[0] a", "usage 12/1/13", "done"}));
}

}  // namespace
}  // namespace sluice::dialect::anthropic
