#include "server/dialect/openai/tool_calls.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/dialect/openai/opaque_parts.h"

namespace sluice::dialect::openai {
namespace {

constexpr int64_t kMaxIndex = 127;
constexpr size_t kMaxCalls = 1024;
// Of an id or a name. Real ones have some dozens; they go into one message whole, so they cannot be as long as that.
constexpr size_t kMaxNameBytes = size_t{64} << 10;
// Arguments of a call without id or name wait up to this; then it goes out as it is.
constexpr size_t kMaxWaiting = size_t{64} << 10;

void Assign(std::string& out, absl::string_view text) { out.assign(text.data(), text.size()); }

}  // namespace

ToolCalls::Fragment ToolCalls::ReadFragment(json::Value entry) {
  Fragment fragment;
  const json::Value function = entry.Find("function");
  const json::Value custom = entry.Find("custom");
  // `type` is missing in many deltas, so the member with the body decides.
  const bool is_custom = custom.is_object() || (!function.is_object() && entry.Find("type").AsString() == "custom");
  const json::Value body = is_custom ? custom : function;
  fragment.kind = is_custom ? chat::ToolKind::kCustom : chat::ToolKind::kFunction;
  fragment.index = entry.Find("index").AsInt64();
  fragment.id = entry.Find("id").AsString();
  fragment.name = body.Find("name").AsString();
  fragment.arguments = body.Find(is_custom ? "input" : "arguments");
  fragment.extra_content = entry.Find("extra_content");
  fragment.whole = fragment.arguments.is_object() || fragment.arguments.is_array();
  return fragment;
}

bool ToolCalls::ReadList(json::Value list, Emitter& out) {
  ++list_;
  for (const json::Value entry : list.elements()) {
    if (!entry.is_object()) continue;
    const Fragment fragment = ReadFragment(entry);
    const bool has_index = !entry.Find("index").is_absent_or_null();
    if (has_index && (!fragment.index.has_value() || *fragment.index < 0 || *fragment.index > kMaxIndex)) return false;
    if (!Read(fragment, out)) return false;
  }
  return true;
}

bool ToolCalls::Read(const Fragment& fragment, Emitter& out) {
  if (fragment.id.size() > kMaxNameBytes || fragment.name.size() > kMaxNameBytes) return false;
  Call* call = Find(fragment);
  if (call == nullptr) {
    const bool says_nothing =
        fragment.id.empty() && fragment.name.empty() && !fragment.whole && fragment.arguments.AsString().empty();
    if (says_nothing) return true;
    if (calls_.size() >= kMaxCalls) return false;
    call = &Open(fragment, out);
  }
  call->list = list_;
  Add(*call, fragment, out);
  return true;
}

// The call that the fragment continues, or nullptr if it opens one.
ToolCalls::Call* ToolCalls::Find(const Fragment& fragment) {
  Call* candidate = nullptr;
  for (Call& call : calls_) {
    if (call.is_function || (fragment.index.has_value() && call.index != fragment.index)) continue;
    if (!fragment.id.empty() && call.id == fragment.id) return &call;
    candidate = &call;  // the latest one stays
  }
  return candidate != nullptr && OpensAnother(*candidate, fragment) ? nullptr : candidate;
}

// Whether the fragment, whose id no call has, begins a call of its own rather than continue `call`.
bool ToolCalls::OpensAnother(const Call& call, const Fragment& fragment) const {
  const bool has_id = !call.id.empty() && !call.own_id;
  if (!fragment.id.empty()) return has_id || !fragment.index.has_value();
  if (fragment.name.empty() || call.name.empty()) return false;
  return fragment.whole || (!has_id && call.list == list_) ||
         (!fragment.index.has_value() && fragment.name != call.name);
}

ToolCalls::Call& ToolCalls::Open(const Fragment& fragment, Emitter& out) {
  Release(out);  // calls go out in the order of their numbers
  Call& call = calls_.emplace_back();
  call.number = static_cast<int32_t>(calls_.size() - 1);
  call.index = fragment.index;
  call.kind = fragment.kind;
  return call;
}

void ToolCalls::Add(Call& call, const Fragment& fragment, Emitter& out) {
  if (call.id.empty()) Assign(call.id, fragment.id);
  if (call.name.empty()) Assign(call.name, fragment.name);

  json::Text text = fragment.arguments.AsText();
  if (!fragment.arguments.is_string() && !fragment.arguments.is_absent_or_null()) {
    serialised_.clear();
    json::AppendCompact(fragment.arguments.Raw(), serialised_);
    text.utf8 = serialised_;
  }
  const absl::string_view piece = call.join.Next(text, joined_);
  const bool has_extra = fragment.extra_content.is_object() && fragment.extra_content.is_filled();
  if (call.announced) {
    if (!piece.empty()) EmitArguments(call, piece, out);
  } else {
    call.waiting.append(piece.data(), piece.size());
    const bool complete = !call.id.empty() && !call.name.empty();
    if (complete || has_extra || call.waiting.size() > kMaxWaiting) Announce(call, out);
  }
  if (has_extra) EmitExtraContent(call, fragment.extra_content, out);
}

void ToolCalls::EmitExtraContent(const Call& call, json::Value extra_content, Emitter& out) {
  const std::string opaque = OpaqueExtraContent(call.id, extra_content.Raw());
  chat::Delta delta;
  delta.choice = choice_;
  delta.kind = chat::DeltaKind::kOpaque;
  delta.text = opaque;
  out.Emit(delta);
}

void ToolCalls::Announce(Call& call, Emitter& out) {
  if (call.id.empty()) {
    call.id = absl::StrCat("call_", ids_.NewRequestId());
    call.own_id = true;
  }
  call.announced = true;
  chat::Delta delta;
  delta.choice = choice_;
  delta.kind = chat::DeltaKind::kToolCall;
  delta.tool = {call.number, call.kind, call.id, call.name, call.waiting};
  out.Emit(delta);
  std::string().swap(call.waiting);
}

void ToolCalls::EmitArguments(const Call& call, absl::string_view arguments, Emitter& out) {
  chat::Delta delta;
  delta.choice = choice_;
  delta.kind = chat::DeltaKind::kToolCall;
  delta.tool.index = call.number;
  delta.tool.kind = call.kind;
  delta.tool.arguments = arguments;
  out.Emit(delta);
}

void ToolCalls::ReadFunctionCall(json::Value call, Emitter& out) {
  if (!call.is_object()) return;
  Fragment fragment;
  fragment.name = call.Find("name").AsString();
  fragment.arguments = call.Find("arguments");
  auto at = std::find_if(calls_.begin(), calls_.end(), [](const Call& known) { return known.is_function; });
  if (at == calls_.end()) {
    if (fragment.name.empty() && fragment.arguments.AsString().empty()) return;
    Open(fragment, out).is_function = true;
    at = calls_.end() - 1;
    at->id = absl::StrCat("call_", ids_.NewRequestId());
    at->own_id = true;
  }
  Add(*at, fragment, out);
}

void ToolCalls::Release(Emitter& out) {
  for (Call& call : calls_) {
    if (!call.announced) Announce(call, out);
  }
}

void ToolCalls::Flush(Emitter& out) {
  Release(out);
  for (Call& call : calls_) {
    const absl::string_view rest = call.join.Flush();
    if (!rest.empty()) EmitArguments(call, rest, out);
  }
}

}  // namespace sluice::dialect::openai
