#include "server/config/loader.h"

#include <google/protobuf/util/time_util.h>

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/config/check_config.h"
#include "server/config/message_reader.h"
#include "server/config/yaml.h"
#include "sluice/config/v1/config.pb.h"

namespace sluice::config {
namespace {

constexpr char kNothingToServe[] =
    "nothing to serve: set HOLYSHEEP_API_KEY to your key, name a configuration with --config FILE, or try the gateway "
    "without a key by --demo";

absl::StatusOr<SnapshotPtr> Finish(const v1::Config& config, const Environment& environment,
                                   const std::vector<std::string>& dialects, Problems* problems,
                                   std::vector<SourceFile> files) {
  Checker checker(environment, problems);
  Snapshot snapshot = CheckConfig(config, dialects, &checker);
  if (absl::Status status = problems->ToStatus(); !status.ok()) return status;
  files.insert(files.end(), snapshot.files.begin(), snapshot.files.end());
  snapshot.files = std::move(files);
  return std::make_shared<const Snapshot>(std::move(snapshot));
}

absl::StatusOr<SnapshotPtr> Load(const std::string& yaml, const std::string& name, const Environment& environment,
                                 const std::vector<std::string>& dialects, std::vector<SourceFile> files) {
  Problems problems(name);
  const YamlPtr root = ParseYaml(yaml, &problems);
  if (root == nullptr) return problems.ToStatus();
  v1::Config config;
  MessageReader(environment, &problems).Read(*root, &config);
  return Finish(config, environment, dialects, &problems, std::move(files));
}

// A set variable, or nothing for an unset or empty one: compose files and charts pass on empty ones.
std::optional<std::string> Variable(const Environment& environment, const std::string& name) {
  std::optional<std::string> value = environment.variable(name);
  if (value && value->empty()) return std::nullopt;
  return value;
}

// The values HolySheep's guide recommends.
void FillUpstream(v1::Upstream* upstream) {
  upstream->set_dialect("openai");
  upstream->set_base_url("https://api.holysheep.ai/v1");
  upstream->set_api_key_prefix("HS-");
  upstream->mutable_pool()->set_connections(100);
  upstream->mutable_pool()->set_idle(20);
  *upstream->mutable_pool()->mutable_idle_expiry() = google::protobuf::util::TimeUtil::SecondsToDuration(300);
  upstream->mutable_defaults()->set_temperature(0.7);
  upstream->mutable_defaults()->set_max_tokens(2048);
}

}  // namespace

absl::StatusOr<SnapshotPtr> LoadFile(const std::string& path, const Environment& environment,
                                     const std::vector<std::string>& dialects) {
  absl::StatusOr<std::string> text = environment.read_file(path);
  if (!text.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": cannot read the configuration: ", text.status().message()));
  }
  return Load(*text, path, environment, dialects, {{path, Fingerprint(*text)}});
}

absl::StatusOr<SnapshotPtr> LoadText(const std::string& yaml, const std::string& name, const Environment& environment,
                                     const std::vector<std::string>& dialects) {
  return Load(yaml, name, environment, dialects, {});
}

absl::StatusOr<SnapshotPtr> LoadEnvironment(const Environment& environment, const std::vector<std::string>& dialects) {
  const std::optional<std::string> key = Variable(environment, "HOLYSHEEP_API_KEY");
  if (!key) return absl::InvalidArgumentError(kNothingToServe);
  Problems problems("environment");
  v1::Config config;
  config.set_default_model("gpt-4.1");
  v1::Upstream& upstream = (*config.mutable_upstreams())["holysheep"];
  FillUpstream(&upstream);
  upstream.set_api_key(*key);
  problems.Rename("upstreams.holysheep.api_key", "HOLYSHEEP_API_KEY");
  if (const auto url = Variable(environment, "HOLYSHEEP_BASE_URL")) upstream.set_base_url(*url);
  problems.Rename("upstreams.holysheep.base_url", "HOLYSHEEP_BASE_URL");
  if (const auto address = Variable(environment, "SLUICE_GRPC_ADDRESS")) {
    config.mutable_listen()->mutable_grpc()->set_address(*address);
  }
  problems.Rename("listen.grpc.address", "SLUICE_GRPC_ADDRESS");
  if (const auto address = Variable(environment, "SLUICE_OPS_ADDRESS")) config.mutable_listen()->set_ops(*address);
  problems.Rename("listen.ops", "SLUICE_OPS_ADDRESS");
  problems.Rename("listen.grpc.insecure", "SLUICE_INSECURE");
  if (const auto insecure = Variable(environment, "SLUICE_INSECURE")) {
    if (*insecure != "true" && *insecure != "false") {
      problems.Add("listen.grpc.insecure", "has to be true or false");
    }
    config.mutable_listen()->mutable_grpc()->set_insecure(*insecure == "true");
  }
  return Finish(config, environment, dialects, &problems, {});
}

}  // namespace sluice::config
