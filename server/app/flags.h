#ifndef SLUICE_SERVER_APP_FLAGS_H_
#define SLUICE_SERVER_APP_FLAGS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace sluice::app {

// The command line of sluice-gateway, read and checked; kUsage explains it.
struct Flags {
  enum class Action { kServe, kCheckConfig, kDecode, kHelp, kVersion };
  Action action = Action::kServe;
  std::string config;  // --config or --check-config
  std::string env_file;
  bool demo = false;
  std::string grpc_address = "127.0.0.1:50051";  // with --demo
  std::string ops_address = "127.0.0.1:9090";
  std::string ports_file;
  std::string decode;  // a dialect, or "sse"
  size_t split = 0;    // bytes a read; 0: as they come
};

absl::StatusOr<Flags> ParseFlags(const std::vector<std::string>& arguments);

extern const char kUsage[];

}  // namespace sluice::app

#endif  // SLUICE_SERVER_APP_FLAGS_H_
