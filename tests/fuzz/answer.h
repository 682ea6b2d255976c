#ifndef SLUICE_TESTS_FUZZ_ANSWER_H_
#define SLUICE_TESTS_FUZZ_ANSWER_H_

#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "server/base/id.h"
#include "server/dialect/codec.h"

namespace sluice::fuzz {

using MakeDecoder =
    absl::FunctionRef<std::unique_ptr<dialect::StreamDecoder>(const dialect::DecodeLimits& limits, IdSource& ids)>;

// Any bytes as the body of an answer, read as the gateway reads it. The sink's contract holds (the recorder sees to
// that), and neither the events nor the read in which each comes depend on how the body was cut.
//
// The first byte says what surrounds the body, as a digit from '0' on: 0 to 3 an event stream, JSON, HTML or no content
// type, and 4 more where the connection breaks instead of closing; "8" to "?" are the same under tight limits.
void CheckAnswer(absl::string_view input, MakeDecoder make);

// The limits that the first byte of an input, which is not empty, stands for.
dialect::DecodeLimits LimitsOf(absl::string_view input);

}  // namespace sluice::fuzz

#endif  // SLUICE_TESTS_FUZZ_ANSWER_H_
