#ifndef SLUICE_SERVER_SSE_DECODER_H_
#define SLUICE_SERVER_SSE_DECODER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sluice::sse {

// One dispatched event (WHATWG HTML 9.2.6). Views live for the call only. All text is valid UTF-8.
struct Event {
  absl::string_view type;  // "message" unless the stream named one
  absl::string_view data;  // data lines joined by LF
  absl::string_view id;    // last event id
};

// Receives what the decoder finds, in stream order, inside Decoder::Feed. May call Decoder::Stop, but neither Feed nor
// the decoder's destructor.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void OnEvent(const Event& event) = 0;
  // A line that means nothing to SSE: a field of another name (`error: {...}`, llama.cpp before Sept 2025), or a
  // whole line without a colon as name (Gemini's bare JSON error lines arrive so). The dialect decides what it means.
  // Lines longer than Decoder::kMaxUnknownLineBytes are left out.
  virtual void OnUnknownField(absl::string_view name, absl::string_view value) {
    static_cast<void>(name);
    static_cast<void>(value);
  }
  virtual void OnRetry(uint64_t milliseconds) { static_cast<void>(milliseconds); }
};

// Incremental decoder of text/event-stream. The events do not depend on how the bytes are cut into Feed calls, and
// each comes in the Feed call that brings its last byte. Linear in the bytes fed; keeps at most one event's bytes and
// one line, and gives a giant event's memory back after it. An event whose bytes lie in one Feed call is handed over
// without being copied; no event allocates once the buffers have grown to the stream's usual size.
//
// One decoder decodes one stream, on one thread. The end of the stream needs no call: an unfinished event is dropped.
class Decoder {
 public:
  static constexpr size_t kDefaultMaxEventBytes = size_t{8} << 20;
  // Longer lines of no meaning to SSE are dropped unbuffered.
  static constexpr size_t kMaxUnknownLineBytes = size_t{64} << 10;

  explicit Decoder(size_t max_event_bytes = kDefaultMaxEventBytes) : max_event_bytes_(max_event_bytes) {}
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // RESOURCE_EXHAUSTED when a line of an SSE field, or an event, grows past max_event_bytes; events before it have
  // been handed over by then, and every later call says the same. Comments and unknown lines never count: they need
  // no lasting buffer. After Stop, bytes are ignored.
  absl::Status Feed(absl::string_view bytes, Handler& handler);
  // Call from a handler to make the rest of the stream be ignored (after "[DONE]").
  void Stop() { stopped_ = true; }

 private:
  absl::string_view DropByteOrderMark(absl::string_view bytes);
  void OnLine(absl::string_view line, Handler& handler);
  void OnData(absl::string_view value);
  void Dispatch(Handler& handler);
  void KeepLineStart(absl::string_view bytes);
  void OwnData();
  void CheckEventSize();
  void FailTooLarge(const char* what);

  const size_t max_event_bytes_;
  absl::Status status_;
  bool stopped_ = false;

  size_t mark_bytes_ = 0;  // of the byte order mark, matched so far
  bool at_start_ = true;   // a byte order mark may still come
  bool after_cr_ = false;  // an LF that comes next belongs to the line end before it
  bool skipping_ = false;  // inside a line that is of no interest, up to its end
  std::string line_;       // beginning of a line whose end has not come yet

  // The event in the making. Its data is one view into the caller's bytes (or line_) as long as it is a single line
  // and the Feed call lasts; after that it lies in data_.
  bool has_data_ = false;
  bool data_borrowed_ = false;
  absl::string_view borrowed_data_;
  std::string data_;
  std::string type_;
  std::string id_;  // outlives its event (WHATWG HTML 9.2.6: only a new id replaces it)
};

}  // namespace sluice::sse

#endif  // SLUICE_SERVER_SSE_DECODER_H_
