// What each dialect makes of each field of a request: the table in README.md. It is made here from the code and
// compared with what stands there, so that it cannot go stale. After a change, run this test with
// SLUICE_WRITE_COVERAGE=1.

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/chat/validate.h"
#include "server/dialect/codec.h"
#include "server/dialect/opaque.h"
#include "server/edge/grpc/request_from_proto.h"

namespace sluice::edge {
namespace {

using ::testing::IsEmpty;

struct Row {
  std::string field;    // path in the contract
  std::string value;    // what is said of it in the table, where one field has several rows
  std::string request;  // text format, merged into the usual request
  std::string context;  // merged into both the request with the field and the one without
  bool first = false;   // its message goes before the usual one
};

constexpr char kUsual[] = R"(model: "m" messages { role: ROLE_USER content { text: "hi" } })";
constexpr char kTool[] = R"(tools { function { name: "f" parameters_json: "{}" } })";
constexpr char kCalled[] =
    R"(messages { role: ROLE_ASSISTANT tool_calls { id: "c1" function { name: "f" arguments: "{}" } } })";
constexpr char kOwnOpaque[] = "OWN_OPAQUE";  // replaced by what the dialect itself would have given out

Row Field(std::string field, std::string request) { return {std::move(field), "", std::move(request), ""}; }

std::vector<Row> MessageRows() {
  const auto user = [](const std::string& part) {
    return absl::StrCat("messages { role: ROLE_USER content { ", part, " } }");
  };
  const auto assistant = [](const std::string& part) {
    return absl::StrCat("messages { role: ROLE_ASSISTANT content { ", part, " } }");
  };
  return {
      {"messages.role", "DEVELOPER, SYSTEM at the beginning", R"(messages { role: ROLE_SYSTEM content { text: "s" } })",
       "",
       /*first=*/true},
      {"messages.role", "DEVELOPER, SYSTEM later", R"(messages { role: ROLE_SYSTEM content { text: "s" } })", ""},
      {"messages.role", "ASSISTANT", assistant(R"(text: "a")"), ""},
      {"messages.role", "TOOL", R"(messages { role: ROLE_TOOL tool_call_id: "c1" content { text: "r" } })", kCalled},
      Field("messages.name", R"(messages { role: ROLE_USER name: "n" content { text: "hi" } })"),
      {"messages.tool_calls.function", "", kCalled, ""},
      {"messages.tool_calls.custom", "",
       R"(messages { role: ROLE_ASSISTANT tool_calls { id: "c1" custom { name: "f" input: "x" } } })", ""},
      {"messages.tool_call_id", "", R"(messages { role: ROLE_TOOL tool_call_id: "c1" content { text: "r" } })",
       kCalled},
      Field("messages.audio_id", R"(messages { role: ROLE_ASSISTANT audio_id: "a1" })"),
      Field("messages.content.text", user(R"(text: "more")")),
      {"messages.content.image", "url", user(R"(image { url: "https://x.test/a.png" })"), ""},
      {"messages.content.image", "data", user(R"(image { data: "x" mime_type: "image/png" })"), ""},
      {"messages.content.image", "detail",
       user(R"(image { data: "x" mime_type: "image/png" detail: IMAGE_DETAIL_LOW })"), ""},
      Field("messages.content.audio", user(R"(audio { data: "x" format: AUDIO_FORMAT_WAV })")),
      {"messages.content.file", "file_id", user(R"(file { file_id: "f1" })"), ""},
      {"messages.content.file", "data (PDF)",
       user(R"(file { data: "x" filename: "a.pdf" mime_type: "application/pdf" })"), ""},
      Field("messages.content.refusal", assistant(R"(refusal: "no")")),
      {"messages.content.opaque", "of this dialect",
       absl::StrCat("messages { role: ROLE_ASSISTANT content { opaque { data: \"", kOwnOpaque,
                    "\" } } content { text: \"a\" } }"),
       ""},
      {"messages.content.opaque", "of another dialect",
       R"(messages { role: ROLE_ASSISTANT content { opaque { data: "{\"dialect\":\"elsewhere\",\"part\":{}}" } })"
       R"( content { text: "a" } })",
       ""},
      Field("messages.content.prompt_cache_breakpoint",
            user(R"(text: "x" prompt_cache_breakpoint { mode: PROMPT_CACHE_MODE_EXPLICIT })")),
  };
}

std::vector<Row> GenerationRows() {
  return {
      {"temperature", "up to 1", "temperature: 0.5", ""},
      {"temperature", "above 1", "temperature: 1.5", ""},
      Field("top_p", "top_p: 0.5"),
      Field("max_completion_tokens", "max_completion_tokens: 100"),
      Field("max_tokens", "max_tokens: 100"),
      Field("stop", "stop: \"END\""),
      Field("n", "n: 2"),
      Field("presence_penalty", "presence_penalty: 1"),
      Field("frequency_penalty", "frequency_penalty: 1"),
      Field("seed", "seed: 7"),
      Field("reasoning_effort", "reasoning_effort: REASONING_EFFORT_HIGH"),
      Field("verbosity", "verbosity: VERBOSITY_LOW"),
      Field("logprobs", "logprobs: true"),
      {"top_logprobs", "", "top_logprobs: 3", "logprobs: true"},
      Field("logit_bias", "logit_bias { key: 1 value: 5 }"),
  };
}

std::vector<Row> ToolRows() {
  const std::string custom = R"(tools { custom { name: "c" } })";
  return {
      {"tools.function", "", kTool, ""},
      {"tools.function", "strict", R"(tools { function { name: "g" parameters_json: "{}" strict: true } })", ""},
      {"tools.custom", "", custom, ""},
      {"tool_choice", "NONE, AUTO, REQUIRED", "tool_choice { mode: TOOL_CHOICE_MODE_REQUIRED }", kTool},
      {"tool_choice", "function", "tool_choice { function: \"f\" }", kTool},
      {"tool_choice", "allowed_tools",
       "tool_choice { allowed_tools { mode: TOOL_CHOICE_MODE_AUTO tools { function: \"f\" } } }",
       absl::StrCat(kTool, R"( tools { function { name: "g" parameters_json: "{}" } })")},
      {"parallel_tool_calls", "false", "parallel_tool_calls: false", kTool},
      {"response_format", "json_object", "response_format { json_object {} }", ""},
      {"response_format", "json_schema", R"(response_format { json_schema { name: "n" schema_json: "{}" } })", ""},
      Field("modalities",
            "modalities: MODALITY_TEXT modalities: MODALITY_AUDIO audio { voice: \"v\" format: AUDIO_FORMAT_WAV }"),
      Field("audio", "audio { voice: \"v\" format: AUDIO_FORMAT_WAV }"),
      Field("prediction", "prediction { content { text: \"p\" } }"),
      Field("moderation", "moderation { model: \"mm\" }"),
      Field("web_search_options", "web_search_options {}"),
  };
}

std::vector<Row> AccountRows() {
  return {
      Field("metadata", "metadata { key: \"k\" value: \"v\" }"),
      Field("store", "store: true"),
      Field("service_tier", "service_tier: SERVICE_TIER_FLEX"),
      Field("safety_identifier", "safety_identifier: \"s\""),
      Field("user", "user: \"u\""),
      Field("prompt_cache_key", "prompt_cache_key: \"k\""),
      Field("prompt_cache_options", "prompt_cache_options { mode: PROMPT_CACHE_MODE_EXPLICIT ttl: \"1h\" }"),
      Field("prompt_cache_retention", "prompt_cache_retention: PROMPT_CACHE_RETENTION_24H"),
      Field("stream_options.include_obfuscation", "stream_options { include_obfuscation: true }"),
      Field("extra_json", "extra_json: \"{\\\"x_own\\\":1}\""),
  };
}

// What every dialect has in common, and what the gateway sees to itself.
const char* const kNotInTheTable[] = {"model", "messages", "stream_options", "heartbeat_interval"};

std::vector<Row> AllRows() {
  std::vector<Row> rows = MessageRows();
  for (const auto& more : {GenerationRows(), ToolRows(), AccountRows()})
    rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

v1::ChatRequest Parse(const std::string& text) {
  v1::ChatRequest proto;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &proto)) << text;
  return proto;
}

// What goes upstream, and what the dialect had to say.
struct Asked {
  std::string bytes;
  std::vector<dialect::Misfit> misfits;
};

// What the dialect would have given out itself.
std::string OwnPart(absl::string_view dialect) {
  if (dialect == "anthropic") {
    return R"({"block":{"type":"thinking","thinking":"t","signature":"c2ln"},"calls_before":0})";
  }
  if (dialect == "gemini")
    return R"({"part":{"text":"t","thought":true,"thoughtSignature":"c2ln"},"text":[0,0],"calls":0})";
  return R"({"reasoning_details":[{"type":"reasoning.encrypted","data":"x"}]})";
}

Asked Ask(const dialect::Codec& codec, const Row& row, bool with_field) {
  const std::string own = dialect::WrapOpaque(codec.name(), OwnPart(codec.name()));
  const std::string escaped = absl::StrReplaceAll(own, {{"\"", "\\\""}});
  v1::ChatRequest proto = Parse(absl::StrCat(kUsual, " ", row.context));
  if (with_field) proto.MergeFrom(Parse(absl::StrReplaceAll(row.request, {{kOwnOpaque, escaped}})));
  auto* const messages = proto.mutable_messages();
  if (with_field && row.first) std::rotate(messages->begin(), messages->end() - 1, messages->end());
  std::vector<chat::FieldViolation> violations;
  chat::Request request = RequestFromProto(&proto, &violations);
  for (auto& violation : chat::Validate(request)) violations.push_back(std::move(violation));
  EXPECT_THAT(violations, IsEmpty()) << row.field << ": " << (violations.empty() ? "" : violations[0].description);
  Asked asked;
  dialect::Target target;
  codec.Fit(target, &request, &asked.misfits);
  const dialect::HttpRequest http = codec.EncodeChat(request, target);
  asked.bytes = absl::StrCat(http.url, " ", http.body);
  for (const auto& [name, value] : http.headers) absl::StrAppend(&asked.bytes, " ", name, ":", value);
  return asked;
}

std::string Outcome(const dialect::Codec& codec, const Row& row) {
  const Asked with = Ask(codec, row, true), without = Ask(codec, row, false);
  std::string outcome = with.bytes == without.bytes ? "no effect" : "translated";
  for (const dialect::Misfit& misfit : with.misfits) {
    EXPECT_FALSE(misfit.field.empty());
    switch (misfit.severity) {
      case dialect::Misfit::Severity::kRefuse:
        return "refused";
      case dialect::Misfit::Severity::kPolicy:
        outcome = "refused, or dropped with a warning";
        break;
      case dialect::Misfit::Severity::kDrop:
        if (outcome != "refused, or dropped with a warning") outcome = "dropped with a warning";
        break;
    }
  }
  // Nothing that a caller sets may vanish without a word.
  EXPECT_NE(outcome, "no effect") << codec.name() << ": " << row.field << " " << row.value;
  return outcome;
}

std::string Table() {
  std::string table = "| field |";
  for (const absl::string_view name : dialect::CodecNames()) absl::StrAppend(&table, " ", name, " |");
  absl::StrAppend(&table, "\n| --- |");
  for (size_t i = 0; i < dialect::CodecNames().size(); ++i) absl::StrAppend(&table, " --- |");
  table += "\n";
  for (const Row& row : AllRows()) {
    absl::StrAppend(&table, "| `", row.field, "`", row.value.empty() ? "" : ": ", row.value, " |");
    for (const absl::string_view name : dialect::CodecNames()) {
      absl::StrAppend(&table, " ", Outcome(*dialect::FindCodec(name), row), " |");
    }
    table += "\n";
  }
  return table;
}

constexpr char kBegin[] = "<!-- coverage:begin -->\n";
constexpr char kEnd[] = "<!-- coverage:end -->";

TEST(Coverage, TheTableInTheReadmeIsWhatTheCodeDoes) {
  const std::string path = absl::StrCat(SLUICE_SOURCE_DIR, "/README.md");
  std::stringstream content;
  content << std::ifstream(path).rdbuf();
  const std::string readme = content.str();
  const size_t begin = readme.find(kBegin), end = readme.find(kEnd);
  ASSERT_NE(begin, std::string::npos) << "the README has no place for the table";
  ASSERT_NE(end, std::string::npos);
  const size_t table = begin + sizeof(kBegin) - 1;
  const std::string made = Table();
  if (std::getenv("SLUICE_WRITE_COVERAGE") != nullptr) {
    std::ofstream(path) << readme.substr(0, table) << made << readme.substr(end);
    return;
  }
  EXPECT_EQ(readme.substr(table, end - table), made) << "run this test with SLUICE_WRITE_COVERAGE=1, and read the diff";
}

TEST(Coverage, EveryFieldOfTheContractIsInTheTable) {
  const std::vector<Row> rows = AllRows();
  const auto covered = [&](const std::string& path) {
    for (const Row& row : rows) {
      if (row.field == path || absl::StartsWith(row.field, path + ".")) return true;
    }
    return std::find(std::begin(kNotInTheTable), std::end(kNotInTheTable), path) != std::end(kNotInTheTable);
  };
  const auto check = [&](const google::protobuf::Descriptor* message, const std::string& prefix) {
    for (int i = 0; i < message->field_count(); ++i) {
      EXPECT_TRUE(covered(absl::StrCat(prefix, message->field(i)->name()))) << prefix << message->field(i)->name();
    }
  };
  check(v1::ChatRequest::descriptor(), "");
  check(v1::Message::descriptor(), "messages.");
  check(v1::ContentPart::descriptor(), "messages.content.");
  check(v1::Tool::descriptor(), "tools.");
}

}  // namespace
}  // namespace sluice::edge
