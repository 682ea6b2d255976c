#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "client/cli/cli.h"
#include "client/cli/interrupts.h"

int main(int argc, char** argv) {
  sluice::cli::SignalInterrupts interrupts;
  sluice::cli::Io io;
  io.in = &std::cin;
  io.out = &std::cout;
  io.err = &std::cerr;
  io.in_is_terminal = isatty(STDIN_FILENO) == 1;
  io.out_is_terminal = isatty(STDOUT_FILENO) == 1;
  io.environment = [](const char* name) -> const char* { return std::getenv(name); };
  io.interrupts = &interrupts;
  return sluice::cli::Run({argv + 1, argv + argc}, io);
}
