// Any bytes as a failed reply: a head of three lines (status and Retry-After; retry-after-ms; request id), then the
// body. The error they make is complete, bounded, and one of those an upstream can cause. Then the same body as a list
// of models, which is what a wrong base_url brings.

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/dialect/codec.h"
#include "tests/fuzz/fuzz.h"

namespace sluice::fuzz {
namespace {

constexpr size_t kMostText = 1024;
constexpr size_t kMostName = 128;
constexpr size_t kMostBody = size_t{64} << 10;  // as much of a failure's body is kept
const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

absl::string_view TakeLine(absl::string_view& text) {
  const absl::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  return line;
}

void CheckText(const std::string& text, size_t most, absl::string_view what) {
  RequireUtf8(text, what);
  Require(text.size() <= most, absl::StrCat(what, " is bounded"), absl::StrCat(text.size()));
}

bool IsFinal(chat::ErrorKind kind) {
  using enum chat::ErrorKind;
  return kind == kInvalidRequest || kind == kContextLength || kind == kContentFilter || kind == kAuthentication ||
         kind == kPermission || kind == kQuota || kind == kNotFound;
}

void CheckKind(const chat::Error& error) {
  Require(error.kind >= chat::ErrorKind::kInvalidRequest && error.kind <= chat::ErrorKind::kNotSse,
          "the error is one of the upstream's", chat::ErrorKindName(error.kind));
  Require(!IsFinal(error.kind) || !error.retry_after, "nobody is told to wait where waiting does not help");
  Require(!error.retry_after || *error.retry_after >= absl::ZeroDuration(), "nobody waits for the past");
}

std::string Summary(const chat::Error& error) {
  return absl::StrCat(chat::ErrorKindName(error.kind), "|", error.message, "|", error.provider_message, "|",
                      error.provider_code, "|", error.provider_type, "|", error.request_id);
}

void CheckFailure(const dialect::Codec& codec, const dialect::HttpFailure& failure) {
  const chat::Error error = codec.DecodeFailure(failure);
  Require(error.http_status == failure.status, "the status is kept");
  Require(!error.message.empty(), "an error says what happened");
  CheckText(error.message, kMostText, "the message");
  CheckText(error.provider_message, kMostText, "the provider's message");
  CheckText(error.provider_code, kMostName, "the provider's code");
  CheckText(error.provider_type, kMostName, "the provider's type");
  CheckText(error.request_id, kMostName, "the request id");
  CheckKind(error);
  Require(Summary(codec.DecodeFailure(failure)) == Summary(error), "the same reply makes the same error");
}

void CheckModels(const dialect::Codec& codec, absl::string_view body) {
  const auto models = codec.DecodeModels(body);
  if (!models.ok()) {
    Require(!models.status().message().empty(), "an error says what happened");
    RequireUtf8(models.status().message(), "the message");
    return;
  }
  for (const dialect::Model& model : *models) {
    Require(!model.id.empty(), "a model has an id");
    RequireUtf8(model.id, "a model's id");
    RequireUtf8(model.owner, "a model's owner");
  }
}

void CheckReply(absl::string_view reply) {
  dialect::HttpFailure failure;
  failure.now = kNow;
  absl::string_view first = TakeLine(reply);
  const size_t blank = std::min(first.find(' '), first.size());
  if (!absl::SimpleAtoi(first.substr(0, blank), &failure.status)) failure.status = 500;
  first.remove_prefix(std::min(first.size(), blank + 1));
  failure.headers = {{"retry-after", std::string(first)},
                     {"retry-after-ms", std::string(TakeLine(reply))},
                     {"x-request-id", std::string(TakeLine(reply))}};
  failure.body = reply;
  for (const absl::string_view name : dialect::CodecNames()) {
    const dialect::Codec& codec = *dialect::FindCodec(name);
    CheckFailure(codec, failure);
    CheckModels(codec, reply);
    Amplify(reply, [&](absl::string_view amplified) {
      failure.body = amplified.substr(0, kMostBody);
      CheckFailure(codec, failure);
      CheckModels(codec, amplified);
    });
    failure.body = reply;
  }
}

}  // namespace
}  // namespace sluice::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sluice::fuzz::CheckReply(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
