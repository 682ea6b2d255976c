#ifndef SLUICE_SERVER_DIALECT_REPLY_READER_H_
#define SLUICE_SERVER_DIALECT_REPLY_READER_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "server/dialect/codec.h"
#include "server/sse/decoder.h"

namespace sluice::dialect {

// Reads the body of a 2xx reply to a streaming request, and feeds the dialect's decoder: an event stream as events, a
// JSON document whole, at its end. An HTML page, or another text where a stream was asked for, ends in kNotSse; a body
// or event above limits.max_event_bytes in kTooLarge.
//
// The first byte that is not blank decides, whatever the content type: `{`, `[` and `<` begin no stream. Relays send
// JSON labelled text/event-stream and streams labelled application/json. The label only tells, where a reply ends
// without a single event, a stream that was cut from a text that never was one.
//
// Calls in this order: Feed any number of times, then Eof or Fail, on one thread. Once done() is true, all calls do
// nothing. A call may hand over any number of sink events; the sink must not call back or destroy the reader.
class ReplyReader final : private sse::Handler {
 public:
  ReplyReader(std::unique_ptr<StreamDecoder> decoder, absl::string_view content_type, const DecodeLimits& limits);
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  // `sink` gets every event that the bytes complete before Feed returns.
  void Feed(absl::string_view bytes, chat::EventSink& sink);
  // The upstream closed the body cleanly.
  void Eof(chat::EventSink& sink);
  // The transport broke, or the caller of the reader gives up.
  void Fail(const chat::Error& error, chat::EventSink& sink);
  bool done() const { return decoder_->done(); }

 private:
  enum class Shape { kUndecided, kStream, kJson, kPage };

  void OnEvent(const sse::Event& event) override;
  void OnUnknownField(absl::string_view name, absl::string_view value) override;

  size_t BlanksAtTheFront(absl::string_view bytes);
  void FeedStream(absl::string_view bytes, chat::EventSink& sink);
  void FeedJson(absl::string_view bytes, chat::EventSink& sink);
  void KeepHead(absl::string_view bytes);
  void FailNotSse(const char* what, chat::EventSink& sink);
  void FailTooLarge(const char* what, chat::EventSink& sink);

  const std::unique_ptr<StreamDecoder> decoder_;
  const size_t max_bytes_;
  const bool labelled_stream_;
  Shape shape_ = Shape::kUndecided;
  size_t mark_bytes_ = 0;  // of a byte order mark, matched so far
  bool at_start_ = true;   // a byte order mark may still come
  bool had_event_ = false;
  sse::Decoder stream_;
  std::string body_;                 // a JSON body so far; of any other that is no labelled stream, its first bytes
  chat::EventSink* sink_ = nullptr;  // during Feed only
};

}  // namespace sluice::dialect

#endif  // SLUICE_SERVER_DIALECT_REPLY_READER_H_
