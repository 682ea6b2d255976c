#ifndef SLUICE_SERVER_DIALECT_ANTHROPIC_STREAM_DECODER_H_
#define SLUICE_SERVER_DIALECT_ANTHROPIC_STREAM_DECODER_H_

#include <string>

#include "server/base/id.h"
#include "server/dialect/anthropic/content_blocks.h"
#include "server/dialect/anthropic/stream_event.h"
#include "server/dialect/anthropic/usage.h"
#include "server/dialect/codec.h"
#include "server/dialect/emitter.h"
#include "server/json/tape.h"

namespace sluice::dialect::anthropic {

// Decodes one answer in the events of the Messages API.
//
// An event is what its JSON's `type` says, or its SSE name where that is missing. The answer ends with message_stop, or
// where the upstream closes after a stop_reason; one that ends otherwise is truncated. An error ends it at any place.
// Events and types that are not known are passed over, as the API's documentation asks for. Once the largest usual
// event has been seen, a delta of text or of a call's arguments allocates nothing.
class AnthropicDecoder final : public StreamDecoder {
 public:
  // `ids` names tool calls whose provider did not, and must outlive the decoder.
  AnthropicDecoder(const DecodeLimits& limits, IdSource& ids);

  void OnEvent(const sse::Event& event, chat::EventSink& sink) override;
  void OnUnknownField(absl::string_view name, absl::string_view value, chat::EventSink& sink) override;
  void OnWholeBody(absl::string_view body, chat::EventSink& sink) override;
  void OnEof(chat::EventSink& sink) override;
  void Fail(const chat::Error& error, chat::EventSink& sink) override;
  bool done() const override { return done_; }

 private:
  // False if it is not JSON within our limits: the answer is over then.
  bool ParseOrEnd(absl::string_view text, chat::EventSink& sink);
  void OnErrorEvent(absl::string_view data, chat::EventSink& sink);
  void OnTypedEvent(absl::string_view type, const StreamEvent& event, chat::EventSink& sink);
  bool OnMessageStart(json::Value message, chat::EventSink& sink);
  void OnMessageDelta(json::Value delta, json::Value usage, chat::EventSink& sink);
  void OnWholeMessage(json::Value message, chat::EventSink& sink);
  // False: the answer is over.
  bool Check(ContentBlocks::Result result, chat::EventSink& sink);

  void Conclude(bool at_mark, chat::EventSink& sink);
  bool ConcludeWithErrorField(chat::EventSink& sink);
  void Finish(const chat::Error* error, chat::EventSink& sink);

  const json::Tape::Limits limits_;
  json::Tape& tape_;  // of the thread, in use within one call only
  AnswerIdentity identity_;
  ContentBlocks blocks_;
  UsageReader usage_;
  std::string message_id_;
  std::string stop_reason_;   // the last that said something
  std::string error_field_;   // the first raw `error:` line's value
  bool started_ = false;      // message_start came
  bool has_message_ = false;  // any part of a message came
  bool done_ = false;
};

}  // namespace sluice::dialect::anthropic

#endif  // SLUICE_SERVER_DIALECT_ANTHROPIC_STREAM_DECODER_H_
