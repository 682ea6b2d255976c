#include "server/demo/reply.h"

#include "gtest/gtest.h"

namespace sluice::demo {
namespace {

ReplyWriter MakeWriter(bool usage, bool cut = false) {
  ChatRequest request;
  request.model = "demo";
  request.include_usage = usage;
  request.prompt_words = 3;
  Answer answer;
  answer.words = {"a", " b"};
  answer.cut = cut;
  return ReplyWriter(request, answer, "id1", absl::FromUnixSeconds(7));
}

constexpr char kStart[] =
    R"(data: {"id":"id1","object":"chat.completion.chunk","created":7,"model":"demo","choices":[)";

TEST(DemoReply, ChunksAreThoseOfTheApi) {
  const ReplyWriter writer = MakeWriter(false);
  EXPECT_EQ(
      writer.RoleChunk(),
      std::string(kStart) + R"({"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]})" + "\n\n");
  EXPECT_EQ(writer.TextChunk("say \"a\""),
            std::string(kStart) + R"({"index":0,"delta":{"content":"say \"a\""},"finish_reason":null}]})" + "\n\n");
  EXPECT_EQ(writer.FinishChunk(), std::string(kStart) + R"({"index":0,"delta":{},"finish_reason":"stop"}]})" + "\n\n");
}

TEST(DemoReply, UsageOnRequestIsNullUntilItsOwnChunk) {
  const ReplyWriter writer = MakeWriter(true);
  EXPECT_EQ(
      writer.TextChunk("a"),
      std::string(kStart) + R"({"index":0,"delta":{"content":"a"},"finish_reason":null}],"usage":null})" + "\n\n");
  EXPECT_EQ(writer.UsageChunk(),
            std::string(kStart) + R"(],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}})" + "\n\n");
}

TEST(DemoReply, AnAnswerThatWasCutFinishesByLength) {
  EXPECT_NE(MakeWriter(false, true).FinishChunk().find(R"("finish_reason":"length")"), std::string::npos);
}

TEST(DemoReply, AWholeCompletionHasTheJoinedText) {
  Answer answer;
  answer.words = {"a", " b"};
  EXPECT_EQ(MakeWriter(false).Whole(answer),
            R"({"id":"id1","object":"chat.completion","created":7,"model":"demo","choices":[{"index":0,"message":)"
            R"({"role":"assistant","content":"a b","refusal":null},"logprobs":null,"finish_reason":"stop"}],)"
            R"("usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}})");
}

TEST(DemoReply, ErrorsHaveAllFourMembers) {
  EXPECT_EQ(ErrorBody({.http_status = 400, .message = "no"}),
            R"({"error":{"message":"no","type":"invalid_request_error","param":null,"code":null}})");
  EXPECT_EQ(ErrorBody({.http_status = 404, .message = "no", .param = "model", .code = "model_not_found"}),
            R"({"error":{"message":"no","type":"invalid_request_error","param":"model","code":"model_not_found"}})");
}

TEST(DemoReply, ListsItsModels) {
  EXPECT_EQ(ModelsBody(absl::FromUnixSeconds(7)),
            R"({"object":"list","data":[{"id":"demo","object":"model","created":7,"owned_by":"sluice-demo"},)"
            R"({"id":"demo-echo","object":"model","created":7,"owned_by":"sluice-demo"}]})");
}

}  // namespace
}  // namespace sluice::demo
