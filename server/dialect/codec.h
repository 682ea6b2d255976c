#ifndef SLUICE_SERVER_DIALECT_CODEC_H_
#define SLUICE_SERVER_DIALECT_CODEC_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/chat/error.h"
#include "server/chat/event.h"
#include "server/chat/request.h"
#include "server/sse/decoder.h"

namespace sluice::dialect {

using Headers = std::vector<std::pair<std::string, std::string>>;

// Which of OpenAI's two names for the limit of tokens a server takes.
enum class TokenLimitName { kAsAsked, kMaxTokens, kMaxCompletionTokens };

// How a model is told to think: by effort, as newer models take it, or by a number of tokens.
enum class ReasoningStyle { kEffort, kBudget };

// How one upstream wants to be spoken to; resolved from the configuration once, shared by all its calls.
struct Target {
  std::string base_url;  // without a trailing slash: "https://api.openai.com/v1"
  std::string api_key;   // "" sends no credentials
  Headers headers;       // added to each request
  // Under base_url, "{model}" standing for the model's name; "" is the dialect's own.
  std::string chat_path;
  std::string models_path;
  // How the key is sent: this header, and what stands before the key in it; "" is the dialect's own way.
  std::string auth_header;
  std::string auth_prefix;
  TokenLimitName token_limit_name = TokenLimitName::kAsAsked;
  bool ask_usage = true;  // some servers refuse stream_options
  ReasoningStyle reasoning = ReasoningStyle::kEffort;
  bool split_think_tags = false;  // <think>...</think> in the text is reasoning
  std::optional<double> default_temperature;
  std::optional<int32_t> default_max_tokens;  // never added beside the caller's max_completion_tokens
};

// The two fields that have defaults, as they go upstream.
struct Generation {
  std::optional<double> temperature;
  std::optional<int32_t> max_tokens;
};

// The caller's, else the target's defaults; a dialect may have a rule of its own. The limit's two names exclude each
// other, so the default stands back for either.
Generation WithDefaults(const chat::Request& request, const Target& target);

// What a dialect cannot say of a request.
struct Misfit {
  // kPolicy: the upstream's `unsupported` decides whether the call is refused or goes on without it. kRefuse: without
  // it the answer would be to another question, so the call is always refused. kDrop: the call always goes on; it is
  // only of use to another provider.
  enum class Severity { kPolicy, kRefuse, kDrop };
  std::string field;  // path in the contract, "messages[2].name"
  std::string why;    // and what to change, in our own words
  Severity severity = Severity::kPolicy;
};

struct HttpRequest {
  std::string method;  // "POST" or "GET"
  std::string url;
  Headers headers;
  std::string body;
};

struct Model {
  std::string id;
  std::string owner;                      // "" if unknown
  std::optional<int64_t> created;         // unix seconds
  std::optional<int64_t> context_length;  // tokens, where the provider says it
};

struct DecodeLimits {
  size_t max_event_bytes = sse::Decoder::kDefaultMaxEventBytes;  // one line or event; also a whole JSON body
  int max_json_depth = 512;
};

// Decodes one streamed answer. Fed by ReplyReader; emits into the sink as chat::EventSink demands, and stops being
// interested after OnDone (done() turns true; later input is ignored). Output does not depend on how bytes were split.
class StreamDecoder {
 public:
  virtual ~StreamDecoder() = default;
  virtual void OnEvent(const sse::Event& event, chat::EventSink& sink) = 0;
  virtual void OnUnknownField(absl::string_view name, absl::string_view value, chat::EventSink& sink) = 0;
  // The body was one JSON document instead of a stream (relays do that): a whole completion or an error.
  virtual void OnWholeBody(absl::string_view body, chat::EventSink& sink) = 0;
  // The upstream closed the body cleanly. Decides between complete and truncated.
  virtual void OnEof(chat::EventSink& sink) = 0;
  // Ends the answer with `error` from outside (transport failure, cap exceeded): usage so far, then OnDone(&error).
  virtual void Fail(const chat::Error& error, chat::EventSink& sink) = 0;
  virtual bool done() const = 0;
};

// The head of a reply whose status is not 2xx, and as much of its body as was kept (64 KiB).
struct HttpFailure {
  int status = 0;
  Headers headers;  // names in lower case
  absl::string_view body;
  absl::Time now;  // to read a Retry-After that is a date (RFC 9110 10.2.3)
};

// One wire format: how to ask, and how to read the answer. Stateless, shared by all threads.
class Codec {
 public:
  virtual ~Codec() = default;
  virtual absl::string_view name() const = 0;  // "openai": the configuration's word
  // Takes out of `request` what this dialect cannot express to such a target, and names each. What is left can be
  // encoded. Appends to `misfits`, in the order of the contract's fields.
  virtual void Fit(const Target& target, chat::Request* request, std::vector<Misfit>* misfits) const = 0;
  // The streaming chat request, of a request that has been through Fit. `request.model` is already the upstream's name
  // for the model.
  virtual HttpRequest EncodeChat(const chat::Request& request, const Target& target) const = 0;
  // What EncodeChat sends of the two fields that have defaults.
  virtual Generation GenerationOf(const chat::Request& request, const Target& target) const {
    return WithDefaults(request, target);
  }
  virtual HttpRequest EncodeListModels(const Target& target) const = 0;
  virtual std::unique_ptr<StreamDecoder> NewDecoder(const Target& target, const DecodeLimits& limits) const = 0;
  virtual chat::Error DecodeFailure(const HttpFailure& failure) const = 0;
  virtual absl::StatusOr<std::vector<Model>> DecodeModels(absl::string_view body) const = 0;
};

// The codec of that name, or nullptr. The list of dialects stands in registry.cc and nowhere else.
const Codec* FindCodec(absl::string_view name);
std::vector<absl::string_view> CodecNames();

}  // namespace sluice::dialect

#endif  // SLUICE_SERVER_DIALECT_CODEC_H_
