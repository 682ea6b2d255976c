#include "server/dialect/openai/stream_decoder.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/base/utf8.h"
#include "server/dialect/errors.h"
#include "server/dialect/openai/finish.h"
#include "server/dialect/stream_errors.h"

namespace sluice::dialect::openai {
namespace {

constexpr int64_t kMaxChoice = 127;
constexpr size_t kMaxErrorField = size_t{64} << 10;

chat::Error BadToolCall() {
  return MakeError(chat::ErrorKind::kMalformed,
                   "the upstream sent a tool call whose index is no number from 0 to 127, or too many calls: its "
                   "server breaks the protocol");
}

chat::Error BrokenOff(absl::string_view word) {
  chat::Error error;
  // DeepSeek's word for a machine that had no room to go on.
  const bool no_room = word == "insufficient_system_resource";
  error.kind = no_room ? chat::ErrorKind::kOverloaded : chat::ErrorKind::kServerError;
  error.message = no_room ? "the upstream broke the answer off for want of resources: try again later"
                          : "the upstream broke the answer off with an error: try again";
  error.provider_code = std::string(word.substr(0, Utf8Boundary(word, 128)));
  return error;
}

}  // namespace

OpenAiDecoder::OpenAiDecoder(const DecodeLimits& limits, IdSource& ids, bool split_think_tags)
    : ids_(ids),
      split_think_tags_(split_think_tags),
      limits_{.max_bytes = limits.max_event_bytes, .max_depth = limits.max_json_depth},
      tape_(TapeOfThread()) {}

json::Tape::Result OpenAiDecoder::Parse(absl::string_view text) {
  repeated_.Forget();
  return tape_.Parse(text, limits_);
}

bool OpenAiDecoder::ParseOrEnd(absl::string_view text, chat::EventSink& sink) {
  const json::Tape::Result result = Parse(text);
  if (result == json::Tape::Result::kOk) return true;
  const chat::Error error = ParseError(result);
  Finish(&error, sink);
  return false;
}

void OpenAiDecoder::OnEvent(const sse::Event& event, chat::EventSink& sink) {
  if (done_) return;
  const absl::string_view data = absl::StripAsciiWhitespace(event.data);
  // Any other name is only a name: relays put "data", "message" or the model's on their chunks.
  if (event.type == "error") return OnErrorEvent(data, sink);
  if (data.empty()) return;
  if (data == "[DONE]") return Conclude(End::kDoneMark, sink);
  if (OnRepeatedChunk(data, sink)) return;
  if (!ParseOrEnd(data, sink)) return;
  if (tape_.root().is_object()) OnChunk(data, tape_.root(), sink);
}

bool OpenAiDecoder::OnRepeatedChunk(absl::string_view text, chat::EventSink& sink) {
  RepeatedChunk::Found found;
  if (!repeated_.Match(text, found)) return false;
  Emitter out(identity_, sink);
  found.choice->ReadPiece(found.kind, found.text, out);
  return true;
}

// An event of this name is an error whatever it holds.
void OpenAiDecoder::OnErrorEvent(absl::string_view data, chat::EventSink& sink) {
  const bool is_json = Parse(data) == json::Tape::Result::kOk;
  chat::Error error;
  if (is_json && !tape_.root().is_string()) {
    ReadChunk(openai::ReadChunk(tape_.root()), sink);
    error = ReadError(tape_.root(), /*http_status=*/0);
  } else {
    error = ReadErrorText(is_json ? tape_.root().AsString() : data, /*http_status=*/0);
  }
  Finish(&error, sink);
}

void OpenAiDecoder::OnChunk(absl::string_view text, json::Value root, chat::EventSink& sink) {
  const Chunk chunk = openai::ReadChunk(root);
  const bool fine = ReadChunk(chunk, sink);
  const bool is_error = IsError(chunk.error, chunk.object, chunk.type);
  if (!fine || is_error) {
    const chat::Error error = is_error ? ReadError(root, /*http_status=*/0) : BadToolCall();
    return Finish(&error, sink);
  }
  if (chunk.choices.size() == 1) {
    repeated_.Learn(text, chunk, FindChoice((*chunk.choices.elements().begin()).Find("index")));
  }
}

bool OpenAiDecoder::ReadChunk(const Chunk& chunk, chat::EventSink& sink) {
  identity_.Learn(chunk.id, chunk.model);
  has_chunk_ |= chunk.choices.kind() != json::Kind::kAbsent || chunk.usage.is_object() ||
                absl::StartsWith(chunk.object.AsString(), "chat.completion");
  usage_.Read(chunk);
  Emitter out(identity_, sink);
  if (identity_.known()) remarks_.Flush(out);  // Azure's first chunk, which has the verdict, has no name
  for (const json::Value element : chunk.choices.elements()) {
    if (!element.is_object()) continue;
    const ChunkChoice choice = ReadChoice(element);
    ChoiceDecoder* decoder = FindChoice(choice.index);
    if (decoder != nullptr && !decoder->Read(choice, out)) return false;
  }
  remarks_.Read(chunk, out);
  if (identity_.known()) remarks_.Flush(out);
  return true;
}

// The decoder of the choice of that index, made if need be; nullptr if the index makes no sense and the choice is to
// be ignored.
ChoiceDecoder* OpenAiDecoder::FindChoice(json::Value index) {
  const std::optional<int64_t> number = index.is_absent_or_null() ? 0 : index.AsInt64();
  if (!number.has_value() || *number < 0 || *number > kMaxChoice) return nullptr;
  const auto wanted = static_cast<int32_t>(*number);
  auto at = choices_.begin();
  while (at != choices_.end() && (*at)->index() < wanted) ++at;
  if (at == choices_.end() || (*at)->index() != wanted) {
    at = choices_.insert(at, std::make_unique<ChoiceDecoder>(wanted, ids_, split_think_tags_));
  }
  return at->get();
}

// llama.cpp, until Sept 2025, sent errors as a field of SSE's own level ("error: {...}"), which SSE ignores.
void OpenAiDecoder::OnUnknownField(absl::string_view name, absl::string_view value, chat::EventSink& sink) {
  static_cast<void>(sink);  // whether it counts is known at the end
  if (done_ || name != "error" || !error_field_.empty() || value.size() > kMaxErrorField) return;
  error_field_.assign(value.data(), value.size());
}

void OpenAiDecoder::OnWholeBody(absl::string_view body, chat::EventSink& sink) {
  if (done_) return;
  std::string repaired;
  if (!IsValidUtf8(body)) {
    repaired = RepairUtf8(body);
    body = repaired;
  }
  body = absl::StripAsciiWhitespace(body);
  if (body.empty()) return Conclude(End::kEof, sink);
  if (!ParseOrEnd(body, sink)) return;
  const json::Value root = tape_.root();
  if (root.Find("choices").is_array()) {
    OnChunk(body, root, sink);
    if (!done_) Conclude(End::kWholeBody, sink);
    return;
  }
  const bool is_error = IsError(root) || IsFlatError(root);
  const chat::Error error =
      is_error ? ReadError(root, /*http_status=*/0)
               : MakeError(chat::ErrorKind::kMalformed,
                           "the upstream's answer is JSON, but neither a completion nor an error: check base_url");
  Finish(&error, sink);
}

void OpenAiDecoder::OnEof(chat::EventSink& sink) {
  if (!done_) Conclude(End::kEof, sink);
}

void OpenAiDecoder::Fail(const chat::Error& error, chat::EventSink& sink) {
  if (!done_) Finish(&error, sink);
}

// Decides how the answer ended, now that nothing more will come.
void OpenAiDecoder::Conclude(End end, chat::EventSink& sink) {
  if (const ChoiceDecoder* broken = BrokenOffChoice()) {
    const chat::Error error = BrokenOff(broken->finish_word());
    return Finish(&error, sink);
  }
  if (ConcludeWithErrorField(sink)) return;
  if (IsTruncated(end)) {
    const chat::Error error = Truncated();
    return Finish(&error, sink);
  }
  Finish(nullptr, sink);
}

bool OpenAiDecoder::IsTruncated(End end) const {
  switch (end) {
    case End::kDoneMark:
      return !has_chunk_;  // some servers never give a finish_reason, but none has an answer without a chunk
    case End::kEof:
      return !IsFinished();
    case End::kWholeBody:
      return false;
  }
  return true;
}

// Whether there was a choice, and none lacks its finish_reason.
bool OpenAiDecoder::IsFinished() const {
  return !choices_.empty() && std::all_of(choices_.begin(), choices_.end(),
                                          [](const auto& choice) { return !choice->finish_word().empty(); });
}

const ChoiceDecoder* OpenAiDecoder::BrokenOffChoice() const {
  for (const auto& choice : choices_) {
    if (CanonicalFinish(choice->finish_word()) == chat::FinishReason::kError) return choice.get();
  }
  return nullptr;
}

// A raw `error:` line counts where no choice finished: the server that sends it sends "[DONE]" after it all the same.
bool OpenAiDecoder::ConcludeWithErrorField(chat::EventSink& sink) {
  const bool any_finish =
      std::any_of(choices_.begin(), choices_.end(), [](const auto& choice) { return !choice->finish_word().empty(); });
  if (any_finish || error_field_.empty()) return false;
  if (Parse(error_field_) != json::Tape::Result::kOk || !tape_.root().is_object()) return false;
  const chat::Error error = ReadError(tape_.root(), /*http_status=*/0);
  Finish(&error, sink);
  return true;
}

void OpenAiDecoder::Finish(const chat::Error* error, chat::EventSink& sink) {
  done_ = true;
  Emitter out(identity_, sink);
  remarks_.Flush(out);
  for (const auto& choice : choices_) choice->Flush(out);
  if (error == nullptr) {
    identity_.Announce(sink);
    for (const auto& choice : choices_) {
      const absl::string_view word = choice->finish_word();
      if (!word.empty()) sink.OnFinished({choice->index(), CanonicalFinish(word), word});
    }
  }
  if (usage_.usage().has_value()) {
    identity_.Announce(sink);
    sink.OnUsage(*usage_.usage());
  }
  sink.OnDone(error);
}

}  // namespace sluice::dialect::openai
