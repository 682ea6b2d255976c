#include "tests/soak/stream_check.h"

#include <cstdio>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sluice::soak {

void StreamCheck::Take(const v1::ChatResponse& event) {
  if (event.has_started()) {
    if (++started_ > 1 || next_ > 0) Breach("started twice or late", "");
  } else if (event.has_delta()) {
    if (started_ == 0) Breach("delta before started", event.delta().text().substr(0, 60));
    if (finished_ > 0) Breach("delta after finished", event.delta().text().substr(0, 60));
    TakeText(event.delta().text());
  } else if (event.has_finished()) {
    if (++finished_ > 1) Breach("finished twice", "");
    if (next_ < record_->plan.deltas) Breach("finish invented", absl::StrCat("after ", next_, " deltas"));
  } else if (event.has_usage()) {
    TakeUsage(event.usage());
  }
}

void StreamCheck::TakeText(const std::string& text) {
  text_bytes_ += static_cast<int64_t>(text.size());
  long long call = 0;
  int attempt = 0, number = 0;
  if (std::sscanf(text.c_str(), "[%lld.%d.%d]", &call, &attempt, &number) != 3) {
    return Breach("delta garbled", text.substr(0, 60));
  }
  if (attempt_ == 0) attempt_ = attempt;
  if (call != record_->number) return Breach("delta of another call", text.substr(0, 60));
  if (attempt != attempt_) Breach("delta of another attempt", text.substr(0, 60));
  if (number > next_) Breach("delta lost", absl::StrCat("due: ", next_, ", received: ", text.substr(0, 60)));
  if (number < next_) return Breach("delta doubled", absl::StrCat("due: ", next_, ", received: ", text.substr(0, 60)));
  next_ = number;
  if (text != Expected()) Breach("delta garbled", text.substr(0, 60));
  ++next_;
  ++ledger_->deltas;
}

void StreamCheck::TakeUsage(const v1::Usage& usage) {
  if (++usages_ > 1) Breach("usage twice", usage.ShortDebugString());
  if (usage.estimated()) {
    if (usage.completion_tokens() != (text_bytes_ + 3) / 4) {
      Breach("usage estimated wrongly", absl::StrCat(text_bytes_, " bytes received, ", usage.ShortDebugString()));
    }
    return;
  }
  if (usage.completion_tokens() != record_->plan.deltas || usage.prompt_tokens() != record_->number % 1000) {
    Breach("usage of another call", usage.ShortDebugString());
  }
}

void StreamCheck::Take(const v1::CompleteResponse& response) {
  started_ = finished_ = 1;
  if (response.has_usage()) TakeUsage(response.usage());
  const std::string text = response.choices_size() == 1 ? response.choices(0).text() : "";
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('[', at + 1), text.size());
    TakeText(text.substr(at, end - at));
    at = end;
  }
}

void StreamCheck::End(const CallStatus& status) {
  const CallPlan& plan = record_->plan;
  const int asked = record_->attempts;
  ledger_->CountEnd(absl::StrCat(
      plan.operation == Operation::kChat ? "chat " : (plan.operation == Operation::kComplete ? "complete " : "models "),
      CodeName(status.code), status.reason.empty() ? "" : " ", status.reason,
      status.ok() && asked > 1 ? " after a retry" : "",
      plan.manner == Manner::kStopReading ? " of a caller that stopped reading" : ""));
  if (!Fits(plan, status, attempt_)) Breach("unexpected status", status.ToString());
  if (plan.operation == Operation::kListModels) return;
  if (status.ok()) {
    if (next_ != plan.deltas) Breach("delta lost", absl::StrCat("OK after ", next_, " deltas"));
    if (started_ != 1 || finished_ != 1 || usages_ != 1) {
      Breach("event missing", absl::StrCat("started ", started_, ", finished ", finished_, ", usage ", usages_));
    }
  }
  if (next_ == 0) return;
  // An upstream that fails after the first output has cost something.
  const bool failed = !status.ok() && absl::StartsWith(status.reason, "UPSTREAM_");
  if (failed && plan.operation == Operation::kChat && usages_ != 1) Breach("usage missing", status.ToString());
  if (attempt_ != asked) Breach("asked again after the first output", absl::StrCat("asked ", asked, " times"));
  if (attempt_ == asked && next_ > record_->sent) Breach("delta invented", absl::StrCat("received ", next_));
}

void StreamCheck::Breach(const std::string& kind, const std::string& detail) const {
  ledger_->Breach(kind, absl::StrCat("call ", record_->number, " (", Describe(record_->plan), "), answer of attempt ",
                                     attempt_, " of ", record_->attempts.load(), ", ", next_, " deltas: ", detail));
}

}  // namespace sluice::soak
