#ifndef SLUICE_TESTS_BENCH_GUARD_SCRIPT_H_
#define SLUICE_TESTS_BENCH_GUARD_SCRIPT_H_

#include <cstddef>
#include <string>

namespace sluice::bench {

// What an upstream's deltas are made of.
enum class Shape {
  kText,      // a token each
  kLongText,  // a sentence each, as of models that speak in larger pieces
  kPadded,    // a token, and OpenAI's `obfuscation`: padding that hides the token's length
  kReasoning,
  kToolCall,
  kLogprobs,  // a token, and the log probabilities of it and two others
  kUsage,     // a token, and the counts so far, as vLLM sends them if asked
};

// An answer as OpenAI streams it, in whole events of about 270 bytes ("data: {...}", blank line). Always the same.
std::string OpeningEvent(Shape shape);  // the role, or the tool call's id and name
std::string DeltaEvent(Shape shape, int number);
std::string ClosingEvents();  // finish_reason, usage, [DONE]

// The opening, `deltas` deltas and the closing in one.
std::string WholeAnswer(Shape shape, int deltas);

// How many bytes of text or arguments DeltaEvent(shape, number) brings once decoded.
size_t DecodedBytes(Shape shape, int number);

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_GUARD_SCRIPT_H_
