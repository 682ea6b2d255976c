#include <iostream>
#include <string>
#include <vector>

#include "server/app/decode_tool.h"
#include "server/app/flags.h"
#include "server/app/serve.h"

namespace sluice::app {
namespace {

int Decode(const Flags& flags) {
  const absl::Status status = DecodeStream(flags.decode, flags.split, std::cin, std::cout);
  std::cout.flush();
  if (status.ok()) return 0;
  std::cerr << status.message() << std::endl;
  return 1;
}

int Run(const std::vector<std::string>& arguments) {
  const absl::StatusOr<Flags> flags = ParseFlags(arguments);
  if (!flags.ok()) {
    std::cerr << flags.status().message() << "\n\n" << kUsage;
    return 2;
  }
  switch (flags->action) {
    case Flags::Action::kHelp:
      std::cout << kUsage;
      return 0;
    case Flags::Action::kVersion:
      std::cout << "sluice-gateway " << SLUICE_VERSION << std::endl;
      return 0;
    case Flags::Action::kDecode:
      return Decode(*flags);
    case Flags::Action::kCheckConfig:
      return CheckConfig(*flags);
    case Flags::Action::kServe:
      return Serve(*flags);
  }
  return 2;
}

}  // namespace
}  // namespace sluice::app

int main(int argc, char** argv) { return sluice::app::Run(std::vector<std::string>(argv + 1, argv + argc)); }
