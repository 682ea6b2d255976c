#ifndef SLUICE_TESTS_FUZZ_FUZZ_H_
#define SLUICE_TESTS_FUZZ_FUZZ_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

// Each fuzzer is one file that defines this, the entry point libFuzzer calls.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace sluice::fuzz {

// Prints what is wrong and ends the process, so that libFuzzer keeps the input, unless `holds`.
void Require(bool holds, absl::string_view what, absl::string_view detail = "");
void RequireUtf8(absl::string_view text, absl::string_view what);
// The same for two lists of events, of which it prints the first difference.
void RequireSame(const std::vector<std::string>& got, const std::vector<std::string>& wanted, absl::string_view what);

// Ways to cut a stream into reads, each as the offsets where one ends, the last being `input.size()`: whole, at every
// place in two where the input is short, and otherwise at a number of places that the input itself decides on.
std::vector<std::vector<size_t>> Cuts(absl::string_view input);

// The offsets where each read of `step` bytes ends.
std::vector<size_t> Every(size_t step, size_t size);

// For a few inputs (the input itself decides, so that a finding can be run again) calls `run` with 1 MiB that repeats
// it, or begins like it and repeats a piece of it. Whoever looks at all he has anew with each read takes more processor
// time for it than is allowed; whoever nests without bound ends.
void Amplify(absl::string_view input, absl::FunctionRef<void(absl::string_view)> run);

}  // namespace sluice::fuzz

#endif  // SLUICE_TESTS_FUZZ_FUZZ_H_
