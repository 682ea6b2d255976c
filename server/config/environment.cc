#include "server/config/environment.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace sluice::config {
namespace {

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return absl::FailedPreconditionError("it is a directory");
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(errno != 0 ? std::strerror(errno) : "it cannot be opened");
  std::string text(kMaxFileBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return absl::UnavailableError("it cannot be read");
  text.resize(static_cast<size_t>(in.gcount()));
  if (text.size() > kMaxFileBytes)
    return absl::OutOfRangeError(absl::StrCat("it is larger than ", kMaxFileBytes, " bytes"));
  return text;
}

bool IsName(absl::string_view name) {
  if (name.empty() || absl::ascii_isdigit(static_cast<unsigned char>(name[0]))) return false;
  for (const char c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '_') return false;
  }
  return true;
}

// Reads a quoted value from its opening quote on. Nothing but a comment may follow the closing one.
absl::StatusOr<std::string> Unquote(absl::string_view text) {
  const char quote = text[0];
  std::string value;
  size_t i = 1;
  for (; i < text.size() && text[i] != quote; ++i) {
    char c = text[i];
    if (quote == '"' && c == '\\' && i + 1 < text.size() && absl::StrContains("\"\\n", text.substr(i + 1, 1))) {
      c = text[++i] == 'n' ? '\n' : text[i];
    }
    value.push_back(c);
  }
  if (i == text.size()) return absl::InvalidArgumentError("the value's quote is not closed");
  const absl::string_view rest = absl::StripLeadingAsciiWhitespace(text.substr(i + 1));
  if (!rest.empty() && rest[0] != '#') return absl::InvalidArgumentError("text after the closing quote; remove it");
  return value;
}

std::string Bare(absl::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '#' && (i == 0 || absl::ascii_isspace(static_cast<unsigned char>(text[i - 1]))))
      text = text.substr(0, i);
  }
  return std::string(absl::StripAsciiWhitespace(text));
}

}  // namespace

Environment ProcessEnvironment() {
  return {.variable = [](const std::string& name) -> std::optional<std::string> {
            const char* value = std::getenv(name.c_str());
            if (value == nullptr) return std::nullopt;
            return value;
          },
          .read_file = ReadFile};
}

absl::StatusOr<std::map<std::string, std::string>> ParseEnvFile(absl::string_view text, absl::string_view source) {
  std::map<std::string, std::string> variables;
  std::string problems;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    const auto problem = [&](absl::string_view what) {
      absl::StrAppend(&problems, problems.empty() ? "" : "\n", source, ":", number, ": ", what);
    };
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    if (absl::ConsumePrefix(&line, "export ")) line = absl::StripLeadingAsciiWhitespace(line);
    const size_t equals = line.find('=');
    // The line may be a pasted key, so it is not shown.
    if (equals == absl::string_view::npos || !IsName(line.substr(0, equals))) {
      problem("not a NAME=VALUE line; names are letters, digits and _");
      continue;
    }
    const absl::string_view raw = absl::StripLeadingAsciiWhitespace(line.substr(equals + 1));
    std::string value;
    if (!raw.empty() && (raw[0] == '"' || raw[0] == '\'')) {
      absl::StatusOr<std::string> unquoted = Unquote(raw);
      if (!unquoted.ok()) {
        problem(absl::StrCat(line.substr(0, equals), ": ", unquoted.status().message()));
        continue;
      }
      value = *std::move(unquoted);
    } else {
      value = Bare(raw);
    }
    variables[std::string(line.substr(0, equals))] = std::move(value);
  }
  if (!problems.empty()) return absl::InvalidArgumentError(problems);
  return variables;
}

Environment WithFallback(Environment base, std::map<std::string, std::string> variables) {
  auto real = std::move(base.variable);
  base.variable = [real = std::move(real),
                   variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    if (std::optional<std::string> value = real(name)) return value;
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  return base;
}

}  // namespace sluice::config
