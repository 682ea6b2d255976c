#ifndef SLUICE_CLIENT_CLI_FLAGS_H_
#define SLUICE_CLIENT_CLI_FLAGS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace sluice::cli {

enum class Command { kHelp, kVersion, kChat, kModels, kHealth };

// What the command line asks for, defaults filled in.
struct Flags {
  Command command = Command::kHelp;

  std::string address;
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  bool insecure = false;
  std::optional<absl::Duration> timeout;
  std::string request_id;
  bool json = false;

  std::string model;
  std::string system;
  std::optional<double> temperature;
  std::optional<int32_t> max_tokens;
  std::optional<std::string> prompt;  // absent: read it from standard input

  // Plaintext is the default only where nobody can listen: on this machine.
  bool UsesTls() const;
};

using Environment = std::function<const char*(const char* name)>;  // as std::getenv

// Reads the arguments after the program's name. An error says what to type instead.
absl::StatusOr<Flags> ParseFlags(const std::vector<std::string>& arguments, const Environment& environment);

// The text of `sluice help`.
const char* Usage();

}  // namespace sluice::cli

#endif  // SLUICE_CLIENT_CLI_FLAGS_H_
