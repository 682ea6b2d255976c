#include "server/dialect/gemini/function_calls.h"

#include "absl/strings/str_cat.h"

namespace sluice::dialect::gemini {
namespace {

constexpr size_t kMaxCalls = 1024;
// Of an id or a name. Real ones have some dozens; they go into one message whole, so they cannot be as long as that.
constexpr size_t kMaxNameBytes = size_t{64} << 10;

// As they stood in the stream.
absl::string_view Arguments(json::Value args) {
  if (args.is_absent_or_null()) return "{}";
  return args.is_string() ? args.AsString() : args.Raw();
}

}  // namespace

bool FunctionCalls::Read(json::Value call, Emitter& out) {
  json::Value args, partial_args, will_continue;
  absl::string_view id, name;
  for (const auto& [key, value] : call.members()) {
    if (key == "args") {
      args = value;
    } else if (key == "name") {
      name = value.AsString();
    } else if (key == "id") {
      id = value.AsString();
    } else if (key == "partialArgs") {
      partial_args = value;
    } else if (key == "willContinue") {
      will_continue = value;
    }
  }
  if (id.size() > kMaxNameBytes || name.size() > kMaxNameBytes) return false;
  const bool continues = will_continue.kind() == json::Kind::kTrue;
  const bool in_pieces = continues || partial_args.is_filled();
  const bool goes_on = partial_ && (name.empty() || (!id.empty() && id == last_id_));
  if (!goes_on) {
    Close(out);
    if (name.empty() && !args.is_filled() && !partial_args.is_filled()) return true;  // the end of one that has ended
    if (count_ >= kMaxCalls) return false;
    if (!in_pieces) {
      Open(id, name, Arguments(args), out);
      return true;
    }
    Open(id, name, "", out);
    partial_.emplace(max_bytes_);
  }
  if (!partial_->AddWhole(args)) return false;
  for (const json::Value piece : partial_args.elements()) {
    if (!partial_->Add(piece)) return false;
  }
  if (!continues) Close(out);
  return true;
}

void FunctionCalls::Open(absl::string_view id, absl::string_view name, absl::string_view arguments, Emitter& out) {
  last_id_ = id.empty() ? absl::StrCat("call_", ids_.NewRequestId()) : std::string(id);
  chat::Delta delta;
  delta.choice = choice_;
  delta.kind = chat::DeltaKind::kToolCall;
  delta.tool = {static_cast<int32_t>(count_++), chat::ToolKind::kFunction, last_id_, name, arguments};
  out.Emit(delta);
}

void FunctionCalls::Close(Emitter& out) {
  if (!partial_) return;
  const std::string arguments = partial_->Json();
  partial_.reset();
  chat::Delta delta;
  delta.choice = choice_;
  delta.kind = chat::DeltaKind::kToolCall;
  delta.tool.index = static_cast<int32_t>(count_ - 1);
  delta.tool.arguments = arguments;
  out.Emit(delta);
}

}  // namespace sluice::dialect::gemini
