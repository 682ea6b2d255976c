#include "tests/unit/telemetry/log_line.h"

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "server/base/utf8.h"

namespace sluice::telemetry {
namespace {

// Below U+FFFF is all that an escape of ours stands for.
std::string Utf8(uint32_t c) {
  const auto byte = [](uint32_t bits) { return static_cast<char>(static_cast<unsigned char>(bits)); };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xc0 | c >> 6), byte(0x80 | (c & 0x3f))};
  return {byte(0xe0 | c >> 12), byte(0x80 | (c >> 6 & 0x3f)), byte(0x80 | (c & 0x3f))};
}

// The character of the escape that `rest` begins with, after its backslash; takes it off.
std::optional<std::string> TakeEscape(absl::string_view& rest) {
  static const std::map<char, std::string> kShort = {{'"', "\""}, {'\\', "\\"}, {'/', "/"},  {'b', "\b"},
                                                     {'f', "\f"}, {'n', "\n"},  {'r', "\r"}, {'t', "\t"}};
  if (rest.empty()) return std::nullopt;
  const char kind = rest[0];
  rest.remove_prefix(1);
  if (const auto it = kShort.find(kind); it != kShort.end()) return it->second;
  uint32_t code = 0;
  if (kind != 'u' || rest.size() < 4 || !absl::SimpleHexAtoi(rest.substr(0, 4), &code)) return std::nullopt;
  rest.remove_prefix(4);
  return Utf8(code);
}

std::optional<std::string> TakeString(absl::string_view& rest) {
  if (!absl::ConsumePrefix(&rest, "\"")) return std::nullopt;
  std::string text;
  while (!rest.empty() && static_cast<unsigned char>(rest[0]) >= 0x20) {
    const char c = rest[0];
    rest.remove_prefix(1);
    if (c == '"') return text;
    if (c != '\\') {
      text += c;
    } else if (const auto escaped = TakeEscape(rest)) {
      text += *escaped;
    } else {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

std::optional<std::string> TakeValue(absl::string_view& rest) {
  if (!rest.empty() && rest[0] == '"') return TakeString(rest);
  const std::string token(rest.substr(0, rest.find_first_of(",}")));
  rest.remove_prefix(token.size());
  double number = 0;
  const bool plain = token.find_first_not_of("0123456789.eE+-") == std::string::npos;
  if (token == "true" || token == "false" || token == "null" || (plain && absl::SimpleAtod(token, &number)))
    return token;
  return std::nullopt;
}

}  // namespace

std::optional<std::map<std::string, std::string>> ReadLogLine(absl::string_view line) {
  std::map<std::string, std::string> members;
  if (!IsValidUtf8(line) || !absl::ConsumePrefix(&line, "{")) return std::nullopt;
  do {
    const auto name = TakeString(line);
    if (!name || !absl::ConsumePrefix(&line, ":")) return std::nullopt;
    const auto value = TakeValue(line);
    if (!value || !members.emplace(*name, *value).second) return std::nullopt;
  } while (absl::ConsumePrefix(&line, ","));
  if (line != "}") return std::nullopt;
  return members;
}

}  // namespace sluice::telemetry
