#include "server/edge/grpc/tools_from_proto.h"

#include <string>
#include <utility>

namespace sluice::edge {
namespace {

using Mode = chat::ToolChoice::Mode;

// KnownEnum counts on the two lists running in step.
static_assert(static_cast<int>(chat::GrammarSyntax::kLark) + 1 == v1::GRAMMAR_SYNTAX_LARK);
static_assert(static_cast<int>(chat::GrammarSyntax::kRegex) + 1 == v1::GRAMMAR_SYNTAX_REGEX);
static_assert(static_cast<int>(Mode::kNone) + 1 == v1::TOOL_CHOICE_MODE_NONE);
static_assert(static_cast<int>(Mode::kAuto) + 1 == v1::TOOL_CHOICE_MODE_AUTO);
static_assert(static_cast<int>(Mode::kRequired) + 1 == v1::TOOL_CHOICE_MODE_REQUIRED);

void TakeFunction(v1::FunctionTool* proto, const Place& place, chat::Tool* tool, Violations& violations) {
  violations.RefuseUnknownFields(*proto, place);
  tool->kind = chat::ToolKind::kFunction;
  tool->name = std::move(*proto->mutable_name());
  tool->description = std::move(*proto->mutable_description());
  if (proto->has_parameters_json()) tool->parameters_json = std::move(*proto->mutable_parameters_json());
  if (proto->has_strict()) tool->strict = proto->strict();
}

void TakeCustom(v1::CustomTool* proto, const Place& place, chat::Tool* tool, Violations& violations) {
  violations.RefuseUnknownFields(*proto, place);
  tool->kind = chat::ToolKind::kCustom;
  tool->name = std::move(*proto->mutable_name());
  tool->description = std::move(*proto->mutable_description());
  if (!proto->has_grammar()) return;
  v1::CustomToolGrammar* grammar = proto->mutable_grammar();
  violations.RefuseUnknownFields(*grammar, Place(place, "grammar"));
  tool->grammar = {Violations::KnownEnum<chat::GrammarSyntax>(grammar->syntax(), v1::GrammarSyntax_MAX),
                   std::move(*grammar->mutable_definition())};
}

chat::Tool ToolFromProto(v1::Tool* proto, const Place& place, Violations& violations) {
  violations.RefuseUnknownFields(*proto, place);
  chat::Tool tool;
  if (proto->has_function()) {
    TakeFunction(proto->mutable_function(), Place(place, "function"), &tool, violations);
  } else if (proto->has_custom()) {
    TakeCustom(proto->mutable_custom(), Place(place, "custom"), &tool, violations);
  }
  return tool;
}

chat::ToolReference ReferenceFromProto(v1::ToolReference* proto, const Place& place, Violations& violations) {
  violations.RefuseUnknownFields(*proto, place);
  if (proto->has_function()) return {chat::ToolKind::kFunction, std::move(*proto->mutable_function())};
  if (proto->has_custom()) return {chat::ToolKind::kCustom, std::move(*proto->mutable_custom())};
  return {};
}

std::optional<Mode> ModeFromProto(v1::ToolChoiceMode mode) {
  return Violations::KnownEnum<Mode>(mode, v1::ToolChoiceMode_MAX);
}

void TakeAllowedTools(v1::AllowedTools* proto, const Place& place, chat::ToolChoice* choice, Violations& violations) {
  violations.RefuseUnknownFields(*proto, place);
  choice->mode = Mode::kAllowed;
  choice->allowed_mode = ModeFromProto(proto->mode());
  for (int i = 0; i < proto->tools_size(); ++i) {
    choice->named.push_back(ReferenceFromProto(proto->mutable_tools(i), Place(place, "tools", i), violations));
  }
}

chat::ToolChoice ChoiceFromProto(v1::ToolChoice* proto, const Place& place, Violations& violations) {
  violations.RefuseUnknownFields(*proto, place);
  chat::ToolChoice choice;
  switch (proto->choice_case()) {
    case v1::ToolChoice::kMode:
      choice.mode = ModeFromProto(proto->mode());
      break;
    case v1::ToolChoice::kFunction:
      choice.mode = Mode::kNamed;
      choice.named.push_back({chat::ToolKind::kFunction, std::move(*proto->mutable_function())});
      break;
    case v1::ToolChoice::kCustom:
      choice.mode = Mode::kNamed;
      choice.named.push_back({chat::ToolKind::kCustom, std::move(*proto->mutable_custom())});
      break;
    case v1::ToolChoice::kAllowedTools:
      TakeAllowedTools(proto->mutable_allowed_tools(), Place(place, "allowed_tools"), &choice, violations);
      break;
    case v1::ToolChoice::CHOICE_NOT_SET:
      break;
  }
  return choice;
}

}  // namespace

void TakeTools(v1::ChatRequest* proto, const Place& place, chat::Request* request, Violations& violations) {
  request->tools.reserve(static_cast<size_t>(proto->tools_size()));
  for (int i = 0; i < proto->tools_size(); ++i) {
    request->tools.push_back(ToolFromProto(proto->mutable_tools(i), Place(place, "tools", i), violations));
  }
  if (proto->has_tool_choice()) {
    request->tool_choice = ChoiceFromProto(proto->mutable_tool_choice(), Place(place, "tool_choice"), violations);
  }
  if (proto->has_parallel_tool_calls()) request->parallel_tool_calls = proto->parallel_tool_calls();
}

}  // namespace sluice::edge
