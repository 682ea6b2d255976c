#ifndef SLUICE_SERVER_DEMO_REPLY_H_
#define SLUICE_SERVER_DEMO_REPLY_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/demo/chat.h"

namespace sluice::demo {

// Writes the replies to one chat completion request in the OpenAI API's form. The chunks are whole SSE events.
class ReplyWriter {
 public:
  ReplyWriter(const ChatRequest& request, const Answer& answer, std::string id, absl::Time created);

  std::string RoleChunk() const;
  std::string TextChunk(absl::string_view text) const;
  std::string FinishChunk() const;
  std::string UsageChunk() const;  // only where the request asks for it
  std::string Whole(const Answer& answer) const;

 private:
  enum class Part { kRole, kText, kFinish, kUsage };
  std::string Chunk(Part part, absl::string_view text) const;

  const std::string id_;
  const std::string model_;
  const int64_t created_;
  const bool include_usage_;
  const absl::string_view finish_reason_;
  const int64_t prompt_tokens_;
  const int64_t completion_tokens_;
};

inline constexpr absl::string_view kDoneEvent = "data: [DONE]\n\n";

std::string ErrorBody(const ApiError& error);
std::string ModelsBody(absl::Time created);

}  // namespace sluice::demo

#endif  // SLUICE_SERVER_DEMO_REPLY_H_
