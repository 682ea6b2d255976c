#include "tests/unit/dialect/harness.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/base/fake_id.h"
#include "server/base/utf8.h"
#include "server/dialect/openai/stream_decoder.h"
#include "server/dialect/reply_reader.h"

namespace sluice::dialect {
namespace {

std::string OrDash(absl::string_view text) { return text.empty() ? "-" : std::string(text); }
std::string OrDash(std::optional<int64_t> count) { return count ? absl::StrCat(*count) : "-"; }

std::string Logprobs(absl::Span<const chat::TokenLogprob> entries) {
  if (entries.empty()) return "";
  std::string out = " {";
  for (const chat::TokenLogprob& entry : entries) {
    absl::StrAppend(&out, out == " {" ? "" : " ", entry.token, " ", entry.logprob);
    if (!entry.bytes.empty()) absl::StrAppend(&out, " ", entry.bytes.size(), "B");
    for (const chat::TopLogprob& top : entry.top) absl::StrAppend(&out, " (", top.token, " ", top.logprob, ")");
  }
  return out + "}";
}

// What one way of feeding gave: the events after each piece.
Decoded Run(const MakeDecoder& make, const std::vector<absl::string_view>& pieces, absl::string_view content_type) {
  Recorder recorder;
  ReplyReader reader(make(), content_type, DecodeLimits());
  for (const absl::string_view piece : pieces) {
    // A copy, so that a view kept beyond the call is found by the sanitizer.
    reader.Feed(std::string(piece), recorder);
    EXPECT_EQ(reader.done(), recorder.done());
  }
  reader.Eof(recorder);
  EXPECT_TRUE(recorder.done());
  return {recorder.lines(), recorder.error()};
}

}  // namespace

void Recorder::Add(std::string line) {
  EXPECT_FALSE(done_) << "after done: " << line;
  EXPECT_TRUE(IsValidUtf8(line)) << line;
  lines_.push_back(std::move(line));
}

void Recorder::OnIdentity(const chat::Identity& identity) {
  EXPECT_TRUE(lines_.empty()) << "identity comes first, and once";
  has_identity_ = true;
  Add(absl::StrCat("identity ", OrDash(identity.completion_id), " ", OrDash(identity.model)));
}

std::string Recorder::ToolLine(const chat::Delta& delta) {
  const auto& tool = delta.tool;
  const std::pair<int32_t, int32_t> call(delta.choice, tool.index);
  if (std::find(calls_.begin(), calls_.end(), call) == calls_.end()) {
    const auto before =
        std::count_if(calls_.begin(), calls_.end(), [&](const auto& known) { return known.first == delta.choice; });
    EXPECT_EQ(before, tool.index) << "calls are numbered without holes";
    EXPECT_FALSE(tool.id.empty());
    calls_.push_back(call);
  } else {
    EXPECT_TRUE(tool.id.empty() && tool.name.empty()) << "id and name come once";
    EXPECT_FALSE(tool.arguments.empty());
  }
  const char* kind = tool.kind == chat::ToolKind::kCustom ? "custom" : "function";
  return absl::StrCat("tool[", delta.choice, "] #", tool.index, " ", kind, " ", OrDash(tool.id), " ", OrDash(tool.name),
                      " ", tool.arguments);
}

void Recorder::OnDelta(const chat::Delta& delta) {
  EXPECT_TRUE(has_identity_);
  EXPECT_FALSE(at_end_) << "a delta after the end began";
  const char* kind = delta.kind == chat::DeltaKind::kText        ? "text"
                     : delta.kind == chat::DeltaKind::kReasoning ? "reasoning"
                                                                 : "refusal";
  switch (delta.kind) {
    case chat::DeltaKind::kToolCall:
      return Add(ToolLine(delta));
    case chat::DeltaKind::kAudio:
      return Add(absl::StrCat("audio[", delta.choice, "] ", OrDash(delta.audio.id), " ", OrDash(delta.audio.data), " ",
                              OrDash(delta.audio.transcript), " ", OrDash(delta.audio.expires_at)));
    default:
      EXPECT_FALSE(delta.text.empty() && delta.logprobs.empty()) << "an empty piece is no delta";
      return Add(absl::StrCat(kind, "[", delta.choice, "] ", delta.text, Logprobs(delta.logprobs)));
  }
}

void Recorder::OnFinished(const chat::Finished& finished) {
  EXPECT_TRUE(has_identity_);
  at_end_ = true;
  Add(absl::StrCat("finished[", finished.choice, "] ", chat::FinishReasonName(finished.reason), " ", finished.native));
}

void Recorder::OnUsage(const chat::Usage& usage) {
  EXPECT_TRUE(has_identity_);
  at_end_ = true;
  std::string line = absl::StrCat("usage ", OrDash(usage.prompt_tokens), "/", OrDash(usage.completion_tokens), "/",
                                  OrDash(usage.total_tokens));
  if (usage.cached_tokens) absl::StrAppend(&line, " cached=", *usage.cached_tokens);
  if (usage.cache_write_tokens) absl::StrAppend(&line, " write=", *usage.cache_write_tokens);
  if (usage.reasoning_tokens) absl::StrAppend(&line, " reasoning=", *usage.reasoning_tokens);
  Add(line);
}

void Recorder::OnDone(const chat::Error* error) {
  if (error == nullptr) {
    EXPECT_TRUE(has_identity_) << "a complete answer has been announced";
    Add("done");
  } else {
    error_ = *error;
    EXPECT_FALSE(error->message.empty());
    EXPECT_TRUE(IsValidUtf8(error->provider_message));
    Add(absl::StrCat("done ", chat::ErrorKindName(error->kind)));
  }
  done_ = true;
}

Decoded DecodeEachWay(const MakeDecoder& make, absl::string_view body, absl::string_view content_type) {
  const Decoded whole = Run(make, {body}, content_type);
  const auto same = [&](const std::vector<absl::string_view>& pieces) {
    const Decoded other = Run(make, pieces, content_type);
    return other.lines == whole.lines && other.error.message == whole.error.message &&
           other.error.provider_message == whole.error.provider_message;
  };
  std::vector<absl::string_view> bytes;
  for (size_t i = 0; i < body.size(); ++i) bytes.push_back(body.substr(i, 1));
  EXPECT_TRUE(same(bytes)) << "differs when fed byte by byte: " << body;
  for (size_t cut = 1; cut < body.size(); ++cut) {
    if (same({body.substr(0, cut), body.substr(cut)})) continue;
    ADD_FAILURE() << "differs when cut at byte " << cut << ": " << body;
    break;
  }
  return whole;
}

Decoded DecodeOpenAi(absl::string_view body, absl::string_view content_type) {
  // Every run numbers from 1; all its decoders live within this call.
  std::vector<std::unique_ptr<FakeIdSource>> ids;
  const MakeDecoder make = [&ids] {
    ids.push_back(std::make_unique<FakeIdSource>());
    return std::make_unique<openai::OpenAiDecoder>(DecodeLimits(), *ids.back());
  };
  return DecodeEachWay(make, body, content_type);
}

std::string Stream(const std::vector<std::string>& events) {
  std::string out;
  for (const std::string& event : events) absl::StrAppend(&out, "data: ", event, "\n\n");
  return out;
}

std::string Chunk(absl::string_view delta, absl::string_view rest) {
  return absl::StrCat(R"({"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,)",
                      R"("delta":)", delta, rest, "}]}");
}

std::string FinishChunk(absl::string_view reason) {
  return Chunk("{}", absl::StrCat(R"(,"finish_reason":")", reason, R"(")"));
}

}  // namespace sluice::dialect
