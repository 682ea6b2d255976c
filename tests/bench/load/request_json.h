#ifndef SLUICE_TESTS_BENCH_LOAD_REQUEST_JSON_H_
#define SLUICE_TESTS_BENCH_LOAD_REQUEST_JSON_H_

#include <string>

#include "absl/strings/str_cat.h"

namespace sluice::bench {

// The body of an OpenAI chat completion request for `count` deltas, or for an endless stream if that is 0.
inline std::string ChatRequestJson(int count) {
  const std::string max_tokens = count == 0 ? "" : absl::StrCat(",\"max_tokens\":", count);
  return absl::StrCat(R"({"model":"bench","stream":true,"stream_options":{"include_usage":true})", max_tokens,
                      R"(,"messages":[{"role":"user","content":"go"}]})");
}

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_LOAD_REQUEST_JSON_H_
