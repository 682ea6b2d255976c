// Any text as a configuration. It loads, or the errors say why; what they say does not depend on any variable's or
// file's content, what loads loads the same again, and its description does not depend on any secret.

#include <functional>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/config/loader.h"
#include "tests/fuzz/fuzz.h"

namespace sluice::fuzz {
namespace {

using config::Secret;

// Two worlds that agree in everything but the secrets' text; the two texts are alike to every rule.
constexpr char kKey[] = "HS-f3Rq8Wm2Lx7Zt5Kc9Vb1";
constexpr char kOtherKey[] = "HS-g4Sp9Yn3Ma8Bu6Ld7Wc2";

std::optional<std::string> Variable(const std::string& name, const std::string& key) {
  if (absl::StartsWith(name, "NO")) return std::nullopt;
  if (absl::StartsWith(name, "EMPTY")) return "";
  if (absl::StartsWith(name, "BLANK")) return "two words\nand lines";
  if (absl::StartsWith(name, "SHORT")) return key.substr(3, 8);
  if (absl::StartsWith(name, "BYTES")) return "\xFF\xC3";
  return key;
}

absl::StatusOr<std::string> File(const std::string& path, const std::string& key) {
  if (absl::StartsWith(path, "no")) return absl::NotFoundError("No such file or directory");
  if (absl::StartsWith(path, "bytes")) return "\xFF\xC3";
  if (absl::StrContains(path, "crt")) return "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
  if (absl::StrContains(path, "pem"))
    return absl::StrCat("-----BEGIN PRIVATE KEY-----\n", key, "\n-----END PRIVATE KEY-----\n");
  return absl::StrCat(key, "\n");
}

absl::StatusOr<config::SnapshotPtr> Load(const std::string& yaml, const std::string& key) {
  const config::Environment environment{.variable = [&key](const std::string& name) { return Variable(name, key); },
                                        .read_file = [&key](const std::string& path) { return File(path, key); }};
  return config::LoadText(yaml, "sluice.yaml", environment, {"anthropic", "openai"});
}

void CheckError(const absl::Status& error, const std::string& yaml) {
  Require(error.code() == absl::StatusCode::kInvalidArgument && !error.message().empty(),
          "an error says what is wrong");
  RequireUtf8(error.message(), "an error's message");
  Require(!absl::StrContains(error.message(), kKey) || absl::StrContains(yaml, kKey), "an error quotes no variable",
          error.message());
  const auto other = Load(yaml, kOtherKey);
  Require(!other.ok(), "the same text fails with another key");
  // What the key has to begin with is no secret, and said wherever it came from.
  if (absl::StrContains(error.message(), "the key does not begin with") ||
      absl::StrContains(error.message(), "the key is nothing but its prefix")) {
    return;
  }
  Require(other.status() == error, "an error does not depend on what a variable holds",
          absl::StrCat(error.message(), "\n<>\n", other.status().message()));
}

// What the snapshot's reader would see if its secrets were others.
config::Snapshot WithOtherSecrets(config::Snapshot snapshot) {
  const auto change = [](Secret& secret) { secret = secret.empty() ? Secret() : Secret("another"); };
  if (snapshot.listen.grpc.tls) change(snapshot.listen.grpc.tls->private_key);
  for (config::Upstream& upstream : snapshot.upstreams) {
    change(upstream.api_key);
    change(upstream.proxy);
    for (auto& [name, value] : upstream.headers) change(value);
  }
  return snapshot;
}

void CheckSnapshot(const config::Snapshot& snapshot, const std::string& yaml) {
  Require(!snapshot.upstreams.empty(), "there is an upstream");
  for (const config::Upstream& upstream : snapshot.upstreams) {
    Require(snapshot.FindUpstream(upstream.name) == &upstream, "an upstream is found by its name", upstream.name);
    Require(upstream.pool.idle <= upstream.pool.connections, "no more connections idle than there are");
  }
  for (const config::Route& route : snapshot.routes) {
    Require(snapshot.FindUpstream(route.upstream) != nullptr, "a route leads to an upstream", route.upstream);
  }
  Require(snapshot.limits.buffer_low < snapshot.limits.buffer_high, "the low mark is below the high one");
  const std::string description = config::Describe(snapshot);
  RequireUtf8(description, "a description");
  Require(config::Describe(WithOtherSecrets(snapshot)) == description, "a description holds no secret", description);

  const auto again = Load(yaml, kKey);
  Require(again.ok(), "what loads loads again");
  Require((*again)->listen == snapshot.listen && (*again)->upstreams == snapshot.upstreams &&
              (*again)->routes == snapshot.routes && (*again)->limits == snapshot.limits &&
              (*again)->files == snapshot.files && config::Describe(**again) == description,
          "the same text loads the same way");
}

}  // namespace
}  // namespace sluice::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string yaml(reinterpret_cast<const char*>(data), size);
  const auto snapshot = sluice::fuzz::Load(yaml, sluice::fuzz::kKey);
  if (snapshot.ok()) {
    sluice::fuzz::CheckSnapshot(**snapshot, yaml);
  } else {
    sluice::fuzz::CheckError(snapshot.status(), yaml);
  }
  return 0;
}
