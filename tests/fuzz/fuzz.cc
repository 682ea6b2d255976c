#include "tests/fuzz/fuzz.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/base/utf8.h"

namespace sluice::fuzz {
namespace {

constexpr size_t kShort = 64;
constexpr int kRandomCuts = 8;
constexpr uint64_t kAmplifiedOneIn = 512;
constexpr size_t kAmplifiedBytes = size_t{1} << 20;
constexpr size_t kLongestPiece = 16;
// Ten times and more what the slowest decoder takes under the sanitizers.
constexpr double kMostSeconds = 4;

// FNV-1a. Not std::hash: an input has to mean the same in every build.
uint64_t Hash(absl::string_view input) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : input) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

// xorshift64; `state` is never 0.
uint64_t Next(uint64_t& state) {
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}

}  // namespace

void Require(bool holds, absl::string_view what, absl::string_view detail) {
  if (holds) return;
  const std::string text = absl::StrCat("broken: ", what, detail.empty() ? "" : ": ", absl::CHexEscape(detail), "\n");
  std::fputs(text.c_str(), stderr);
  std::abort();
}

void RequireUtf8(absl::string_view text, absl::string_view what) {
  Require(IsValidUtf8(text), absl::StrCat(what, " is valid UTF-8"), text);
}

void RequireSame(const std::vector<std::string>& got, const std::vector<std::string>& wanted, absl::string_view what) {
  if (got == wanted) return;
  const auto [first, other] = std::mismatch(got.begin(), got.end(), wanted.begin(), wanted.end());
  Require(false, what,
          absl::StrCat("number ", first - got.begin(), " is <", first == got.end() ? "missing" : *first,
                       "> instead of <", other == wanted.end() ? "missing" : *other, ">"));
}

std::vector<std::vector<size_t>> Cuts(absl::string_view input) {
  std::vector<std::vector<size_t>> ways = {{input.size()}};
  if (input.size() <= kShort) {
    for (size_t cut = 1; cut < input.size(); ++cut) ways.push_back({cut, input.size()});
    return ways;
  }
  uint64_t random = Hash(input) | 1;
  for (int i = 0; i < kRandomCuts; ++i) {
    std::vector<size_t> ends(1 + Next(random) % 5);
    for (size_t& end : ends) end = Next(random) % input.size();
    ends.push_back(input.size());
    std::sort(ends.begin(), ends.end());
    ways.push_back(std::move(ends));
  }
  return ways;
}

std::vector<size_t> Every(size_t step, size_t size) {
  std::vector<size_t> ends;
  for (size_t end = 0; end < size;) ends.push_back(end = std::min(size, end + step));
  return ends;
}

void Amplify(absl::string_view input, absl::FunctionRef<void(absl::string_view)> run) {
  const uint64_t hash = Hash(input);
  if (input.empty() || hash % kAmplifiedOneIn != 0) return;
  uint64_t random = hash | 1;
  size_t begin = 0;
  size_t end = input.size();
  if (Next(random) % 2 == 0) {
    begin = Next(random) % input.size();
    end = std::min(input.size(), begin + 1 + Next(random) % kLongestPiece);
  }
  std::string out(input.substr(0, begin));
  while (out.size() < kAmplifiedBytes) absl::StrAppend(&out, input.substr(begin, end - begin));
  // Not the clock on the wall: that also counts what else the machine does.
  const std::clock_t start = std::clock();
  run(out);
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  Require(seconds < kMostSeconds, "1 MiB is read in linear time", absl::StrCat(seconds, " s"));
}

}  // namespace sluice::fuzz
