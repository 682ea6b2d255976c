#ifndef SLUICE_SERVER_CHAT_EVENT_H_
#define SLUICE_SERVER_CHAT_EVENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/chat/error.h"
#include "server/chat/message.h"

namespace sluice::chat {

// Events of one answer, as a dialect decodes them. Views live for the call that hands them over; whoever wants to
// keep one copies it. Nothing here allocates on the way from the wire to the caller's message.

enum class DeltaKind { kText, kReasoning, kRefusal, kToolCall, kAudio, kOpaque };

// One piece of a tool call. Pieces of calls interleave; `index` tells them apart and counts from 0 in order of first
// appearance within the choice. id and name come whole, in the call's first fragment only. arguments are to be
// joined: opaque text, JSON only if the model kept its word.
struct ToolCallFragment {
  int32_t index = 0;
  ToolKind kind = ToolKind::kFunction;
  absl::string_view id;
  absl::string_view name;
  absl::string_view arguments;
};

struct AudioFragment {
  absl::string_view id;    // may be empty on later fragments
  absl::string_view data;  // base64 as the provider sent it
  absl::string_view transcript;
  std::optional<int64_t> expires_at;  // unix seconds
};

struct TopLogprob {
  std::string token;
  double logprob = 0;
  std::string bytes;  // raw bytes of the token; empty when the provider gave none
};

struct TokenLogprob {
  std::string token;
  double logprob = 0;
  std::string bytes;
  std::vector<TopLogprob> top;
};

struct Delta {
  int32_t choice = 0;
  DeltaKind kind = DeltaKind::kText;
  absl::string_view text;  // kText, kReasoning, kRefusal; kOpaque: bytes, whole, see dialect/opaque.h
  ToolCallFragment tool;   // kToolCall
  AudioFragment audio;     // kAudio
  // Of the tokens of this delta, where the request asked for them. A chunk that brings logprobs but no text comes as
  // a kText (or kRefusal) delta with empty text.
  absl::Span<const TokenLogprob> logprobs;
};

enum class FinishReason { kUnspecified, kStop, kLength, kToolCalls, kContentFilter, kError, kOther };
const char* FinishReasonName(FinishReason reason);

struct Finished {
  int32_t choice = 0;
  FinishReason reason = FinishReason::kUnspecified;
  absl::string_view native;  // the provider's own word
};

// Tokens as the provider counted them, unless `estimated`. Cached tokens are inside prompt, reasoning tokens inside
// completion.
struct Usage {
  std::optional<int64_t> prompt_tokens;
  std::optional<int64_t> completion_tokens;
  std::optional<int64_t> total_tokens;
  std::optional<int64_t> cached_tokens;
  std::optional<int64_t> cache_write_tokens;
  std::optional<int64_t> reasoning_tokens;
  bool estimated = false;  // our own count, because the answer ended before the provider's came
};

// A part of the request that the upstream was not told, as the configuration allows.
struct Warning {
  std::string field;    // path in the contract
  std::string message;  // for people
};

// What the provider says of a place in the answer: a source that it cites. Any member may be empty.
struct Annotation {
  int32_t choice = 0;
  absl::string_view type;   // the provider's word: "url_citation", "char_location"
  absl::string_view url;    // of the source
  absl::string_view title;  // of the source
  absl::string_view cited_text;
  // The place in the choice's text that rests on the source, as the provider counts: characters, the end not included.
  std::optional<int64_t> start_index;
  std::optional<int64_t> end_index;
  absl::string_view native_json;  // the whole of it as the provider sent it
};

// What the provider's moderation or content filter says of the prompt or the answer.
struct Moderation {
  enum class Subject { kUnknown, kPrompt, kAnswer };
  Subject subject = Subject::kUnknown;
  std::optional<int32_t> choice;  // of kAnswer, where the provider says which
  std::optional<bool> flagged;    // whether it found anything, where it says so in a word
  absl::string_view native_json;  // the whole of it as the provider sent it
};

// The answer's name tags; any may be empty.
struct Identity {
  absl::string_view completion_id;
  absl::string_view model;  // as the provider answered
};

// Receives one answer's events in order: OnIdentity at most once and before everything else, any number of OnDelta,
// OnAnnotation and OnModeration, then the end: OnFinished at most once per choice, OnUsage at most once, and OnDone
// exactly once and last.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void OnIdentity(const Identity& identity) = 0;
  virtual void OnDelta(const Delta& delta) = 0;
  virtual void OnAnnotation(const Annotation& annotation) = 0;
  virtual void OnModeration(const Moderation& moderation) = 0;
  virtual void OnFinished(const Finished& finished) = 0;
  virtual void OnUsage(const Usage& usage) = 0;
  // nullptr: the answer is complete. Otherwise why it is not; finished events are then left out.
  virtual void OnDone(const Error* error) = 0;
};

}  // namespace sluice::chat

#endif  // SLUICE_SERVER_CHAT_EVENT_H_
