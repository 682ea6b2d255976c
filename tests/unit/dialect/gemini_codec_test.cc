#include <gtest/gtest.h>

#include "server/dialect/gemini/codec.h"
#include "tests/unit/dialect/gemini_harness.h"

namespace sluice::dialect::gemini {
namespace {

TEST(GeminiCodecTest, EachPartIsWired) {
  const Codec& codec = GeminiCodec();
  chat::Request request = UserSays("x");
  request.user = "u";
  std::vector<Misfit> misfits;
  codec.Fit({}, &request, &misfits);
  EXPECT_EQ(misfits.size(), 1u);
  EXPECT_EQ(codec.EncodeChat(request, {}).method, "POST");
  EXPECT_EQ(codec.EncodeListModels({}).method, "GET");
  EXPECT_TRUE(codec.DecodeModels(R"({"models":[]})").ok());
  HttpFailure failure;
  failure.status = 400;
  failure.body = R"({"error":{"code":400,"status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}})";
  EXPECT_EQ(codec.DecodeFailure(failure).kind, chat::ErrorKind::kAuthentication);
  const auto make = [&] { return codec.NewDecoder({}, DecodeLimits()); };
  EXPECT_EQ(DecodeEachWay(make, GeminiStream({TextChunk("a"), EndChunk()})).lines,
            (Lines{"identity r m", "text[0] a", "finished[0] stop STOP", "done"}));
}

TEST(GeminiCodecTest, StandsInTheList) { EXPECT_EQ(FindCodec("gemini"), &GeminiCodec()); }

}  // namespace
}  // namespace sluice::dialect::gemini
