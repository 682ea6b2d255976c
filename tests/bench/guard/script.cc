#include "tests/bench/guard/script.h"

#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sluice::bench {
namespace {

// A piece as JSON writes it, and its bytes once decoded.
struct Piece {
  absl::string_view json;
  size_t bytes;
};

// Tokens as models cut English prose: short, mostly with a blank in front; now and then one that needs unescaping or is
// not ASCII.
constexpr Piece kTokens[] = {
    {" the", 4},
    {" gateway", 8},
    {" opens", 6},
    {" one", 4},
    {" stream", 7},
    {",", 1},
    {" reads", 6},
    {" each", 5},
    {" event", 6},
    {" as", 3},
    {" it", 3},
    {" comes", 6},
    {".", 1},
    {"\\n\\n", 2},
    {"It", 2},
    {" keeps", 6},
    {" nothing", 8},
    {" of", 3},
    {" it", 3},
    {"\\u2014", 3},
    {"so", 2},
    {" the", 4},
    {" memory", 7},
    {" of", 3},
    {" a", 2},
    {" thousand", 9},
    {" streams", 8},
    {" stays", 6},
    {" small", 6},
    {" caf\xC3\xA9", 6},
    {" \\\"quoted\\\"", 9},
    {"!", 1},
};

constexpr Piece kSentences[] = {
    {" A sluice holds the water back until there is a use for it.", 59},
    {" Then it lets through as much as the mill can take, and no more than that.", 74},
    {" What comes in between waits in the pond; its level says how long it may.", 73},
};

// Arguments of a tool call: JSON within a string, hence full of escaped quotes.
constexpr Piece kArguments[] = {
    {"{\\\"", 2},  {"query", 5},     {"\\\":\\\"", 3}, {"water", 5}, {" level", 6}, {" of", 3},   {" the", 4},
    {" canal", 6}, {"\\\",\\\"", 3}, {"limit", 5},     {"\\\":", 2}, {"25", 2},     {",\\\"", 2}, {"days", 4},
    {"\\\":[", 3}, {"1", 1},         {",", 1},         {"2", 1},     {"]}", 2},
};

constexpr absl::string_view kBefore =
    "data: {\"id\":\"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT\",\"object\":\"chat.completion.chunk\","
    "\"created\":1741569952,\"model\":\"gpt-4.1-2025-04-14\",\"service_tier\":\"default\","
    "\"system_fingerprint\":\"fp_44709d6fcb\",\"choices\":[{\"index\":0,\"delta\":";
constexpr absl::string_view kNoLogprobs = ",\"logprobs\":null,\"finish_reason\":null}]";
constexpr absl::string_view kNoUsage = ",\"usage\":null}\n\n";
constexpr absl::string_view kPadding = "x8Qm2Lk0vTz5RbY1cW9d";

const Piece& PieceOf(Shape shape, int number) {
  const auto n = static_cast<size_t>(number);
  if (shape == Shape::kToolCall) return kArguments[n % std::size(kArguments)];
  if (shape == Shape::kLongText) return kSentences[n % std::size(kSentences)];
  return kTokens[n % std::size(kTokens)];
}

std::string Logprob(absl::string_view token, absl::string_view logprob) {
  return absl::StrCat("{\"token\":\"", token, "\",\"logprob\":", logprob, ",\"bytes\":[32,116,104,101]");
}

std::string Logprobs(absl::string_view token) {
  return absl::StrCat(",\"logprobs\":{\"content\":[", Logprob(token, "-0.10842"), ",\"top_logprobs\":[",
                      Logprob(token, "-0.10842"), "},", Logprob(" a", "-2.8771"),
                      "}]}],\"refusal\":null},\"finish_reason\":null}]");
}

}  // namespace

std::string OpeningEvent(Shape shape) {
  const absl::string_view delta =
      shape == Shape::kToolCall ? "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"index\":0,\"id\":"
                                  "\"call_lUzLJc2bh5lT1hWfJcKqN1tY\",\"type\":\"function\",\"function\":{\"name\":"
                                  "\"search\",\"arguments\":\"\"}}],\"refusal\":null}"
                                : "{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}";
  return absl::StrCat(kBefore, delta, kNoLogprobs, kNoUsage);
}

std::string DeltaEvent(Shape shape, int number) {
  const absl::string_view piece = PieceOf(shape, number).json;
  const std::string content = absl::StrCat("{\"content\":\"", piece, "\"}");
  switch (shape) {
    case Shape::kText:
    case Shape::kLongText:
      return absl::StrCat(kBefore, content, kNoLogprobs, kNoUsage);
    case Shape::kPadded:
      return absl::StrCat(kBefore, content, kNoLogprobs, ",\"usage\":null,\"obfuscation\":\"",
                          kPadding.substr(piece.size()), "\"}\n\n");
    case Shape::kReasoning:
      return absl::StrCat(kBefore, "{\"reasoning_content\":\"", piece, "\"}", kNoLogprobs, kNoUsage);
    case Shape::kToolCall:
      return absl::StrCat(kBefore, "{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"", piece, "\"}}]}",
                          kNoLogprobs, kNoUsage);
    case Shape::kLogprobs:
      return absl::StrCat(kBefore, content, Logprobs(piece), kNoUsage);
    case Shape::kUsage:
      return absl::StrCat(kBefore, content, kNoLogprobs,
                          ",\"usage\":{\"prompt_tokens\":120,\"total_tokens\":", 121 + number,
                          ",\"completion_tokens\":", 1 + number, "}}\n\n");
  }
  return "";
}

std::string ClosingEvents() {
  return absl::StrCat(kBefore, "{},\"logprobs\":null,\"finish_reason\":\"stop\"}]", kNoUsage,
                      "data: {\"id\":\"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT\",\"object\":\"chat.completion.chunk\","
                      "\"created\":1741569952,\"model\":\"gpt-4.1-2025-04-14\",\"choices\":[],\"usage\":{"
                      "\"prompt_tokens\":120,\"completion_tokens\":400,\"total_tokens\":520,\"prompt_tokens_details\":{"
                      "\"cached_tokens\":64},\"completion_tokens_details\":{\"reasoning_tokens\":0}}}\n\n",
                      "data: [DONE]\n\n");
}

std::string WholeAnswer(Shape shape, int deltas) {
  std::string answer = OpeningEvent(shape);
  for (int i = 0; i < deltas; ++i) absl::StrAppend(&answer, DeltaEvent(shape, i));
  return absl::StrCat(answer, ClosingEvents());
}

size_t DecodedBytes(Shape shape, int number) { return PieceOf(shape, number).bytes; }

}  // namespace sluice::bench
