#ifndef SLUICE_SERVER_DIALECT_GEMINI_REMARKS_H_
#define SLUICE_SERVER_DIALECT_GEMINI_REMARKS_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "server/dialect/emitter.h"
#include "server/dialect/gemini/chunk.h"

namespace sluice::dialect::gemini {

// What Gemini says of one candidate beside its parts. It says most of it again with every chunk; each thing is told
// once. Types of annotations: "grounding_chunk" (a source that was found), "grounding_support" (a place in the answer
// that rests on one; one annotation a source), "citation" (a place that is somebody's text), "search_entry_point" (what
// Google wants shown beside such an answer; native_json only). Places are counted in bytes. Above 256 KiB of different
// things, or 1 MiB of supports, the rest is left out: no answer has that much.
class CandidateRemarks {
 public:
  explicit CandidateRemarks(int32_t choice) : choice_(choice) {}
  void Read(const Candidate& candidate, Emitter& out);

 private:
  void ReadGrounding(json::Value metadata, Emitter& out);
  void ReadSupport(json::Value support, const std::vector<json::Value>& sources, Emitter& out);
  void ReadCitations(json::Value citations, Emitter& out);
  bool IsNew(json::Value thing);

  const int32_t choice_;
  std::set<std::string> told_;
  size_t told_bytes_ = 0;
  size_t supported_bytes_ = 0;
  std::string ratings_;
};

// What Gemini's filters say of the prompt.
class PromptRemarks {
 public:
  void Read(json::Value prompt_feedback, Emitter& out);
  // Why the prompt was refused, in Gemini's word; "" if it was not.
  absl::string_view block_reason() const { return block_reason_; }

 private:
  std::string feedback_;
  std::string block_reason_;
};

}  // namespace sluice::dialect::gemini

#endif  // SLUICE_SERVER_DIALECT_GEMINI_REMARKS_H_
