#ifndef SLUICE_CLIENT_CLI_CLI_H_
#define SLUICE_CLIENT_CLI_CLI_H_

#include <functional>
#include <istream>
#include <ostream>
#include <string>
#include <vector>

#include "client/cli/flags.h"

namespace sluice::cli {

// Tells of Ctrl-C while a call runs.
class Interrupts {
 public:
  virtual ~Interrupts() = default;
  // From now on calls `interrupted`, at most once and on any thread, until Stop() has returned.
  virtual void Start(std::function<void()> interrupted) = 0;
  virtual void Stop() = 0;
};

// Where a command reads and writes. Nothing is owned.
struct Io {
  std::istream* in = nullptr;
  std::ostream* out = nullptr;
  std::ostream* err = nullptr;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  Environment environment;
  Interrupts* interrupts = nullptr;
};

// Runs one command line (without the program's name) and returns the process's exit status; Usage() lists them.
int Run(const std::vector<std::string>& arguments, const Io& io);

}  // namespace sluice::cli

#endif  // SLUICE_CLIENT_CLI_CLI_H_
