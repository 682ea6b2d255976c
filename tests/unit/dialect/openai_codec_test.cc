#include <gtest/gtest.h>

#include "server/dialect/openai/codec.h"
#include "tests/unit/chat/messages.h"
#include "tests/unit/dialect/harness.h"

namespace sluice::dialect::openai {
namespace {

TEST(OpenAiCodecTest, EachPartIsWired) {
  const Codec& codec = OpenAiCodec();
  chat::Request request;
  request.model = "m";
  request.messages.push_back(chat::Say(chat::Role::kUser, {"x"}, ""));
  EXPECT_EQ(codec.EncodeChat(request, {}).method, "POST");
  EXPECT_EQ(codec.EncodeListModels({}).method, "GET");
  EXPECT_TRUE(codec.DecodeModels(R"({"data":[]})").ok());
  HttpFailure failure;
  failure.status = 404;
  EXPECT_EQ(codec.DecodeFailure(failure).kind, chat::ErrorKind::kNotFound);
  const auto make = [&] { return codec.NewDecoder(Target(), DecodeLimits()); };
  EXPECT_EQ(DecodeEachWay(make, Stream({Chunk(R"({"content":"a"})"), "[DONE]"})).lines,
            (Lines{"identity c1 m", "text[0] a", "done"}));
}

TEST(OpenAiCodecTest, MadeUpToolIdsDifferBetweenAnswers) {
  Recorder first;
  Recorder second;
  for (Recorder* sink : {&first, &second}) {
    const auto decoder = OpenAiCodec().NewDecoder(Target(), DecodeLimits());
    const std::string chunk =
        Chunk(R"({"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]})", R"(,"finish_reason":"stop")");
    decoder->OnEvent({"message", chunk, ""}, *sink);
  }
  ASSERT_EQ(first.lines().size(), 2u);
  EXPECT_NE(first.lines()[1], second.lines()[1]);
}

}  // namespace
}  // namespace sluice::dialect::openai
