#include "client/cli/printer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace sluice::cli {
namespace {

class PrinterTest : public ::testing::Test {
 protected:
  void Text(const std::string& text) {
    Delta([&](v1::Delta* delta) { delta->set_text(text); });
  }
  void Reasoning(const std::string& text) {
    Delta([&](v1::Delta* delta) { delta->set_reasoning(text); });
  }
  void ToolCall(int index, const std::string& name, const std::string& arguments) {
    Delta([&](v1::Delta* delta) {
      delta->mutable_tool_call()->set_index(index);
      delta->mutable_tool_call()->set_name(name);
      delta->mutable_tool_call()->set_arguments(arguments);
    });
  }
  template <class Fill>
  void Delta(Fill fill) {
    v1::ChatResponse event;
    fill(event.mutable_delta());
    printer_->OnEvent(event);
  }
  void Use(bool terminal) { printer_.emplace(out_, err_, terminal); }

  std::ostringstream out_;
  std::ostringstream err_;
  std::optional<Printer> printer_{std::in_place, out_, err_, false};
};

TEST_F(PrinterTest, WritesTextAsItComesAndEndsTheLine) {
  Text("Hel");
  EXPECT_EQ(out_.str(), "Hel");
  Text("lo");
  EXPECT_EQ(out_.str(), "Hello");
  printer_->OnEnd();
  EXPECT_EQ(out_.str(), "Hello\n");
  EXPECT_EQ(err_.str(), "");
}

TEST_F(PrinterTest, DoesNotAddASecondNewlineNorOneToNothing) {
  printer_->OnEnd();
  EXPECT_EQ(out_.str(), "");
  Use(false);
  Text("done\n");
  printer_->OnEnd();
  EXPECT_EQ(out_.str(), "done\n");
}

TEST_F(PrinterTest, KeepsReasoningOffAPipe) {
  Reasoning("hmm");
  Text("\x1b[1mraw");
  printer_->OnEnd();
  EXPECT_EQ(out_.str(), "\x1b[1mraw\n");
}

TEST_F(PrinterTest, DimsReasoningOnATerminalAndDefusesControlCharacters) {
  Use(true);
  Reasoning("hm");
  Reasoning("m");
  Text("a\x1b[2J");
  printer_->OnEnd();
  EXPECT_EQ(out_.str(), "\x1b[2mhmm\x1b[0m\na\\x1b[2J\n");
}

TEST_F(PrinterTest, LeavesTheTerminalUndimmedWhenTheStreamBreaksWhileThinking) {
  Use(true);
  Reasoning("hmm");
  printer_->OnEnd();
  EXPECT_EQ(out_.str(), "\x1b[2mhmm\x1b[0m\n");
}

TEST_F(PrinterTest, JoinsToolCallFragmentsThatInterleave) {
  ToolCall(0, "weather", "{\"city\":");
  ToolCall(1, "time", "{}");
  ToolCall(0, "", "\"Oslo\"}");
  printer_->OnEnd();
  EXPECT_EQ(out_.str(), "tool call weather({\"city\":\"Oslo\"})\ntool call time({})\n");
}

TEST_F(PrinterTest, ShowsUsageWithTheCountsThatWereGiven) {
  v1::ChatResponse started;
  started.mutable_started()->set_model("gpt-4.1-2025");
  started.mutable_started()->set_upstream("holysheep");
  printer_->OnEvent(started);
  v1::ChatResponse usage;
  usage.mutable_usage()->set_prompt_tokens(12);
  usage.mutable_usage()->set_cached_tokens(0);
  usage.mutable_usage()->set_completion_tokens(3);
  usage.mutable_usage()->set_estimated(true);
  printer_->OnEvent(usage);
  printer_->OnEnd();
  EXPECT_EQ(err_.str(), "gpt-4.1-2025 via holysheep: 12 prompt, 0 of them cached, 3 completion tokens (estimated)\n");
}

TEST_F(PrinterTest, TellsOfAnAnswerThatStoppedEarlyOnly) {
  v1::ChatResponse finished;
  finished.mutable_finished()->set_finish_reason(v1::FINISH_REASON_STOP);
  printer_->OnEvent(finished);
  printer_->OnEnd();
  EXPECT_EQ(err_.str(), "");
  Use(false);
  finished.mutable_finished()->set_finish_reason(v1::FINISH_REASON_LENGTH);
  finished.mutable_finished()->set_native_finish_reason("max_tokens");
  printer_->OnEvent(finished);
  printer_->OnEnd();
  EXPECT_EQ(err_.str(), "sluice: finished because of FINISH_REASON_LENGTH (max_tokens)\n");
}

TEST_F(PrinterTest, ShowsWarningsAndIgnoresUnknownEvents) {
  v1::ChatResponse warning;
  warning.mutable_warning()->set_field("seed");
  warning.mutable_warning()->set_message("dropped");
  printer_->OnEvent(warning);
  printer_->OnEvent(v1::ChatResponse());
  EXPECT_EQ(err_.str(), "sluice: warning: seed: dropped\n");
  EXPECT_EQ(out_.str(), "");
}

TEST_F(PrinterTest, ShowsEachSourceOnceAfterTheAnswer) {
  const auto cite = [&](const char* url, const char* title) {
    v1::ChatResponse event;
    event.mutable_annotation()->set_type("url_citation");
    event.mutable_annotation()->set_url(url);
    event.mutable_annotation()->set_title(title);
    printer_->OnEvent(event);
  };
  cite("https://a.test/", "A\x1b[1m");
  cite("https://a.test/", "A\x1b[1m");
  cite("https://b.test/", "");
  cite("", "");
  EXPECT_EQ(err_.str(), "");
  printer_->OnEnd();
  EXPECT_EQ(err_.str(),
            "sluice: source: A\\x1b[1m https://a.test/\nsluice: source: url_citation https://b.test/\n"
            "sluice: source: url_citation\n");
}

TEST_F(PrinterTest, ShowsWhatModerationFound) {
  v1::ChatResponse event;
  v1::ModerationResult& result = *event.mutable_moderation();
  result.set_subject(v1::MODERATION_SUBJECT_PROMPT);
  result.set_native_json(R"({"hate":1})");
  result.set_flagged(false);
  printer_->OnEvent(event);
  EXPECT_EQ(err_.str(), "");
  result.set_flagged(true);
  printer_->OnEvent(event);
  EXPECT_EQ(err_.str(), "sluice: moderation of the prompt: {\"hate\":1}\n");
}

}  // namespace
}  // namespace sluice::cli
