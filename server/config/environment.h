#ifndef SLUICE_SERVER_CONFIG_ENVIRONMENT_H_
#define SLUICE_SERVER_CONFIG_ENVIRONMENT_H_

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sluice::config {

// What the loader knows of the world outside; tests bring their own.
struct Environment {
  std::function<std::optional<std::string>(const std::string& name)> variable;
  std::function<absl::StatusOr<std::string>(const std::string& path)> read_file;
};

// No configuration, key or certificate file may be larger.
inline constexpr size_t kMaxFileBytes = size_t{1} << 20;

// The process's variables and the file system. A file that is missing, unreadable or above kMaxFileBytes is an error
// that says which of these it is, without the path.
Environment ProcessEnvironment();

// The content of an --env-file: NAME=VALUE a line, `export ` before it allowed, blank lines and # lines skipped. A
// value may be in single quotes (taken as it stands) or double quotes (\" \\ \n are read); after an unquoted value, a #
// that follows a space begins a comment. Later lines win. Errors name `source` and line, never a value.
absl::StatusOr<std::map<std::string, std::string>> ParseEnvFile(absl::string_view text, absl::string_view source);

// `base`, and for names it lacks `variables`: the real environment wins over a file.
Environment WithFallback(Environment base, std::map<std::string, std::string> variables);

}  // namespace sluice::config

#endif  // SLUICE_SERVER_CONFIG_ENVIRONMENT_H_
