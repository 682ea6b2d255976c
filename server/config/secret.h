#ifndef SLUICE_SERVER_CONFIG_SECRET_H_
#define SLUICE_SERVER_CONFIG_SECRET_H_

#include <ostream>
#include <string>
#include <utility>

namespace sluice::config {

// A value that must not reach a log, a metric or an error. It prints as "[secret]", so that a stray `<<` or a test's
// failure message gives nothing away; whoever really sends it says Reveal(), which a reviewer can search for.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  const std::string& Reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

  bool operator==(const Secret&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Secret&) { return out << "[secret]"; }

 private:
  std::string value_;
};

}  // namespace sluice::config

#endif  // SLUICE_SERVER_CONFIG_SECRET_H_
