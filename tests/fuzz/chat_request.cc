// Any bytes as a caller's ChatRequest, on the whole way to the upstream's JSON. Either the caller is told what to
// change, or the JSON is one that says what the request says.
//
// An input that begins with '#' is the request in protobuf's text format: readable, and quicker to good mutations. All
// others are the wire format.

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/text_format.h>

#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/chat/validate.h"
#include "server/dialect/codec.h"
#include "server/edge/grpc/request_from_proto.h"
#include "server/json/tape.h"
#include "sluice/v1/chat_request.pb.h"
#include "tests/fuzz/fuzz.h"

namespace sluice::fuzz {
namespace {

using json::Value;

constexpr size_t kMostViolations = 1000;
// A few more, since the two steps count apart and a step may find several at once.
constexpr size_t kBound = 3 * kMostViolations;

// The parser tells all that is wrong on the standard error output otherwise.
class Silence final : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int, int, const std::string&) override {}
};

bool Read(absl::string_view input, v1::ChatRequest* request) {
  const std::string bytes(input);
  if (!absl::StartsWith(input, "#")) return request->ParseFromString(bytes);
  Silence silence;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&silence);
  parser.SetRecursionLimit(100);
  if (!parser.ParseFromString(bytes, request)) return false;
  // Only the wire format insists on UTF-8.
  return request->ParseFromString(request->SerializeAsString());
}

void CheckViolations(const std::vector<chat::FieldViolation>& violations) {
  Require(violations.size() <= kBound, "the list of what is wrong is bounded", absl::StrCat(violations.size()));
  for (const chat::FieldViolation& violation : violations) {
    Require(!violation.description.empty(), "a violation says what to change", violation.field);
    RequireUtf8(violation.field, "a violation's field");
    RequireUtf8(violation.description, "a violation's description");
  }
}

void CheckContent(Value content, const std::vector<std::string>& texts) {
  if (content.is_string()) {
    Require(texts.size() == 1 && content.AsString() == texts[0], "a sole text arrives");
    return;
  }
  size_t i = 0;
  for (const Value part : content.elements()) {
    Require(i < texts.size() && part.Find("text").AsString() == texts[i], "each text arrives in its place");
    ++i;
  }
  Require(i == texts.size(), "no text is lost");
}

void CheckReal(Value value, std::optional<double> wanted, absl::string_view name) {
  Require(value.AsDouble() == wanted, absl::StrCat(name, " arrives unchanged"), value.Raw());
}

void CheckBody(const std::string& body, const chat::Request& request, const dialect::Target& target) {
  RequireUtf8(body, "the request's body");
  json::Tape tape;
  Require(tape.Parse(body) == json::Tape::Result::kOk && tape.root().is_object(), "the body is a JSON object", body);
  const Value root = tape.root();
  Require(root.Find("model").AsString() == request.model, "the model arrives", body);
  Require(root.Find("stream").kind() == json::Kind::kTrue, "a stream is asked for", body);
  size_t i = 0;
  for (const Value message : root.Find("messages").elements()) {
    Require(i < request.messages.size(), "no message is invented", body);
    Require(message.Find("name").AsString() == request.messages[i].name, "the speaker's name arrives", body);
    CheckContent(message.Find("content"), request.messages[i].texts);
    ++i;
  }
  Require(i == request.messages.size(), "no message is lost", body);
  CheckReal(root.Find("temperature"), request.temperature ? request.temperature : target.default_temperature,
            "temperature");
  CheckReal(root.Find("top_p"), request.top_p, "top_p");
  Require(root.Find("seed").AsInt64() == request.seed, "seed arrives unchanged", body);
  const bool both = request.max_completion_tokens && !request.max_tokens;
  Require(!both || root.Find("max_tokens").kind() == json::Kind::kAbsent,
          "no max_tokens is added beside max_completion_tokens", body);
}

void CheckEncoding(const chat::Request& request) {
  dialect::Target plain;
  plain.base_url = "https://upstream.example/v1";
  dialect::Target with_defaults = plain;
  with_defaults.api_key = "HS-f3Rq8Wm2Lx7Zt5Kc9Vb1";
  with_defaults.default_temperature = 0.7;
  with_defaults.default_max_tokens = 2048;
  for (const absl::string_view name : dialect::CodecNames()) {
    for (const dialect::Target& target : {plain, with_defaults}) {
      CheckBody(dialect::FindCodec(name)->EncodeChat(request, target).body, request, target);
    }
  }
}

}  // namespace
}  // namespace sluice::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const google::protobuf::LogSilencer silence_about_text_that_is_not_utf8;
  sluice::v1::ChatRequest proto;
  if (!sluice::fuzz::Read(absl::string_view(reinterpret_cast<const char*>(data), size), &proto)) return 0;
  std::vector<sluice::chat::FieldViolation> violations;
  const auto heartbeat = sluice::edge::HeartbeatInterval(proto, &violations);
  sluice::fuzz::Require(!heartbeat || (*heartbeat >= absl::Seconds(1) && *heartbeat <= absl::Minutes(5)),
                        "heartbeats come neither in a flood nor never");
  const sluice::chat::Request request = sluice::edge::RequestFromProto(&proto, &violations);
  for (sluice::chat::FieldViolation& violation : sluice::chat::Validate(request)) {
    violations.push_back(std::move(violation));
  }
  sluice::fuzz::CheckViolations(violations);
  if (violations.empty()) sluice::fuzz::CheckEncoding(request);
  return 0;
}
