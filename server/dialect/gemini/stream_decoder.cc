#include "server/dialect/gemini/stream_decoder.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "server/base/utf8.h"
#include "server/dialect/errors.h"
#include "server/dialect/gemini/failure.h"
#include "server/dialect/gemini/finish.h"
#include "server/dialect/gemini/usage.h"
#include "server/dialect/stream_errors.h"

namespace sluice::dialect::gemini {
namespace {

constexpr int64_t kMaxCandidate = 127;

chat::Error BadCall() {
  return MakeError(chat::ErrorKind::kMalformed,
                   "the upstream sent a function call in pieces that make no whole, or too many or too large calls: "
                   "its server breaks the protocol");
}

}  // namespace

GeminiDecoder::GeminiDecoder(const DecodeLimits& limits, IdSource& ids)
    : ids_(ids),
      limits_{.max_bytes = limits.max_event_bytes, .max_depth = limits.max_json_depth},
      tape_(TapeOfThread()) {}

bool GeminiDecoder::ParseOrEnd(absl::string_view text, chat::EventSink& sink) {
  const json::Tape::Result result = tape_.Parse(text, limits_);
  if (result == json::Tape::Result::kOk) return true;
  const chat::Error error = ParseError(result);
  Finish(&error, sink);
  return false;
}

void GeminiDecoder::OnEvent(const sse::Event& event, chat::EventSink& sink) {
  if (done_) return;
  const absl::string_view data = absl::StripAsciiWhitespace(event.data);
  if (event.type == "error") return OnErrorEvent(data, sink);
  // Gemini has no end mark; relays that speak other dialects too may set theirs.
  if (data.empty() || data == "[DONE]") return;
  if (ParseOrEnd(data, sink)) OnDocument(tape_.root(), sink);
}

// An event of this name is an error whatever it holds.
void GeminiDecoder::OnErrorEvent(absl::string_view data, chat::EventSink& sink) {
  const bool is_json = tape_.Parse(data, limits_) == json::Tape::Result::kOk && !tape_.root().is_string();
  const chat::Error error =
      is_json ? ReadFailure(tape_.root(), /*http_status=*/0) : ReadErrorText(data, /*http_status=*/0);
  Finish(&error, sink);
}

void GeminiDecoder::OnUnknownField(absl::string_view name, absl::string_view value, chat::EventSink& sink) {
  if (done_ || !bare_json_.Add(name, value)) return;
  if (ParseOrEnd(bare_json_.text(), sink)) OnDocument(tape_.root(), sink);
}

void GeminiDecoder::OnDocument(json::Value root, chat::EventSink& sink) {
  if (root.is_object()) return OnChunk(root, sink);
  for (const json::Value element : root.elements()) {
    if (element.is_object() && !done_) OnChunk(element, sink);
  }
}

void GeminiDecoder::OnChunk(json::Value root, chat::EventSink& sink) {
  const Chunk chunk = ReadChunk(root);
  has_chunk_ |= chunk.candidates.is_array() || chunk.usage_metadata.is_object() || chunk.prompt_feedback.is_object();
  identity_.Learn(chunk.response_id, chunk.model_version);
  if (chunk.usage_metadata.is_object()) {
    if (const auto usage = ReadUsage(chunk.usage_metadata)) usage_ = usage;
  }
  Emitter out(identity_, sink);
  const bool fine = ReadCandidates(chunk.candidates, out);
  prompt_.Read(chunk.prompt_feedback, out);
  const bool is_error = IsError(chunk.error, /*object=*/{}, /*type=*/{});
  if (fine && !is_error) return;
  const chat::Error error = is_error ? ReadFailure(root, /*http_status=*/0) : BadCall();
  Finish(&error, sink);
}

bool GeminiDecoder::ReadCandidates(json::Value candidates, Emitter& out) {
  for (const json::Value element : candidates.elements()) {
    if (!element.is_object()) continue;
    const Candidate candidate = ReadCandidate(element);
    CandidateDecoder* const decoder = FindCandidate(candidate.index);
    if (decoder != nullptr && !decoder->Read(candidate, out)) return false;
  }
  return true;
}

// The decoder of the candidate of that index, made if need be; nullptr if the index makes no sense and the candidate is
// to be ignored.
CandidateDecoder* GeminiDecoder::FindCandidate(json::Value index) {
  const std::optional<int64_t> number = index.is_absent_or_null() ? 0 : index.AsInt64();
  if (!number.has_value() || *number < 0 || *number > kMaxCandidate) return nullptr;
  const auto wanted = static_cast<int32_t>(*number);
  auto at = candidates_.begin();
  while (at != candidates_.end() && (*at)->index() < wanted) ++at;
  if (at == candidates_.end() || (*at)->index() != wanted) {
    at = candidates_.insert(at, std::make_unique<CandidateDecoder>(wanted, ids_, limits_.max_bytes));
  }
  return at->get();
}

// Without alt=sse the reply is one array of chunks; relays send one chunk.
void GeminiDecoder::OnWholeBody(absl::string_view body, chat::EventSink& sink) {
  if (done_) return;
  const std::string text = RepairUtf8(absl::StripAsciiWhitespace(body));
  if (text.empty()) return Conclude(sink);
  if (!ParseOrEnd(text, sink)) return;
  const json::Value root = tape_.root();
  if (IsError(root) || IsFlatError(root)) {
    const chat::Error error = ReadFailure(root, /*http_status=*/0);
    return Finish(&error, sink);
  }
  OnDocument(root, sink);
  if (done_) return;
  if (has_chunk_) return Conclude(sink);
  const chat::Error error =
      MakeError(chat::ErrorKind::kMalformed,
                "the upstream's answer is JSON, but neither an answer of Gemini's nor an error: check base_url");
  Finish(&error, sink);
}

void GeminiDecoder::OnEof(chat::EventSink& sink) {
  if (!done_) Conclude(sink);
}

void GeminiDecoder::Fail(const chat::Error& error, chat::EventSink& sink) {
  if (!done_) Finish(&error, sink);
}

void GeminiDecoder::Conclude(chat::EventSink& sink) {
  if (IsFinished()) return Finish(nullptr, sink);
  const chat::Error error = Truncated();
  Finish(&error, sink);
}

bool GeminiDecoder::IsFinished() const {
  if (!prompt_.block_reason().empty()) return true;
  return !candidates_.empty() && std::all_of(candidates_.begin(), candidates_.end(),
                                             [](const auto& candidate) { return !candidate->finish_word().empty(); });
}

void GeminiDecoder::Finish(const chat::Error* error, chat::EventSink& sink) {
  done_ = true;
  Emitter out(identity_, sink);
  for (const auto& candidate : candidates_) candidate->Flush(/*complete=*/error == nullptr, out);
  if (error == nullptr) {
    identity_.Announce(sink);
    EmitFinished(sink);
  }
  if (usage_.has_value()) {
    identity_.Announce(sink);
    sink.OnUsage(*usage_);
  }
  sink.OnDone(error);
}

// A blocked prompt has no candidates, or none that finished; the reason is theirs then.
void GeminiDecoder::EmitFinished(chat::EventSink& sink) const {
  const absl::string_view block_reason = prompt_.block_reason();
  if (candidates_.empty()) sink.OnFinished({0, chat::FinishReason::kContentFilter, block_reason});
  for (const auto& candidate : candidates_) {
    const absl::string_view word = candidate->finish_word();
    if (word.empty()) {
      sink.OnFinished({candidate->index(), chat::FinishReason::kContentFilter, block_reason});
    } else {
      sink.OnFinished({candidate->index(), CanonicalFinish(word, candidate->has_calls()), word});
    }
  }
}

}  // namespace sluice::dialect::gemini
