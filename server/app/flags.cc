#include "server/app/flags.h"

#include <map>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sluice::app {

const char kUsage[] = R"(sluice-gateway: streaming LLM gateway, gRPC in, HTTPS server-sent events out

  sluice-gateway --config FILE [--env-file FILE] [--ports-file FILE]
      Serves by the configuration in FILE. SIGHUP, or a change of the file, reloads it; SIGTERM drains and ends.
  sluice-gateway
      Serves by the environment alone: HOLYSHEEP_API_KEY, and HOLYSHEEP_BASE_URL if it is not the usual one.
  sluice-gateway --demo [--grpc-address HOST:PORT] [--ops-address HOST:PORT] [--ports-file FILE]
      Serves an upstream that lives in this process: no key, no network, no model.
  sluice-gateway --check-config FILE [--env-file FILE]
      Says what is wrong with FILE, or what it amounts to; serves nothing.
  sluice-gateway --decode DIALECT [--split BYTES] < STREAM
      Prints, as JSON lines, what the gateway makes of a captured reply body. DIALECT is one that a configuration may
      name, or "sse" for the bare events. --split cuts the input into reads of so many bytes.
  sluice-gateway --version | --help

  --env-file FILE    NAME=VALUE lines that stand behind the real environment
  --ports-file FILE  is written once calls are taken: grpc=PORT and ops=PORT, a line each
)";

namespace {

// "--name value" and "--name=value".
class Reader {
 public:
  explicit Reader(const std::vector<std::string>& arguments) : arguments_(arguments) {}

  absl::Status Read(const std::map<absl::string_view, std::optional<std::string>*>& values,
                    const std::map<absl::string_view, bool*>& switches) {
    for (size_t i = 0; i < arguments_.size(); ++i) {
      absl::string_view name = arguments_[i];
      std::optional<std::string> value;
      if (const size_t equals = name.find('='); equals != absl::string_view::npos && absl::StartsWith(name, "--")) {
        value = std::string(name.substr(equals + 1));
        name = name.substr(0, equals);
      }
      if (const auto it = switches.find(name); it != switches.end() && !value) {
        *it->second = true;
      } else if (const auto option = values.find(name); option != values.end()) {
        if (!value && ++i < arguments_.size()) value = arguments_[i];
        if (!value || value->empty()) return absl::InvalidArgumentError(absl::StrCat(name, " needs a value"));
        *option->second = value;
      } else {
        return absl::InvalidArgumentError(absl::StrCat("unknown argument \"", arguments_[i], "\""));
      }
    }
    return absl::OkStatus();
  }

 private:
  const std::vector<std::string>& arguments_;
};

}  // namespace

absl::StatusOr<Flags> ParseFlags(const std::vector<std::string>& arguments) {
  Flags flags;
  bool help = false, version = false;
  std::optional<std::string> config, check, env_file, grpc, ops, ports, decode, split;
  const absl::Status read =
      Reader(arguments).Read({{"--config", &config},
                              {"--check-config", &check},
                              {"--env-file", &env_file},
                              {"--grpc-address", &grpc},
                              {"--ops-address", &ops},
                              {"--ports-file", &ports},
                              {"--decode", &decode},
                              {"--split", &split}},
                             {{"--demo", &flags.demo}, {"--help", &help}, {"--version", &version}});
  if (!read.ok()) return read;
  if (config.has_value() + check.has_value() + decode.has_value() + flags.demo > 1) {
    return absl::InvalidArgumentError("--config, --check-config, --decode and --demo exclude each other");
  }
  if ((grpc || ops) && !flags.demo) {
    return absl::InvalidArgumentError("--grpc-address and --ops-address go with --demo: a configuration has listen");
  }
  if (env_file && (flags.demo || decode)) {
    return absl::InvalidArgumentError("--env-file goes with a configuration, not with --demo or --decode");
  }
  if (split && (!decode || !absl::SimpleAtoi(*split, &flags.split) || flags.split == 0)) {
    return absl::InvalidArgumentError("--split takes a number of bytes, 1 or more, and goes with --decode");
  }
  if (check) flags.action = Flags::Action::kCheckConfig;
  if (decode) flags.action = Flags::Action::kDecode;
  if (version) flags.action = Flags::Action::kVersion;
  if (help) flags.action = Flags::Action::kHelp;
  flags.config = config ? *config : check.value_or("");
  flags.env_file = env_file.value_or("");
  flags.grpc_address = grpc.value_or(flags.grpc_address);
  flags.ops_address = ops.value_or(flags.ops_address);
  flags.ports_file = ports.value_or("");
  flags.decode = decode.value_or("");
  return flags;
}

}  // namespace sluice::app
