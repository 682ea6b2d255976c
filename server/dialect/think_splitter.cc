#include "server/dialect/think_splitter.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace sluice::dialect {
namespace {

constexpr absl::string_view kOpen = "<think>";
constexpr absl::string_view kClose = "</think>";
constexpr absl::string_view kBlanks = " \t\r\n";
// A text that begins with more blanks than this has no tag.
constexpr size_t kMostBlanks = 64;

void TakeIfAny(ThinkSplitter::Take take, bool thinking, absl::string_view piece) {
  if (!piece.empty()) take(thinking, piece);
}

// How many bytes at the text's end may be the beginning of the tag.
size_t PartialTag(absl::string_view text, absl::string_view tag) {
  for (size_t size = std::min(text.size(), tag.size() - 1); size > 0; --size) {
    if (absl::EndsWith(text, tag.substr(0, size))) return size;
  }
  return 0;
}

}  // namespace

void ThinkSplitter::Feed(absl::string_view text, Take take) {
  switch (state_) {
    case State::kStart:
      return FeedStart(text, take);
    case State::kThinking:
      return FeedThinking(text, take);
    case State::kAnswer:
      return TakeIfAny(take, /*thinking=*/false, text);
  }
}

void ThinkSplitter::FeedStart(absl::string_view text, Take take) {
  held_.append(text.data(), text.size());
  const size_t begin = std::min(held_.find_first_not_of(kBlanks.data(), 0, kBlanks.size()), held_.size());
  const absl::string_view rest = absl::string_view(held_).substr(begin);
  if (begin <= kMostBlanks && rest.size() < kOpen.size() && absl::StartsWith(kOpen, rest)) return;  // not known yet
  const std::string all = std::move(held_);
  held_.clear();
  if (begin <= kMostBlanks && absl::StartsWith(absl::string_view(all).substr(begin), kOpen)) {
    state_ = State::kThinking;
    return FeedThinking(absl::string_view(all).substr(begin + kOpen.size()), take);
  }
  state_ = State::kAnswer;
  TakeIfAny(take, /*thinking=*/false, all);
}

void ThinkSplitter::FeedThinking(absl::string_view text, Take take) {
  std::string joined;
  if (!held_.empty()) {
    joined = std::move(held_);
    joined.append(text.data(), text.size());
    text = joined;
    held_.clear();
  }
  const size_t end = text.find(kClose);
  if (end != absl::string_view::npos) {
    TakeIfAny(take, /*thinking=*/true, text.substr(0, end));
    state_ = State::kAnswer;
    return TakeIfAny(take, /*thinking=*/false, text.substr(end + kClose.size()));
  }
  const size_t kept = PartialTag(text, kClose);
  TakeIfAny(take, /*thinking=*/true, text.substr(0, text.size() - kept));
  const absl::string_view partial = text.substr(text.size() - kept);
  held_.assign(partial.data(), partial.size());
}

void ThinkSplitter::Flush(Take take) {
  const std::string rest = std::move(held_);
  held_.clear();
  TakeIfAny(take, state_ == State::kThinking, rest);
}

}  // namespace sluice::dialect
