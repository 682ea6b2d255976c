#include "server/dialect/anthropic/stream_decoder.h"

#include "absl/strings/ascii.h"
#include "server/base/utf8.h"
#include "server/dialect/anthropic/failure.h"
#include "server/dialect/anthropic/finish.h"
#include "server/dialect/errors.h"
#include "server/dialect/stream_errors.h"

namespace sluice::dialect::anthropic {
namespace {

constexpr size_t kMaxErrorField = size_t{64} << 10;
constexpr size_t kMaxWord = 128;  // of a stop_reason

chat::Error BrokenBlock() {
  return MakeError(chat::ErrorKind::kMalformed,
                   "the upstream sent content blocks whose pieces do not fit together, or too many: its server breaks "
                   "the protocol");
}

chat::Error SecondMessage() {
  return MakeError(chat::ErrorKind::kMalformed,
                   "the upstream began a second message within one answer: its server breaks the protocol");
}

std::string Word(json::Value value) {
  const absl::string_view word = value.AsString();
  return word == "null" ? "" : std::string(word.substr(0, Utf8Boundary(word, kMaxWord)));
}

}  // namespace

AnthropicDecoder::AnthropicDecoder(const DecodeLimits& limits, IdSource& ids)
    : limits_{.max_bytes = limits.max_event_bytes, .max_depth = limits.max_json_depth},
      tape_(TapeOfThread()),
      blocks_(ids, limits.max_event_bytes) {}

bool AnthropicDecoder::ParseOrEnd(absl::string_view text, chat::EventSink& sink) {
  const json::Tape::Result result = tape_.Parse(text, limits_);
  if (result == json::Tape::Result::kOk) return true;
  const chat::Error error = ParseError(result);
  Finish(&error, sink);
  return false;
}

void AnthropicDecoder::OnEvent(const sse::Event& event, chat::EventSink& sink) {
  if (done_) return;
  const absl::string_view data = absl::StripAsciiWhitespace(event.data);
  if (event.type == "error") return OnErrorEvent(data, sink);
  // Relays that speak other dialects too may set their end mark.
  if (data.empty() || data == "[DONE]") return;
  if (!ParseOrEnd(data, sink) || !tape_.root().is_object()) return;
  const StreamEvent read = ReadStreamEvent(tape_.root());
  const bool named = event.type != "message";  // SSE's own name for an event without one
  OnTypedEvent(read.type.is_absent_or_null() && named ? event.type : read.type.AsString(), read, sink);
  if (done_ || !IsError(read.error, /*object=*/{}, read.type)) return;
  const chat::Error error = ReadFailure(tape_.root(), /*http_status=*/0);
  Finish(&error, sink);
}

// An event of this name is an error whatever it holds.
void AnthropicDecoder::OnErrorEvent(absl::string_view data, chat::EventSink& sink) {
  const bool is_json = tape_.Parse(data, limits_) == json::Tape::Result::kOk;
  const chat::Error error = is_json && !tape_.root().is_string()
                                ? ReadFailure(tape_.root(), /*http_status=*/0)
                                : ReadErrorText(is_json ? tape_.root().AsString() : data, /*http_status=*/0);
  Finish(&error, sink);
}

void AnthropicDecoder::OnTypedEvent(absl::string_view type, const StreamEvent& event, chat::EventSink& sink) {
  Emitter out(identity_, sink);
  if (type == "content_block_delta") {
    has_message_ = true;
    Check(blocks_.Delta(event.index, event.delta, out), sink);
  } else if (type == "content_block_start") {
    has_message_ = true;
    Check(blocks_.Start(event.index, event.content_block, out), sink);
  } else if (type == "content_block_stop") {
    Check(blocks_.Stop(event.index, out), sink);
  } else if (type == "message_start") {
    OnMessageStart(event.message, sink);
  } else if (type == "message_delta") {
    has_message_ = true;
    OnMessageDelta(event.delta, event.usage, sink);
  } else if (type == "message_stop") {
    if (!IsError(event.error, /*object=*/{}, /*type=*/{})) Conclude(/*at_mark=*/true, sink);
  } else if (type == "message") {
    OnWholeMessage(tape_.root(), sink);
  }
}

bool AnthropicDecoder::Check(ContentBlocks::Result result, chat::EventSink& sink) {
  if (result == ContentBlocks::Result::kFine) return true;
  const chat::Error error =
      result == ContentBlocks::Result::kBroken ? BrokenBlock() : ParseError(json::Tape::Result::kTooLarge);
  Finish(&error, sink);
  return false;
}

// Some servers begin the same message again with each event of their own provider.
bool AnthropicDecoder::OnMessageStart(json::Value message, chat::EventSink& sink) {
  const absl::string_view id = message.Find("id").AsString();
  if (!message_id_.empty() && !id.empty() && id != message_id_) {
    const chat::Error error = SecondMessage();
    Finish(&error, sink);
    return false;
  }
  if (message_id_.empty()) message_id_ = std::string(id);
  identity_.Learn(message.Find("id"), message.Find("model"));
  if (!started_) usage_.Read(message.Find("usage"));
  started_ = has_message_ = true;
  return true;
}

void AnthropicDecoder::OnMessageDelta(json::Value delta, json::Value usage, chat::EventSink& sink) {
  usage_.Read(usage);
  const std::string word = Word(delta.Find("stop_reason"));
  if (!word.empty()) stop_reason_ = word;
  // Why the provider's own filter stopped the answer.
  const json::Value details = delta.Find("stop_details");
  if (!details.is_object() || details.Find("type").AsString() != "refusal") return;
  Emitter(identity_, sink)
      .Emit(chat::Moderation{chat::Moderation::Subject::kAnswer, /*choice=*/0, /*flagged=*/true, details.Raw()});
}

void AnthropicDecoder::OnWholeMessage(json::Value message, chat::EventSink& sink) {
  if (!OnMessageStart(message, sink)) return;
  Emitter out(identity_, sink);
  for (const json::Value block : message.Find("content").elements()) {
    if (!block.is_object()) continue;
    if (!Check(blocks_.Start(/*index=*/{}, block, out), sink)) return;
    if (!Check(blocks_.Stop(/*index=*/{}, out), sink)) return;
  }
  OnMessageDelta(message, message.Find("usage"), sink);
}

void AnthropicDecoder::OnUnknownField(absl::string_view name, absl::string_view value, chat::EventSink& sink) {
  static_cast<void>(sink);  // whether it counts is known at the end
  if (done_ || name != "error" || !error_field_.empty() || value.size() > kMaxErrorField) return;
  error_field_.assign(value.data(), value.size());
}

void AnthropicDecoder::OnWholeBody(absl::string_view body, chat::EventSink& sink) {
  if (done_) return;
  const std::string text = RepairUtf8(absl::StripAsciiWhitespace(body));
  if (text.empty()) return Conclude(/*at_mark=*/false, sink);
  if (!ParseOrEnd(text, sink)) return;
  const json::Value root = tape_.root();
  const bool is_error = IsError(root);
  if (!is_error && root.Find("content").is_array()) {
    OnWholeMessage(root, sink);
    if (!done_) Finish(nullptr, sink);
    return;
  }
  const chat::Error error =
      is_error || IsFlatError(root)
          ? ReadFailure(root, /*http_status=*/0)
          : MakeError(chat::ErrorKind::kMalformed,
                      "the upstream's answer is JSON, but neither a message nor an error: check base_url");
  Finish(&error, sink);
}

void AnthropicDecoder::OnEof(chat::EventSink& sink) {
  if (!done_) Conclude(/*at_mark=*/false, sink);
}

void AnthropicDecoder::Fail(const chat::Error& error, chat::EventSink& sink) {
  if (!done_) Finish(&error, sink);
}

// Decides how the answer ended, now that nothing more will come. `at_mark`: with message_stop.
void AnthropicDecoder::Conclude(bool at_mark, chat::EventSink& sink) {
  if (ConcludeWithErrorField(sink)) return;
  if (at_mark ? has_message_ : !stop_reason_.empty()) return Finish(nullptr, sink);
  const chat::Error error = Truncated();
  Finish(&error, sink);
}

// A raw `error:` line, as llama.cpp's server sent them, counts where nothing else tells how the answer ended.
bool AnthropicDecoder::ConcludeWithErrorField(chat::EventSink& sink) {
  if (!stop_reason_.empty() || error_field_.empty()) return false;
  if (tape_.Parse(error_field_, limits_) != json::Tape::Result::kOk || !tape_.root().is_object()) return false;
  const chat::Error error = ReadFailure(tape_.root(), /*http_status=*/0);
  Finish(&error, sink);
  return true;
}

void AnthropicDecoder::Finish(const chat::Error* error, chat::EventSink& sink) {
  done_ = true;
  Emitter out(identity_, sink);
  blocks_.Flush(out);
  if (error == nullptr) {
    identity_.Announce(sink);
    if (!stop_reason_.empty()) sink.OnFinished({0, CanonicalFinish(stop_reason_), stop_reason_});
  }
  if (const auto usage = usage_.usage()) {
    identity_.Announce(sink);
    sink.OnUsage(*usage);
  }
  sink.OnDone(error);
}

}  // namespace sluice::dialect::anthropic
