#include "server/edge/grpc/gatherer.h"

#include <google/protobuf/util/message_differencer.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "server/edge/grpc/event_to_proto.h"

namespace sluice::edge {
namespace {

using ::google::protobuf::util::MessageDifferencer;

// Takes the same events twice: through the Gatherer, and as the messages that Chat sends, put together as the contract
// tells callers to.
class BothWays {
 public:
  void Start() {
    const exchange::Started started{{"c1", "m-2025"}, "relay", "req_1", 1};
    gatherer_.Add(started);
    v1::Started message;
    FillStarted(started, &message);
    joined_.set_completion_id(message.completion_id());
    joined_.set_model(message.model());
    joined_.set_upstream(message.upstream());
    joined_.set_attempt(message.attempt());
    joined_.set_provider_request_id(message.provider_request_id());
  }
  void Add(const chat::Delta& delta) {
    gatherer_.Add(delta);
    v1::Delta message;
    FillDelta(delta, &message);
    Join(message);
  }
  void Warn(const chat::Warning& warning) {
    gatherer_.Add(warning);
    FillWarning(warning, joined_.add_warnings());
  }
  void Cite(int choice, absl::string_view url) {
    chat::Annotation annotation;
    annotation.choice = choice;
    annotation.url = url;
    gatherer_.Add(annotation);
    FillAnnotation(annotation, choices_[choice].add_annotations());
  }
  void Judge(const chat::Moderation& moderation) {
    gatherer_.Add(moderation);
    FillModeration(moderation, joined_.add_moderations());
  }
  void Text(int choice, chat::DeltaKind kind, absl::string_view text,
            absl::Span<const chat::TokenLogprob> logprobs = {}) {
    chat::Delta delta;
    delta.choice = choice;
    delta.kind = kind;
    delta.text = text;
    delta.logprobs = logprobs;
    Add(delta);
  }
  void Tool(int choice, const chat::ToolCallFragment& fragment) {
    chat::Delta delta;
    delta.choice = choice;
    delta.kind = chat::DeltaKind::kToolCall;
    delta.tool = fragment;
    Add(delta);
  }
  void Finish(int choice, chat::FinishReason reason, absl::string_view native) {
    gatherer_.Add(chat::Finished{choice, reason, native});
    choices_[choice].set_finish_reason(ToProto(reason));
    choices_[choice].set_native_finish_reason(std::string(native));
  }
  void Count(const chat::Usage& usage) {
    gatherer_.Add(usage);
    FillUsage(usage, joined_.mutable_usage());
  }

  const v1::CompleteResponse& Gathered() const { return gatherer_.response(); }
  size_t bytes() const { return gatherer_.bytes(); }
  v1::CompleteResponse Joined() const {
    v1::CompleteResponse joined = joined_;
    for (const auto& [index, choice] : choices_) {
      *joined.add_choices() = choice;
      joined.mutable_choices()->rbegin()->set_index(index);
    }
    return joined;
  }

 private:
  void Join(const v1::Delta& message) {
    v1::CompletedChoice& choice = choices_[message.choice()];
    switch (message.content_case()) {
      case v1::Delta::kText:
        choice.mutable_text()->append(message.text());
        break;
      case v1::Delta::kReasoning:
        choice.mutable_reasoning()->append(message.reasoning());
        break;
      case v1::Delta::kRefusal:
        choice.mutable_refusal()->append(message.refusal());
        break;
      case v1::Delta::kToolCall:
        JoinTool(message.tool_call(), &choice);
        break;
      case v1::Delta::kAudio:
        JoinAudio(message.audio(), choice.mutable_audio());
        break;
      case v1::Delta::kOpaque:
        *choice.add_opaque() = message.opaque();
        break;
      default:
        FAIL() << message.ShortDebugString();
    }
    auto* logprobs = message.has_refusal() ? choice.mutable_refusal_logprobs() : choice.mutable_logprobs();
    logprobs->MergeFrom(message.logprobs());
  }
  static void JoinTool(const v1::ToolCallDelta& piece, v1::CompletedChoice* choice) {
    if (piece.index() == choice->tool_calls_size()) {
      v1::ToolCall* call = choice->add_tool_calls();
      call->set_id(piece.id());
      if (piece.type() == v1::TOOL_TYPE_CUSTOM) {
        call->mutable_custom()->set_name(piece.name());
      } else {
        call->mutable_function()->set_name(piece.name());
      }
    }
    v1::ToolCall* call = choice->mutable_tool_calls(piece.index());
    if (call->has_custom()) {
      call->mutable_custom()->mutable_input()->append(piece.arguments());
    } else {
      call->mutable_function()->mutable_arguments()->append(piece.arguments());
    }
  }
  static void JoinAudio(const v1::Audio& piece, v1::Audio* audio) {
    if (!piece.id().empty()) audio->set_id(piece.id());
    audio->mutable_data()->append(piece.data());
    audio->mutable_transcript()->append(piece.transcript());
    if (piece.has_expires_at()) audio->set_expires_at(piece.expires_at());
  }

  Gatherer gatherer_;
  v1::CompleteResponse joined_;
  std::map<int, v1::CompletedChoice> choices_;
};

TEST(GathererTest, GathersWhatACallerOfChatPutsTogether) {
  const std::vector<chat::TokenLogprob> logprobs = {{"a", -1, "a", {}}};
  BothWays both;
  both.Start();
  both.Warn({"seed", "dropped"});
  both.Warn({"user", "dropped too"});
  both.Judge({chat::Moderation::Subject::kPrompt, std::nullopt, false, "[]"});
  both.Text(2, chat::DeltaKind::kText, "two");
  both.Text(0, chat::DeltaKind::kOpaque, std::string("\xff\0 one", 6));
  both.Text(0, chat::DeltaKind::kReasoning, "hm, ");
  both.Text(0, chat::DeltaKind::kReasoning, "so");
  both.Tool(1, {0, chat::ToolKind::kFunction, "call_a", "now", ""});
  both.Tool(1, {1, chat::ToolKind::kCustom, "call_b", "run", "ls"});
  both.Tool(1, {0, chat::ToolKind::kFunction, "", "", "{}"});
  both.Tool(1, {1, chat::ToolKind::kCustom, "", "", " -l"});
  both.Text(0, chat::DeltaKind::kText, "a", logprobs);
  both.Text(0, chat::DeltaKind::kText, "", logprobs);
  both.Text(2, chat::DeltaKind::kRefusal, "no", logprobs);
  chat::Delta audio;
  audio.choice = 3;
  audio.kind = chat::DeltaKind::kAudio;
  audio.audio = {"a1", "AAAA", "spo", 99};
  both.Add(audio);
  audio.audio = {"", "BBBB", "ken", std::nullopt};
  both.Add(audio);
  both.Text(0, chat::DeltaKind::kOpaque, "two");
  both.Cite(2, "https://example.org/b");
  both.Cite(0, "https://example.org/a");
  both.Cite(2, "https://example.org/c");
  both.Judge({chat::Moderation::Subject::kAnswer, 1, true, "{}"});
  both.Finish(1, chat::FinishReason::kToolCalls, "tool_calls");
  both.Finish(0, chat::FinishReason::kStop, "stop");
  chat::Usage usage;
  usage.completion_tokens = 3;
  both.Count(usage);

  EXPECT_TRUE(MessageDifferencer::Equals(both.Gathered(), both.Joined())) << both.Gathered().DebugString() << "\n---\n"
                                                                          << both.Joined().DebugString();
  ASSERT_EQ(both.Gathered().choices_size(), 4);
  EXPECT_EQ(both.Gathered().choices(1).tool_calls(0).function().arguments(), "{}");
  EXPECT_EQ(both.Gathered().choices(1).tool_calls(1).custom().input(), "ls -l");
  EXPECT_EQ(both.Gathered().choices(0).logprobs_size(), 2);
  EXPECT_EQ(both.Gathered().choices(2).refusal_logprobs_size(), 1);
  ASSERT_EQ(both.Gathered().choices(0).opaque_size(), 2);
  EXPECT_EQ(both.Gathered().choices(0).opaque(0).data(), std::string("\xff\0 one", 6));
  ASSERT_EQ(both.Gathered().choices(2).annotations_size(), 2);
  EXPECT_EQ(both.Gathered().choices(2).annotations(1).url(), "https://example.org/c");
  EXPECT_EQ(both.Gathered().moderations_size(), 2);
  EXPECT_EQ(both.Gathered().warnings_size(), 2);
}

TEST(GathererTest, ChoicesAreByIndexWithoutHoles) {
  BothWays both;
  for (const int choice : {5, 0, 127, 3, 5}) both.Text(choice, chat::DeltaKind::kText, "x");
  std::vector<int> indexes;
  for (const auto& choice : both.Gathered().choices()) indexes.push_back(choice.index());
  EXPECT_EQ(indexes, (std::vector<int>{0, 3, 5, 127}));
  EXPECT_EQ(both.Gathered().choices(2).text(), "xx");
}

// What a provider says beside its answer is held like the answer, and so counts like it.
TEST(GathererTest, AnnotationsModerationsAndOpaquePartsCount) {
  BothWays both;
  const std::string long_text(1000, 'x');
  size_t before = both.bytes();
  const auto grew = [&] { return both.bytes() - std::exchange(before, both.bytes()) >= long_text.size(); };
  both.Cite(0, long_text);
  EXPECT_TRUE(grew());
  both.Judge({chat::Moderation::Subject::kAnswer, 0, true, long_text});
  EXPECT_TRUE(grew());
  both.Text(0, chat::DeltaKind::kOpaque, long_text);
  EXPECT_TRUE(grew());
}

TEST(GathererTest, WithoutUsageThereIsNone) {
  BothWays both;
  both.Start();
  both.Finish(0, chat::FinishReason::kStop, "stop");
  EXPECT_FALSE(both.Gathered().has_usage());
  EXPECT_EQ(both.Gathered().choices_size(), 1);
}

}  // namespace
}  // namespace sluice::edge
