#include "tests/bench/load/flags.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace sluice::bench {
namespace {

// Writes `text` to what the flag points at; false when it is no such value.
struct Setter {
  absl::string_view text;

  bool operator()(int* value) const { return absl::SimpleAtoi(text, value); }
  bool operator()(double* value) const { return absl::SimpleAtod(text, value); }
  bool operator()(std::string* value) const {
    *value = std::string(text);
    return true;
  }
  bool operator()(std::vector<std::string>* value) const {
    value->emplace_back(text);
    return true;
  }
  bool operator()(std::vector<double>* values) const {
    for (const absl::string_view part : absl::StrSplit(text, ',')) {
      if (!absl::SimpleAtod(part, &values->emplace_back())) return false;
    }
    return true;
  }
};

struct Printer {
  std::string operator()(const int* value) const { return absl::StrCat(*value); }
  std::string operator()(const double* value) const { return absl::StrCat(*value); }
  std::string operator()(const std::string* value) const { return *value; }
  std::string operator()(const std::vector<double>* values) const { return absl::StrJoin(*values, ","); }
  std::string operator()(const std::vector<std::string>* values) const { return absl::StrJoin(*values, " "); }
};

}  // namespace

Flags& Flags::Add(absl::string_view name, Value value, absl::string_view help) {
  flags_.push_back({absl::StrCat("--", name), value, std::string(help)});
  return *this;
}

void Flags::Parse(int argc, char** argv) {
  for (int i = 1; i < argc; i += 2) {
    const auto flag = std::find_if(flags_.begin(), flags_.end(), [&](const Flag& f) { return f.name == argv[i]; });
    if (flag == flags_.end()) Usage(argv[0], absl::StrCat("there is no flag ", argv[i]));
    if (i + 1 == argc) Usage(argv[0], flag->name + " needs a value");
    if (!std::visit(Setter{argv[i + 1]}, flag->value))
      Usage(argv[0], absl::StrCat(flag->name, " cannot be ", argv[i + 1]));
  }
}

void Flags::Usage(absl::string_view program, const std::string& problem) const {
  std::string text = absl::StrCat(problem, "\n\n", purpose_, "\nusage: ", program, " [--flag value]...\n");
  for (const Flag& flag : flags_) {
    absl::StrAppend(&text, "  ", flag.name, std::string(flag.name.size() < 16 ? 16 - flag.name.size() : 1, ' '),
                    flag.help, " (", std::visit(Printer(), flag.value), ")\n");
  }
  fputs(text.c_str(), stderr);
  exit(2);
}

}  // namespace sluice::bench
