#include "server/app/decode_tool.h"

#include <functional>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/chat/event.h"
#include "server/chat/status.h"
#include "server/dialect/codec.h"
#include "server/dialect/reply_reader.h"
#include "server/json/writer.h"
#include "server/sse/decoder.h"

namespace sluice::app {
namespace {

// As much as one read from a socket usually brings.
constexpr size_t kRead = size_t{16} << 10;

// One line of output: a JSON object whose first member names the event.
class Line {
 public:
  Line(std::ostream& out, absl::string_view event) : out_(out), json_(text_) {
    json_.StartObject().Member("event", event);
  }
  ~Line() {
    json_.EndObject();
    out_ << text_ << '\n';
  }
  json::Writer& operator*() { return json_; }
  json::Writer* operator->() { return &json_; }
  void Count(absl::string_view key, const std::optional<int64_t>& value) {
    if (value) json_.Key(key).Int(*value);
  }

 private:
  std::ostream& out_;
  std::string text_;
  json::Writer json_;
};

class SsePrinter final : public sse::Handler {
 public:
  explicit SsePrinter(std::ostream& out) : out_(out) {}
  void OnEvent(const sse::Event& event) override {
    Line line(out_, "sse");
    line->Member("type", event.type).Member("data", event.data).Member("id", event.id);
  }
  void OnUnknownField(absl::string_view name, absl::string_view value) override {
    Line(out_, "unknown_field")->Member("name", name).Member("value", value);
  }
  void OnRetry(uint64_t milliseconds) override {
    Line(out_, "retry")->Key("ms").Int(static_cast<int64_t>(milliseconds));
  }

 private:
  std::ostream& out_;
};

class ChatPrinter final : public chat::EventSink {
 public:
  explicit ChatPrinter(std::ostream& out) : out_(out) {}
  bool failed() const { return failed_; }

  void OnIdentity(const chat::Identity& identity) override {
    Line(out_, "identity")->Member("completion_id", identity.completion_id).Member("model", identity.model);
  }
  void OnDelta(const chat::Delta& delta) override {
    Line line(out_, "delta");
    line->Key("choice").Int(delta.choice);
    PrintContent(delta, *line);
    if (delta.logprobs.empty()) return;
    line->Key("logprobs").StartArray();
    for (const chat::TokenLogprob& logprob : delta.logprobs) {
      line->StartObject().Member("token", logprob.token).Key("logprob").Double(logprob.logprob).EndObject();
    }
    line->EndArray();
  }
  void OnAnnotation(const chat::Annotation& annotation) override {
    Line line(out_, "annotation");
    line->Key("choice").Int(annotation.choice);
    line->Member("type", annotation.type).Member("url", annotation.url).Member("title", annotation.title);
    line->Member("cited_text", annotation.cited_text);
    line.Count("start_index", annotation.start_index);
    line.Count("end_index", annotation.end_index);
  }
  void OnModeration(const chat::Moderation& moderation) override {
    Line line(out_, "moderation");
    if (moderation.choice) line->Key("choice").Int(*moderation.choice);
    if (moderation.flagged) line->Key("flagged").Bool(*moderation.flagged);
    line->Key("native").Raw(moderation.native_json);
  }
  void OnFinished(const chat::Finished& finished) override {
    Line line(out_, "finished");
    line->Key("choice").Int(finished.choice);
    line->Member("reason", chat::FinishReasonName(finished.reason)).Member("native", finished.native);
  }
  void OnUsage(const chat::Usage& usage) override {
    Line line(out_, "usage");
    line.Count("prompt_tokens", usage.prompt_tokens);
    line.Count("completion_tokens", usage.completion_tokens);
    line.Count("total_tokens", usage.total_tokens);
    line.Count("cached_tokens", usage.cached_tokens);
    line.Count("cache_write_tokens", usage.cache_write_tokens);
    line.Count("reasoning_tokens", usage.reasoning_tokens);
  }
  void OnDone(const chat::Error* error) override {
    failed_ = error != nullptr;
    Line line(out_, "done");
    line->Member("code", chat::CodeName(error == nullptr ? absl::StatusCode::kOk : chat::CanonicalCode(error->kind)));
    if (error == nullptr) return;
    line->Member("reason", chat::Reason(error->kind)).Member("message", error->message);
    line->Member("provider_code", error->provider_code).Member("provider_type", error->provider_type);
    line->Member("provider_message", error->provider_message);
  }

 private:
  static void PrintContent(const chat::Delta& delta, json::Writer& json) {
    switch (delta.kind) {
      case chat::DeltaKind::kText:
        json.Member("text", delta.text);
        break;
      case chat::DeltaKind::kReasoning:
        json.Member("reasoning", delta.text);
        break;
      case chat::DeltaKind::kRefusal:
        json.Member("refusal", delta.text);
        break;
      case chat::DeltaKind::kToolCall:
        json.Key("tool_call").StartObject().Key("index").Int(delta.tool.index);
        json.Member("type", delta.tool.kind == chat::ToolKind::kCustom ? "custom" : "function");
        json.Member("id", delta.tool.id).Member("name", delta.tool.name).Member("arguments", delta.tool.arguments);
        json.EndObject();
        break;
      case chat::DeltaKind::kAudio:
        json.Key("audio").StartObject().Member("id", delta.audio.id).Member("data", delta.audio.data);
        json.Member("transcript", delta.audio.transcript).EndObject();
        break;
      case chat::DeltaKind::kOpaque:
        json.Member("opaque", delta.text);
        break;
    }
  }

  std::ostream& out_;
  bool failed_ = false;
};

void ForEachRead(std::istream& in, size_t split, const std::function<void(absl::string_view)>& take) {
  std::vector<char> buffer(split == 0 ? kRead : split);
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())), in.gcount() > 0) {
    take({buffer.data(), static_cast<size_t>(in.gcount())});
  }
}

absl::Status DecodeSse(size_t split, std::istream& in, std::ostream& out) {
  sse::Decoder decoder;
  SsePrinter printer(out);
  absl::Status status;
  ForEachRead(in, split, [&](absl::string_view bytes) { status.Update(decoder.Feed(bytes, printer)); });
  return status;
}

}  // namespace

absl::Status DecodeStream(const std::string& what, size_t split, std::istream& in, std::ostream& out) {
  if (what == "sse") return DecodeSse(split, in, out);
  const dialect::Codec* codec = dialect::FindCodec(what);
  if (codec == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("--decode ", what, ": no such dialect; there are sse, ",
                                                   absl::StrJoin(dialect::CodecNames(), ", ")));
  }
  const dialect::DecodeLimits limits;
  dialect::ReplyReader reader(codec->NewDecoder(dialect::Target(), limits), "text/event-stream", limits);
  ChatPrinter printer(out);
  ForEachRead(in, split, [&](absl::string_view bytes) { reader.Feed(bytes, printer); });
  reader.Eof(printer);
  return printer.failed() ? absl::DataLossError("the answer in this capture ended in an error") : absl::OkStatus();
}

}  // namespace sluice::app
