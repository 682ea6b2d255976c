#include "client/cli/printer.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/explain.h"

namespace sluice::cli {
namespace {

constexpr char kDim[] = "\x1b[2m";
constexpr char kPlain[] = "\x1b[0m";

}  // namespace

void Printer::OnEvent(const v1::ChatResponse& event) {
  switch (event.event_case()) {
    case v1::ChatResponse::kStarted:
      started_ = event.started();
      break;
    case v1::ChatResponse::kDelta:
      OnDelta(event.delta());
      break;
    case v1::ChatResponse::kFinished:
      finished_ = event.finished();
      break;
    case v1::ChatResponse::kUsage:
      usage_ = event.usage();
      has_usage_ = true;
      break;
    case v1::ChatResponse::kWarning:
      err_ << "sluice: warning: " << Printable(event.warning().field()) << ": " << Printable(event.warning().message())
           << "\n";
      break;
    case v1::ChatResponse::kAnnotation:
      sources_.push_back(event.annotation());
      break;
    case v1::ChatResponse::kModeration:
      OnModeration(event.moderation());
      break;
    default:
      break;  // a heartbeat, or an event of a later version
  }
}

void Printer::OnDelta(const v1::Delta& delta) {
  switch (delta.content_case()) {
    case v1::Delta::kText:
      Write(delta.text(), false);
      break;
    case v1::Delta::kRefusal:
      Write(delta.refusal(), false);
      break;
    case v1::Delta::kReasoning:
      if (terminal_) Write(delta.reasoning(), true);
      break;
    case v1::Delta::kToolCall:
      OnToolCall(delta.tool_call());
      break;
    case v1::Delta::kAudio:
      Write(delta.audio().transcript(), false);
      break;
    default:
      break;
  }
}

void Printer::OnToolCall(const v1::ToolCallDelta& delta) {
  ToolCall& call = tool_calls_[delta.index()];
  if (call.name.empty()) call.name = delta.name();
  call.arguments += delta.arguments();
}

// What was looked at and found clean is not worth a line.
void Printer::OnModeration(const v1::ModerationResult& result) {
  if (result.has_flagged() && !result.flagged()) return;
  const char* const subject = result.subject() == v1::MODERATION_SUBJECT_PROMPT   ? "the prompt"
                              : result.subject() == v1::MODERATION_SUBJECT_ANSWER ? "the answer"
                                                                                  : "prompt or answer";
  err_ << "sluice: moderation of " << subject << ": " << Printable(result.native_json()) << "\n";
}

void Printer::Write(const std::string& text, bool dimmed) {
  if (dimmed != dimmed_) {
    // Thinking and answer stand on lines of their own.
    out_ << (dimmed ? kDim : kPlain) << (last_ == '\n' ? "" : "\n");
    dimmed_ = dimmed;
    last_ = '\n';
  }
  if (!text.empty()) {
    out_ << (terminal_ ? Printable(text) : text);
    last_ = text.back();
  }
  out_.flush();
}

void Printer::OnEnd() {
  Write("", false);
  if (last_ != '\n') out_ << "\n";
  for (const auto& [index, call] : tool_calls_) {
    const std::string line = absl::StrCat(call.name, "(", call.arguments, ")");
    out_ << "tool call " << (terminal_ ? Printable(line) : line) << "\n";
  }
  out_.flush();
  if (finished_.finish_reason() > v1::FINISH_REASON_STOP) {
    err_ << Printable(absl::StrCat("sluice: finished because of ", v1::FinishReason_Name(finished_.finish_reason()),
                                   " (", finished_.native_finish_reason(), ")\n"));
  }
  ShowSources();
  if (has_usage_) ShowUsage();
}

// Each source once, however many places rest on it.
void Printer::ShowSources() {
  std::set<std::string> shown;
  for (const v1::Annotation& source : sources_) {
    const std::string name = source.title().empty() ? source.type() : source.title();
    const std::string line = source.url().empty() ? name : absl::StrCat(name, " ", source.url());
    if (shown.insert(line).second) err_ << "sluice: source: " << Printable(line) << "\n";
  }
}

void Printer::ShowUsage() {
  std::vector<std::string> counts;
  const auto add = [&counts](bool present, int64_t count, const char* what) {
    if (present) counts.push_back(absl::StrCat(count, " ", what));
  };
  add(usage_.has_prompt_tokens(), usage_.prompt_tokens(), "prompt");
  add(usage_.has_cached_tokens(), usage_.cached_tokens(), "of them cached");
  add(usage_.has_completion_tokens(), usage_.completion_tokens(), "completion");
  add(usage_.has_reasoning_tokens(), usage_.reasoning_tokens(), "of them reasoning");
  add(usage_.has_total_tokens(), usage_.total_tokens(), "total");
  err_ << Printable(absl::StrCat(started_.model(), " via ", started_.upstream(), ": ", absl::StrJoin(counts, ", "),
                                 " tokens", usage_.estimated() ? " (estimated)" : ""))
       << "\n";
}

}  // namespace sluice::cli
