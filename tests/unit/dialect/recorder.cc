#include "tests/unit/dialect/recorder.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "server/base/utf8.h"

namespace sluice::dialect {
namespace {

void Expect(bool holds, absl::string_view what, absl::string_view line = "") {
  if (!holds) OnBrokenContract(absl::StrCat(what, line.empty() ? "" : ": ", line));
}

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

}  // namespace

void Recorder::Add(std::string line) {
  Expect(!done_, "nothing comes after done", line);
  Expect(IsValidUtf8(line), "all text is valid UTF-8", line);
  lines_.push_back(std::move(line));
}

void Recorder::OnIdentity(const chat::Identity& identity) {
  Expect(lines_.empty(), "identity comes first, and once");
  has_identity_ = true;
  Add(absl::StrCat("identity ", OrDash(identity.completion_id), " ", OrDash(identity.model)));
}

std::string Recorder::ToolLine(const chat::Delta& delta) {
  const auto& tool = delta.tool;
  const std::pair<int32_t, int32_t> call(delta.choice, tool.index);
  if (std::find(calls_.begin(), calls_.end(), call) == calls_.end()) {
    const auto before =
        std::count_if(calls_.begin(), calls_.end(), [&](const auto& known) { return known.first == delta.choice; });
    Expect(before == tool.index, "calls are numbered without holes");
    Expect(!tool.id.empty(), "a call has an id");
    calls_.push_back(call);
  } else {
    Expect(tool.id.empty() && tool.name.empty(), "id and name come once");
    Expect(!tool.arguments.empty(), "a later fragment brings arguments");
  }
  const char* kind = tool.kind == chat::ToolKind::kCustom ? "custom" : "function";
  return absl::StrCat("tool[", delta.choice, "] #", tool.index, " ", kind, " ", OrDash(tool.id), " ", OrDash(tool.name),
                      " ", tool.arguments);
}

void Recorder::OnDelta(const chat::Delta& delta) {
  Expect(has_identity_, "a delta before the identity");
  Expect(!at_end_, "a delta after the end began");
  const char* kind = delta.kind == chat::DeltaKind::kText        ? "text"
                     : delta.kind == chat::DeltaKind::kReasoning ? "reasoning"
                                                                 : "refusal";
  switch (delta.kind) {
    case chat::DeltaKind::kToolCall:
      return Add(ToolLine(delta));
    case chat::DeltaKind::kAudio:
      return Add(absl::StrCat("audio[", delta.choice, "] ", OrDash(delta.audio.id), " ", OrDash(delta.audio.data), " ",
                              OrDash(delta.audio.transcript), " ", OrDash(delta.audio.expires_at)));
    case chat::DeltaKind::kOpaque:
      Expect(!delta.text.empty(), "an opaque piece holds something");
      return Add(absl::StrCat("opaque[", delta.choice, "] ", delta.text));
    default:
      Expect(!(delta.text.empty() && delta.logprobs.empty()), "an empty piece is no delta");
      return Add(absl::StrCat(kind, "[", delta.choice, "] ", delta.text, Logprobs(delta.logprobs)));
  }
}

void Recorder::OnAnnotation(const chat::Annotation& annotation) {
  Expect(has_identity_, "an annotation before the identity");
  Expect(!at_end_, "an annotation after the end began");
  Add(absl::StrCat("annotation[", annotation.choice, "] ", OrDash(annotation.type), " ", OrDash(annotation.url), " ",
                   OrDash(annotation.title), " ", OrDash(annotation.start_index), "-", OrDash(annotation.end_index),
                   " ", OrDash(annotation.cited_text)));
}

void Recorder::OnModeration(const chat::Moderation& moderation) {
  using Subject = chat::Moderation::Subject;
  Expect(has_identity_, "a verdict before the identity");
  Expect(!at_end_, "a verdict after the end began");
  Expect(!moderation.native_json.empty(), "a verdict comes with what the provider said");
  const char* subject = moderation.subject == Subject::kPrompt   ? "prompt"
                        : moderation.subject == Subject::kAnswer ? "answer"
                                                                 : "unknown";
  Add(absl::StrCat("moderation ", subject, " ", moderation.choice ? absl::StrCat(*moderation.choice) : "-", " ",
                   !moderation.flagged   ? "-"
                   : *moderation.flagged ? "flagged"
                                         : "clean"));
}

void Recorder::OnFinished(const chat::Finished& finished) {
  Expect(has_identity_, "a finish before the identity");
  at_end_ = true;
  Add(absl::StrCat("finished[", finished.choice, "] ", chat::FinishReasonName(finished.reason), " ", finished.native));
}

void Recorder::OnUsage(const chat::Usage& usage) {
  Expect(has_identity_, "usage before the identity");
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
    Expect(has_identity_, "a complete answer has been announced");
    Add("done");
  } else {
    error_ = *error;
    Expect(!error->message.empty(), "an error says what happened");
    for (const std::string* text : {&error->message, &error->provider_message, &error->provider_code,
                                    &error->provider_type, &error->request_id}) {
      Expect(IsValidUtf8(*text), "all text is valid UTF-8", *text);
    }
    Add(absl::StrCat("done ", chat::ErrorKindName(error->kind)));
  }
  done_ = true;
}

}  // namespace sluice::dialect
