// Any bytes as an event stream. However they are cut, the decoder finds what a plain reading of the standard finds,
// and each in the very read that completes it.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/sse/reference.h"

namespace sluice::fuzz {
namespace {

constexpr size_t kTightBytes = 24;
constexpr size_t kRead = 64;

struct Result {
  std::vector<sse::Found> found;
  std::string error;  // "" where the stream kept the limit

  bool operator==(const Result& other) const = default;
  std::vector<std::string> Lines() const;
};

std::vector<std::string> Result::Lines() const {
  static const char* const kKinds[] = {"event", "unknown", "retry"};
  std::vector<std::string> lines;
  for (const sse::Found& f : found) {
    lines.push_back(absl::StrCat(kKinds[f.kind], " [", f.type, "] [", f.data, "] id [", f.id, "] after ", f.bytes));
  }
  lines.push_back(error);
  return lines;
}

// What the decoder finds in the reads that end at `ends`.
Result Run(absl::string_view stream, const std::vector<size_t>& ends, size_t max_event_bytes, bool say_when) {
  sse::Decoder decoder(max_event_bytes);
  sse::Recorder recorder;
  absl::Status status;
  size_t start = 0;
  for (const size_t end : ends) {
    recorder.fed = say_when ? end : 0;
    // A copy that is gone after the call: the sanitizer sees a view that outlives it.
    status = decoder.Feed(std::string(stream.substr(start, end - start)), recorder);
    start = end;
  }
  return {std::move(recorder.found), std::string(status.message())};
}

// The reference's findings, each moved to the end of the read that brings its last byte.
Result Wanted(std::vector<sse::Found> found, const std::vector<size_t>& ends) {
  for (sse::Found& f : found) f.bytes = *std::lower_bound(ends.begin(), ends.end(), f.bytes);
  return {std::move(found), ""};
}

void CheckSame(const Result& got, const Result& wanted, const std::vector<size_t>& ends, absl::string_view what) {
  if (got == wanted) return;
  RequireSame(
      got.Lines(), wanted.Lines(),
      absl::StrCat("the events of a stream read in ", ends.size(), " pieces, the first of ", ends[0], " bytes", what));
}

void CheckStream(absl::string_view stream) {
  const std::vector<sse::Found> reference = sse::Reference(stream);
  for (const sse::Found& f : reference) RequireUtf8(absl::StrCat(f.type, f.data, f.id), "an event");
  const Result tight = Run(stream, {stream.size()}, kTightBytes, /*say_when=*/false);
  std::vector<std::vector<size_t>> ways = Cuts(stream);
  if (!stream.empty()) ways.push_back(Every(1, stream.size()));
  for (const std::vector<size_t>& ends : ways) {
    const Result loose = Run(stream, ends, sse::Decoder::kDefaultMaxEventBytes, /*say_when=*/true);
    CheckSame(loose, Wanted(reference, ends), ends, "");
    // Where the stream breaks the limit must not depend on the cuts either.
    CheckSame(Run(stream, ends, kTightBytes, /*say_when=*/false), tight, ends, ", with a tight limit");
  }
}

}  // namespace
}  // namespace sluice::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view stream(reinterpret_cast<const char*>(data), size);
  sluice::fuzz::CheckStream(stream);
  sluice::fuzz::Amplify(stream, [](absl::string_view amplified) {
    const std::vector<size_t> ends = sluice::fuzz::Every(sluice::fuzz::kRead, amplified.size());
    sluice::fuzz::Run(amplified, ends, sluice::sse::Decoder::kDefaultMaxEventBytes, /*say_when=*/false);
  });
  return 0;
}
