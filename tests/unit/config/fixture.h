#ifndef SLUICE_TESTS_UNIT_CONFIG_FIXTURE_H_
#define SLUICE_TESTS_UNIT_CONFIG_FIXTURE_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/config/loader.h"
#include "tests/fakes/certificates.h"

namespace sluice::config {

constexpr char kKey[] = "HS-f3Rq8Wm2Lx7Zt5Kc9Vb1";  // stands for a real one: must never appear in an error
inline const fakes::Certificate kLeaf = fakes::Authority().Issue();
inline const std::string kCertificate = kLeaf.Pem();
inline const std::string kPrivateKey = kLeaf.KeyPem();

inline std::vector<std::string> Dialects() { return {"anthropic", "openai"}; }

// A world of these variables and files, which must outlive what is made from it.
struct FakeWorld {
  std::map<std::string, std::string> variables = {{"HOLYSHEEP_API_KEY", kKey}};
  std::map<std::string, std::string> files = {
      {"tls.crt", kCertificate}, {"tls.key", kPrivateKey}, {"ca.crt", kCertificate}, {"key", absl::StrCat(kKey, "\n")}};

  Environment environment() const {
    return {.variable = [this](const std::string& name) -> std::optional<std::string> {
              const auto found = variables.find(name);
              if (found == variables.end()) return std::nullopt;
              return found->second;
            },
            .read_file = [this](const std::string& path) -> absl::StatusOr<std::string> {
              const auto found = files.find(path);
              if (found == files.end()) return absl::NotFoundError("No such file or directory");
              return found->second;
            }};
  }
};

inline absl::StatusOr<SnapshotPtr> Load(const std::string& yaml, const FakeWorld& world = {}) {
  return LoadText(yaml, "sluice.yaml", world.environment(), Dialects());
}

// Everything that is wrong with `yaml`, or "" if nothing is.
inline std::string ErrorsOf(const std::string& yaml, const FakeWorld& world = {}) {
  return std::string(Load(yaml, world).status().message());
}

// A file of one good upstream, in lines 1 to 4, and `more` from line 5 on.
inline std::string WithUpstream(const std::string& more) {
  return absl::StrCat("upstreams:\n  relay:\n    dialect: openai\n    base_url: https://relay.example/v1\n", more);
}

}  // namespace sluice::config

#endif  // SLUICE_TESTS_UNIT_CONFIG_FIXTURE_H_
