#include "server/chat/validate_tools.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

namespace sluice::chat {
namespace {

void CheckTool(const Tool& tool, const std::string& path, Checker& check) {
  check.Require(tool.kind.has_value(), path, "must hold one of function and custom");
  if (!tool.kind) return;
  check.Name(absl::StrCat(path, tool.kind == ToolKind::kFunction ? ".function.name" : ".custom.name"), tool.name);
  if (!tool.grammar) return;
  check.Require(tool.grammar->syntax.has_value(), absl::StrCat(path, ".custom.grammar.syntax"),
                "must be LARK or REGEX");
  check.Require(!tool.grammar->definition.empty(), absl::StrCat(path, ".custom.grammar.definition"),
                "must not be empty");
}

void CheckReference(const Request& request, const ToolReference& reference, const std::string& path, Checker& check) {
  check.Require(reference.kind.has_value(), path, "must name a function or a custom tool");
  if (!reference.kind) return;
  const bool known = std::any_of(request.tools.begin(), request.tools.end(), [&](const Tool& tool) {
    return tool.kind == reference.kind && tool.name == reference.name;
  });
  check.Require(known, path, "must name one of tools");
}

void CheckChoice(const Request& request, const ToolChoice& choice, Checker& check) {
  using Mode = ToolChoice::Mode;
  check.Require(choice.mode.has_value(), "tool_choice", "must hold a mode, a function, a custom tool or allowed_tools");
  if (choice.mode == Mode::kNamed) {
    for (const ToolReference& reference : choice.named) CheckReference(request, reference, "tool_choice", check);
  } else if (choice.mode == Mode::kAllowed) {
    check.Require(choice.allowed_mode == Mode::kAuto || choice.allowed_mode == Mode::kRequired,
                  "tool_choice.allowed_tools.mode", "must be AUTO or REQUIRED");
    check.Require(!choice.named.empty(), "tool_choice.allowed_tools.tools", "must name at least one tool");
    for (size_t i = 0; i < choice.named.size(); ++i) {
      CheckReference(request, choice.named[i], absl::StrCat("tool_choice.allowed_tools.tools[", i, "]"), check);
    }
  } else if (choice.mode == Mode::kRequired) {
    check.Require(!request.tools.empty(), "tool_choice", "asks for a tool call, but there are no tools");
  }
}

}  // namespace

void CheckTools(const Request& request, Checker& check) {
  for (size_t i = 0; i < request.tools.size(); ++i) CheckTool(request.tools[i], absl::StrCat("tools[", i, "]"), check);
  if (request.tool_choice) CheckChoice(request, *request.tool_choice, check);
  if (!request.response_format) return;
  const ResponseFormat& format = *request.response_format;
  check.Require(format.kind.has_value(), "response_format", "must hold one of text, json_object and json_schema");
  if (format.kind == ResponseFormat::Kind::kJsonSchema) check.Name("response_format.json_schema.name", format.name);
}

}  // namespace sluice::chat
