#include "client/cli/flags.h"

#include <cmath>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace sluice::cli {
namespace {

constexpr char kUsage[] = R"(Talk to a Sluice gateway.

  sluice chat [flags] [PROMPT|-]   stream one answer; without PROMPT, or with -, the prompt is standard input
  sluice models [flags]            list the models that the gateway routes
  sluice health [flags]            say whether the gateway takes calls
  sluice help | version

Every command
  --address A        host:port of the gateway; default: $SLUICE_ADDRESS, else 127.0.0.1:50051
  --ca FILE          PEM certificates to trust; default: the system's
  --cert FILE        our own certificate, with --key FILE, where the gateway asks for one
  --insecure         plaintext; the default for 127.0.0.1, ::1, localhost and unix sockets when no --ca is given
  --timeout D        give up after D, such as 30s or 5m; default: never
  --request-id ID    name of the call in the gateway's logs
  --json             print each event (chat) or model (models) as one line of JSON

chat
  --model M          default: $SLUICE_MODEL, else gpt-4.1
  --system S         instructions that go before the prompt
  --temperature T    0 to 2
  --max-tokens N     upper bound on generated tokens (the request's max_tokens)

The answer goes to standard output; sources, warnings, usage and errors go to standard error. Reasoning is shown,
dimmed, on a terminal only.
Exit status: 0 success; 1 the gateway is not serving (health), or a file could not be read or written; 2 wrong usage;
otherwise 10 plus the gRPC code: 11 cancelled (Ctrl-C), 13 invalid argument, 14 deadline exceeded, 15 not found,
18 resource exhausted, 19 failed precondition, 23 internal, 24 unavailable, 26 unauthenticated.
)";

using Setter = absl::Status (*)(const std::string& value, Flags* flags);

struct Flag {
  absl::string_view name;
  bool takes_value;
  bool chat_only;
  Setter set;
};

template <std::string Flags::*member>
absl::Status SetText(const std::string& value, Flags* flags) {
  flags->*member = value;
  return absl::OkStatus();
}

template <bool Flags::*member>
absl::Status SetTrue(const std::string&, Flags* flags) {
  flags->*member = true;
  return absl::OkStatus();
}

absl::Status SetTimeout(const std::string& value, Flags* flags) {
  absl::Duration timeout;
  if (!absl::ParseDuration(value, &timeout) || timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("--timeout takes a duration above zero, such as 30s or 5m");
  }
  flags->timeout = timeout;
  return absl::OkStatus();
}

absl::Status SetTemperature(const std::string& value, Flags* flags) {
  double temperature = 0;
  if (!absl::SimpleAtod(value, &temperature) || !std::isfinite(temperature)) {
    return absl::InvalidArgumentError("--temperature takes a number, such as 0.7");
  }
  flags->temperature = temperature;
  return absl::OkStatus();
}

absl::Status SetMaxTokens(const std::string& value, Flags* flags) {
  int32_t tokens = 0;
  if (!absl::SimpleAtoi(value, &tokens)) return absl::InvalidArgumentError("--max-tokens takes a whole number");
  flags->max_tokens = tokens;
  return absl::OkStatus();
}

constexpr Flag kFlags[] = {
    {"address", true, false, SetText<&Flags::address>},
    {"ca", true, false, SetText<&Flags::ca_file>},
    {"cert", true, false, SetText<&Flags::cert_file>},
    {"key", true, false, SetText<&Flags::key_file>},
    {"insecure", false, false, SetTrue<&Flags::insecure>},
    {"timeout", true, false, SetTimeout},
    {"request-id", true, false, SetText<&Flags::request_id>},
    {"json", false, false, SetTrue<&Flags::json>},
    {"model", true, true, SetText<&Flags::model>},
    {"system", true, true, SetText<&Flags::system>},
    {"temperature", true, true, SetTemperature},
    {"max-tokens", true, true, SetMaxTokens},
};

absl::StatusOr<Command> ParseCommand(absl::string_view word) {
  if (word == "chat") return Command::kChat;
  if (word == "models") return Command::kModels;
  if (word == "health") return Command::kHealth;
  if (word == "help" || word == "--help" || word == "-h") return Command::kHelp;
  if (word == "version" || word == "--version") return Command::kVersion;
  return absl::InvalidArgumentError(
      absl::StrCat("unknown command \"", word, "\"; the commands are chat, models, health, help and version"));
}

const Flag* FindFlag(absl::string_view name) {
  for (const Flag& flag : kFlags) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

// Takes "--name value" or "--name=value" at position *at and moves *at to its last word.
absl::Status TakeFlag(const std::vector<std::string>& arguments, size_t* at, Flags* flags) {
  const absl::string_view word = absl::StripPrefix(arguments[*at], "--");
  const size_t equals = word.find('=');
  const absl::string_view name = word.substr(0, equals);
  const Flag* flag = FindFlag(name);
  if (flag == nullptr) return absl::InvalidArgumentError(absl::StrCat("unknown flag --", name, "; see `sluice help`"));
  if (flag->chat_only && flags->command != Command::kChat) {
    return absl::InvalidArgumentError(absl::StrCat("--", name, " belongs to `sluice chat`"));
  }
  if (!flag->takes_value) {
    if (equals != absl::string_view::npos) {
      return absl::InvalidArgumentError(absl::StrCat("--", name, " takes no value"));
    }
    return flag->set("", flags);
  }
  if (equals != absl::string_view::npos) return flag->set(std::string(word.substr(equals + 1)), flags);
  if (*at + 1 == arguments.size()) return absl::InvalidArgumentError(absl::StrCat("--", name, " needs a value"));
  return flag->set(arguments[++*at], flags);
}

absl::Status TakePositional(const std::string& word, Flags* flags) {
  if (flags->command != Command::kChat) {
    return absl::InvalidArgumentError(absl::StrCat("\"", word, "\": this command takes flags only"));
  }
  if (flags->prompt) return absl::InvalidArgumentError("more than one PROMPT; put quotes around it");
  flags->prompt = word;
  return absl::OkStatus();
}

absl::Status Check(const Flags& flags) {
  if (flags.insecure && !(flags.ca_file.empty() && flags.cert_file.empty())) {
    return absl::InvalidArgumentError("--insecure contradicts --ca, --cert and --key: drop one side");
  }
  if (flags.cert_file.empty() != flags.key_file.empty()) {
    return absl::InvalidArgumentError("--cert and --key go together");
  }
  if (flags.address.empty()) return absl::InvalidArgumentError("--address must not be empty");
  return absl::OkStatus();
}

std::string FromEnvironment(const Environment& environment, const char* name, const char* otherwise) {
  const char* value = environment(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

}  // namespace

bool Flags::UsesTls() const {
  if (insecure) return false;
  if (!ca_file.empty() || !cert_file.empty()) return true;
  const absl::string_view host = address;
  return !absl::StartsWith(host, "127.") && !absl::StartsWith(host, "localhost:") && host != "localhost" &&
         !absl::StartsWith(host, "[::1]") && !absl::StartsWith(host, "unix:");
}

absl::StatusOr<Flags> ParseFlags(const std::vector<std::string>& arguments, const Environment& environment) {
  Flags flags;
  if (arguments.empty()) return absl::InvalidArgumentError("say what to do: chat, models or health; see `sluice help`");
  const absl::StatusOr<Command> command = ParseCommand(arguments[0]);
  if (!command.ok()) return command.status();
  flags.command = *command;
  flags.address = FromEnvironment(environment, "SLUICE_ADDRESS", "127.0.0.1:50051");
  flags.model = FromEnvironment(environment, "SLUICE_MODEL", "gpt-4.1");

  bool flags_end = false;
  for (size_t at = 1; at < arguments.size(); ++at) {
    const std::string& word = arguments[at];
    absl::Status taken;
    if (!flags_end && word == "--") {
      flags_end = true;
    } else if (!flags_end && (word == "--help" || word == "-h")) {
      flags.command = Command::kHelp;
      return flags;
    } else if (!flags_end && absl::StartsWith(word, "-") && word != "-") {
      taken = absl::StartsWith(word, "--") ? TakeFlag(arguments, &at, &flags)
                                           : absl::InvalidArgumentError(absl::StrCat(
                                                 "unknown flag ", word, "; a prompt that begins with - goes after --"));
    } else {
      taken = TakePositional(word, &flags);
    }
    if (!taken.ok()) return taken;
  }
  if (flags.prompt == "-") flags.prompt.reset();
  if (absl::Status checked = Check(flags); !checked.ok()) return checked;
  return flags;
}

const char* Usage() { return kUsage; }

}  // namespace sluice::cli
