#ifndef SLUICE_SERVER_DIALECT_MESSAGE_FIT_H_
#define SLUICE_SERVER_DIALECT_MESSAGE_FIT_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/chat/request.h"
#include "server/dialect/codec.h"

// What fitting messages (Codec::Fit) has in common among the dialects that take media as data and calls as objects.
namespace sluice::dialect {

// Takes out what does not fit; `fits` sees each in order, with the index that the caller knows it by.
template <typename Element, typename Fits>
void KeepWhere(std::vector<Element>& list, Fits fits) {
  size_t kept = 0;
  for (size_t i = 0; i < list.size(); ++i) {
    if (!fits(i, list[i])) continue;
    if (kept != i) list[kept] = std::move(list[i]);
    ++kept;
  }
  list.erase(list.begin() + static_cast<ptrdiff_t>(kept), list.end());
}

// Notes what does not fit below one path of the request, such as messages[0].
class FitNotes {
 public:
  // `provider` is its name in a sentence, and outlives the notes.
  FitNotes(absl::string_view provider, std::string path, std::vector<Misfit>& misfits)
      : provider_(provider), path_(std::move(path)), misfits_(misfits) {}

  // `member` begins with its dot or bracket.
  void Add(absl::string_view member, absl::string_view why, Misfit::Severity severity) const;
  FitNotes Below(absl::string_view member) const;

  absl::string_view provider() const { return provider_; }
  const std::string& path() const { return path_; }
  std::vector<Misfit>& misfits() const { return misfits_; }

 private:
  absl::string_view provider_;
  std::string path_;
  std::vector<Misfit>& misfits_;
};

// For providers with one resolution. False: the picture is to be taken out.
bool FitImage(chat::Image& image, const FitNotes& notes);

// For providers that know functions with an object of arguments, and no other tools of the caller. What is no such call
// becomes a call without arguments, so that it is noted once.
void FitCall(chat::ToolCall& call, const FitNotes& notes);

}  // namespace sluice::dialect

#endif  // SLUICE_SERVER_DIALECT_MESSAGE_FIT_H_
