// Any bytes as a caller's ChatRequest, on the whole way to the upstream's JSON. Either the caller is told what to
// change, or the JSON is one that says what the request says.
//
// An input that begins with '#' is the request in protobuf's text format: readable, and quicker to good mutations. All
// others are the wire format.

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/chat/validate.h"
#include "server/dialect/codec.h"
#include "server/edge/grpc/request_from_proto.h"
#include "server/exchange/json_fields.h"
#include "server/json/tape.h"
#include "sluice/v1/chat_request.pb.h"
#include "tests/fuzz/fuzz.h"

namespace sluice::fuzz {
namespace {

using json::Value;

constexpr size_t kMostViolations = 1000;
// A few more, since the three steps count apart and a step may find several at once.
constexpr size_t kBound = 3 * kMostViolations;
constexpr int kMostDepth = 64;  // of JSON that the caller gives as text

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

// What of a message's parts stands in its content: the others have members of their own.
std::vector<const chat::Part*> ContentOf(const chat::Message& message) {
  std::vector<const chat::Part*> parts;
  for (const chat::Part& part : message.content) {
    const bool elsewhere =
        std::holds_alternative<chat::Opaque>(part.body) || std::holds_alternative<chat::Refusal>(part.body);
    if (!elsewhere) parts.push_back(&part);
  }
  return parts;
}

void CheckContent(Value content, const chat::Message& message) {
  const auto parts = ContentOf(message);
  if (content.is_string()) {
    const auto* const text = parts.size() == 1 ? std::get_if<chat::Text>(&parts[0]->body) : nullptr;
    Require(text != nullptr && content.AsString() == text->text, "a sole text arrives");
    return;
  }
  size_t i = 0;
  for (const Value part : content.elements()) {
    Require(i < parts.size(), "no part is invented");
    const auto* const text = std::get_if<chat::Text>(&parts[i]->body);
    Require(text == nullptr || part.Find("text").AsString() == text->text, "each text arrives in its place");
    ++i;
  }
  Require(i == parts.size(), "no part is lost");
}

void CheckToolCalls(Value calls, const chat::Message& message) {
  size_t i = 0;
  for (const Value call : calls.elements()) {
    Require(i < message.tool_calls.size(), "no tool call is invented");
    const chat::ToolCall& wanted = message.tool_calls[i];
    const bool custom = wanted.kind == chat::ToolKind::kCustom;
    const Value body = call.Find(custom ? "custom" : "function");
    Require(call.Find("id").AsString() == wanted.id && body.Find("name").AsString() == wanted.name,
            "each tool call arrives in its place");
    Require(body.Find(custom ? "input" : "arguments").AsString() == wanted.arguments, "arguments arrive as written");
    ++i;
  }
  Require(i == message.tool_calls.size(), "no tool call is lost");
}

void CheckReal(Value value, std::optional<double> wanted, absl::string_view name) {
  Require(value.AsDouble() == wanted, absl::StrCat(name, " arrives unchanged"), value.Raw());
}

// JSON that the caller gave as text arrives byte for byte: another order of keys would miss a provider's prompt cache.
void CheckSchemas(Value tools, const chat::Request& request) {
  size_t i = 0;
  for (const Value tool : tools.elements()) {
    Require(i < request.tools.size(), "no tool is invented");
    const auto& schema = request.tools[i].parameters_json;
    const Value arrived = tool.Find("function").Find("parameters");
    Require(!schema || absl::StripAsciiWhitespace(*schema) == arrived.Raw(), "a schema arrives byte for byte",
            arrived.Raw());
    ++i;
  }
  Require(i == request.tools.size(), "no tool is lost");
}

void CheckOpenAiBody(Value root, const std::string& body, const chat::Request& request, const dialect::Target& target) {
  Require(root.Find("model").AsString() == request.model, "the model arrives", body);
  Require(root.Find("stream").kind() == json::Kind::kTrue, "a stream is asked for", body);
  size_t i = 0;
  for (const Value message : root.Find("messages").elements()) {
    Require(i < request.messages.size(), "no message is invented", body);
    const chat::Message& wanted = request.messages[i];
    Require(message.Find("name").AsString() == wanted.name, "the speaker's name arrives", body);
    Require(message.Find("tool_call_id").AsString() == wanted.tool_call_id, "the answered call's id arrives", body);
    CheckContent(message.Find("content"), wanted);
    CheckToolCalls(message.Find("tool_calls"), wanted);
    ++i;
  }
  Require(i == request.messages.size(), "no message is lost", body);
  CheckSchemas(root.Find("tools"), request);
  CheckReal(root.Find("temperature"), request.temperature ? request.temperature : target.default_temperature,
            "temperature");
  CheckReal(root.Find("top_p"), request.top_p, "top_p");
  Require(root.Find("seed").AsInt64() == request.seed, "seed arrives unchanged", body);
  const bool both = request.max_completion_tokens && !request.max_tokens;
  Require(target.token_limit_name != dialect::TokenLimitName::kAsAsked || !both ||
              root.Find("max_tokens").kind() == json::Kind::kAbsent,
          "no max_tokens is added beside max_completion_tokens", body);
}

void CheckUrl(const std::string& url) {
  const bool clean =
      std::all_of(url.begin(), url.end(), [](char c) { return absl::ascii_isgraph(static_cast<unsigned char>(c)); });
  Require(clean, "a model's name stays inside the URL", url);
}

void CheckMisfits(const std::vector<dialect::Misfit>& misfits) {
  for (const dialect::Misfit& misfit : misfits) {
    Require(!misfit.field.empty() && !misfit.why.empty(), "a misfit says where and why", misfit.field);
    RequireUtf8(misfit.field, "a misfit's field");
    RequireUtf8(misfit.why, "a misfit's reason");
  }
}

// As the exchange does it: what does not fit is told of, and what is left is encoded.
void CheckEncodingFor(const dialect::Codec& codec, chat::Request request, const dialect::Target& target) {
  std::vector<dialect::Misfit> misfits;
  codec.Fit(target, &request, &misfits);
  CheckMisfits(misfits);
  for (const dialect::Misfit& misfit : misfits) {
    if (misfit.severity == dialect::Misfit::Severity::kRefuse) return;
  }
  misfits.clear();
  codec.Fit(target, &request, &misfits);
  Require(misfits.empty(), "what does not fit is taken out", misfits.empty() ? "" : misfits[0].field);
  const dialect::HttpRequest http = codec.EncodeChat(request, target);
  CheckUrl(http.url);
  RequireUtf8(http.body, "the request's body");
  json::Tape tape;
  // Deeper than what the caller may nest, by as much as it is put into.
  const json::Tape::Limits limits = {.max_bytes = http.body.size(), .max_depth = 2 * kMostDepth};
  Require(tape.Parse(http.body, limits) == json::Tape::Result::kOk && tape.root().is_object(),
          "the body is a JSON object", http.body);
  if (codec.name() == "openai") CheckOpenAiBody(tape.root(), http.body, request, target);
}

void CheckEncoding(const chat::Request& request) {
  dialect::Target plain;
  plain.base_url = "https://upstream.example/v1";
  dialect::Target with_defaults = plain;
  with_defaults.api_key = "HS-f3Rq8Wm2Lx7Zt5Kc9Vb1";
  with_defaults.default_temperature = 0.7;
  with_defaults.default_max_tokens = 2048;
  dialect::Target particular = plain;
  particular.chat_path = "/models/{model}/chat";
  particular.token_limit_name = dialect::TokenLimitName::kMaxTokens;
  particular.ask_usage = false;
  particular.reasoning = dialect::ReasoningStyle::kBudget;
  for (const absl::string_view name : dialect::CodecNames()) {
    for (const dialect::Target& target : {plain, with_defaults, particular}) {
      CheckEncodingFor(*dialect::FindCodec(name), request, target);
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
  sluice::exchange::CheckJsonFields(request, sluice::fuzz::kMostDepth, &violations);
  sluice::fuzz::CheckViolations(violations);
  if (violations.empty()) sluice::fuzz::CheckEncoding(request);
  return 0;
}
