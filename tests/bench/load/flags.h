#ifndef SLUICE_TESTS_BENCH_LOAD_FLAGS_H_
#define SLUICE_TESTS_BENCH_LOAD_FLAGS_H_

#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"

namespace sluice::bench {

// A program's flags, written `--name value`. A flag that is unknown, lacks its value or has a bad one prints the usage
// and ends the program with status 2. A list of numbers is given at once ("0.3,1,2"), a list of texts by repeating.
class Flags {
 public:
  using Value = std::variant<int*, double*, std::string*, std::vector<double>*, std::vector<std::string>*>;

  explicit Flags(absl::string_view purpose) : purpose_(purpose) {}

  // `value` holds the default until Parse.
  Flags& Add(absl::string_view name, Value value, absl::string_view help);
  void Parse(int argc, char** argv);

 private:
  struct Flag {
    std::string name;
    Value value;
    std::string help;
  };

  [[noreturn]] void Usage(absl::string_view program, const std::string& problem) const;

  std::string purpose_;
  std::vector<Flag> flags_;
};

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_LOAD_FLAGS_H_
