#include "server/config/checker.h"

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/config/certificate.h"
#include "server/config/nearest.h"

namespace sluice::config {

// The file's name is not shown: a key given where its file's name belongs is an easy mistake.
std::optional<std::string> Checker::Read(const std::string& path, const std::string& file) {
  if (file.empty()) {
    Add(path, "the file's name is empty; give one or remove the field");
    return std::nullopt;
  }
  absl::StatusOr<std::string> text = environment_.read_file(file);
  if (!text.ok()) {
    Add(path, absl::StrCat("cannot read the file named here: ", text.status().message()));
    return std::nullopt;
  }
  files_.push_back({file, Fingerprint(*text)});
  return *std::move(text);
}

std::optional<std::string> Checker::ReadPem(const std::string& path, const std::string& file, absl::string_view label) {
  std::optional<std::string> text = Read(path, file);
  if (!text) return std::nullopt;
  if (absl::StrContains(*text, "-----BEGIN ") && absl::StrContains(*text, absl::StrCat(label, "-----"))) return text;
  Add(path, absl::StrCat("the file named here holds no PEM block of type ", label));
  return std::nullopt;
}

std::string Checker::ReadCertificates(const std::string& path, const std::string& file, absl::Time* first_expiry) {
  const std::optional<std::string> pem = ReadPem(path, file, "CERTIFICATE");
  if (!pem) return "";
  const absl::StatusOr<absl::Time> first = ReadExpiry(*pem);
  if (!first.ok()) Add(path, absl::StrCat("the file named here ", first.status().message()));
  *first_expiry = first.value_or(absl::InfiniteFuture());
  return *pem;
}

void Checker::Duration(const std::string& path, bool given, const google::protobuf::Duration& value,
                       absl::Duration* out, bool zero) {
  if (!given || problems_->Has(path)) return;
  const absl::Duration duration = absl::Seconds(value.seconds()) + absl::Nanoseconds(value.nanos());
  if (duration > absl::Hours(24) || duration < absl::ZeroDuration() || (!zero && duration == absl::ZeroDuration())) {
    return Add(path, absl::StrCat(absl::FormatDuration(duration), " is out of range; take ",
                                  zero ? "0 to 24h" : "more than 0 and at most 24h"));
  }
  *out = duration;
}

bool Checker::InRange(const std::string& path, int64_t value, int64_t least, int64_t most) {
  if (value >= least && value <= most) return true;
  Add(path, absl::StrCat(value, " is out of range; take ", least, " to ", most));
  return false;
}

void Checker::AddUnknownWord(const std::string& path, const std::string& word, const std::vector<std::string>& known) {
  Add(path, absl::StrCat("has to be one of ", absl::StrJoin(known, ", "), DidYouMean(word, known)));
}

}  // namespace sluice::config
