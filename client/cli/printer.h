#ifndef SLUICE_CLIENT_CLI_PRINTER_H_
#define SLUICE_CLIENT_CLI_PRINTER_H_

#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "sluice/v1/chat.pb.h"

namespace sluice::cli {

// Shows one answer as it comes: text on `out`, everything about it on `err`. On a terminal reasoning is shown too,
// dimmed, and control characters are made visible; elsewhere `out` gets the answer's text byte for byte.
class Printer {
 public:
  Printer(std::ostream& out, std::ostream& err, bool terminal) : out_(out), err_(err), terminal_(terminal) {}

  void OnEvent(const v1::ChatResponse& event);

  // The stream has ended, well or not: finishes the line, shows tool calls, sources, an unusual finish reason, and
  // usage. Once, last.
  void OnEnd();

 private:
  struct ToolCall {
    std::string name;
    std::string arguments;
  };

  void OnDelta(const v1::Delta& delta);
  void OnToolCall(const v1::ToolCallDelta& delta);
  void OnModeration(const v1::ModerationResult& result);
  void Write(const std::string& text, bool dimmed);
  void ShowSources();
  void ShowUsage();

  std::ostream& out_;
  std::ostream& err_;
  const bool terminal_;
  bool dimmed_ = false;
  char last_ = '\n';  // of out_
  v1::Started started_;
  v1::Finished finished_;
  v1::Usage usage_;
  bool has_usage_ = false;
  std::map<int, ToolCall> tool_calls_;  // by index
  std::vector<v1::Annotation> sources_;
};

}  // namespace sluice::cli

#endif  // SLUICE_CLIENT_CLI_PRINTER_H_
