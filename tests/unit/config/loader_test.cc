#include "server/config/loader.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/unit/config/fixture.h"

namespace sluice::config {
namespace {

TEST(LoaderTest, AWholeConfigurationArrives) {
  FakeWorld world;
  world.files["/etc/sluice/keys/openai"] = "sk-f3Rq8Wm2Lx7\n";
  world.files["/etc/sluice/tls/tls.crt"] = kCertificate;
  world.files["/etc/sluice/tls/tls.key"] = kPrivateKey;
  world.files["/etc/sluice/tls/ca.crt"] = kCertificate;
  const auto loaded = Load(
      "listen:\n"
      "  grpc: {address: \"0.0.0.0:50051\", tls: {cert: /etc/sluice/tls/tls.crt, key: /etc/sluice/tls/tls.key, "
      "client_ca: "
      "/etc/sluice/tls/ca.crt}}\n"
      "  ops: \"0.0.0.0:9090\"\n"
      "upstreams:\n"
      "  holysheep:\n"
      "    dialect: openai\n"
      "    base_url: \"https://api.holysheep.ai/v1\"\n"
      "    api_key: \"${HOLYSHEEP_API_KEY}\"\n"
      "    api_key_prefix: \"HS-\"\n"
      "    timeouts: {connect: 10s, tls: 10s, send: 10s, first_byte: 120s, first_output: 120s, idle: 120s, total: 30m, "
      "pool: 30s}\n"
      "    pool: {connections: 1024, idle: 20, idle_expiry: 300s}\n"
      "    defaults: {temperature: 0.7, max_tokens: 2048}\n"
      "    headers: {X-Team: chat}\n"
      "  openai: {dialect: openai, base_url: \"https://api.openai.com/v1\", api_key_file: /etc/sluice/keys/openai}\n"
      "routes:\n"
      "  - {models: [\"gpt-*\"], upstream: openai}\n"
      "  - {models: [\"claude-sonnet-4.5\"], upstream: holysheep, model: \"claude-sonnet-4-5\"}\n"
      "limits: {caller_stall: 30s, drain: 10m}\n",
      world);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const Snapshot& snapshot = **loaded;
  EXPECT_EQ(snapshot.listen.grpc.address, "0.0.0.0:50051");
  EXPECT_EQ(snapshot.listen.ops, "0.0.0.0:9090");
  Upstream holysheep;
  holysheep.name = "holysheep";
  holysheep.dialect = "openai";
  holysheep.base_url = "https://api.holysheep.ai/v1";
  holysheep.api_key = Secret(kKey);
  holysheep.default_temperature = 0.7;
  holysheep.default_max_tokens = 2048;
  holysheep.headers = {{"X-Team", Secret("chat")}};
  EXPECT_EQ(*snapshot.FindUpstream("holysheep"), holysheep);
  EXPECT_EQ(snapshot.FindUpstream("openai")->api_key.Reveal(), "sk-f3Rq8Wm2Lx7");
  EXPECT_EQ(snapshot.routes[1].model, "claude-sonnet-4-5");
  EXPECT_EQ(snapshot.limits, Limits());
  EXPECT_EQ(snapshot.files.size(), 4u);
}

TEST(LoaderTest, TheExampleLoads) {
  const std::string path = SLUICE_SOURCE_DIR "/deploy/sluice.example.yaml";
  FakeWorld world;
  Environment environment = world.environment();
  environment.read_file = ProcessEnvironment().read_file;
  const auto snapshot = LoadFile(path, environment, {"openai"});
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ((*snapshot)->upstreams.size(), 2u);
  ASSERT_EQ((*snapshot)->files.size(), 1u);
  EXPECT_EQ((*snapshot)->files[0].path, path);
}

TEST(LoaderTest, AMissingFileIsNamed) {
  EXPECT_EQ(LoadFile("etc/gone.yaml", FakeWorld().environment(), Dialects()).status().message(),
            "etc/gone.yaml: cannot read the configuration: No such file or directory");
}

TEST(LoaderTest, AllErrorsComeAtOnceInTheFilesOrder) {
  const std::string errors = ErrorsOf(
      "limits: {drain: soon}\n"
      "upstreams:\n"
      "  a: {dialect: openai, base_url: \"https://a.example/\", api_key: changeme}\n"
      "  b: {dialect: opnai, base_url: \"https://b.example\", timeout: 3s}\n"
      "routes:\n"
      "- {models: [\"*\"], upstream: c}\n"
      "engine: 2\n");
  EXPECT_EQ(
      errors,
      "sluice.yaml:1: limits.drain: \"soon\" is not a duration; write a number with a unit, as in 500ms, 10s or 30m\n"
      "sluice.yaml:3: upstreams.a.base_url: remove the slash at the end\n"
      "sluice.yaml:3: upstreams.a.api_key: this is a placeholder, not a key; put the key that the provider gave you\n"
      "sluice.yaml:4: upstreams.b.timeout: unknown field (did you mean \"timeouts\"?); known here: dialect, base_url, "
      "insecure, api_key, api_key_file, api_key_prefix, ca_file, proxy, http2, timeouts, pool, defaults, headers, "
      "retry, wire, unsupported, caller_key\n"
      "sluice.yaml:4: upstreams.b.dialect: unknown dialect (did you mean \"openai\"?); known: anthropic, openai\n"
      "sluice.yaml:6: routes[0].upstream: there is no such upstream; known: a, b\n"
      "sluice.yaml:7: engine: unknown field (did you mean \"engines\"?); known here: listen, upstreams, routes, "
      "default_model, limits, log, engines, errors, traces");
}

TEST(LoaderTest, TheEnvironmentAloneServes) {
  const auto loaded = LoadEnvironment(FakeWorld().environment(), Dialects());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const Snapshot& snapshot = **loaded;
  ASSERT_EQ(snapshot.upstreams.size(), 1u);
  const Upstream& upstream = snapshot.upstreams[0];
  EXPECT_EQ(upstream.name, "holysheep");
  EXPECT_EQ(upstream.dialect, "openai");
  EXPECT_EQ(upstream.base_url, "https://api.holysheep.ai/v1");
  EXPECT_EQ(upstream.api_key.Reveal(), kKey);
  EXPECT_EQ(upstream.default_temperature, 0.7);
  EXPECT_EQ(upstream.default_max_tokens, 2048);
  EXPECT_EQ(upstream.pool, (PoolLimits{100, 20, absl::Seconds(300)}));
  EXPECT_EQ(snapshot.default_model, "gpt-4.1");
  EXPECT_EQ(snapshot.listen, Listen());
  EXPECT_TRUE(snapshot.files.empty());
}

TEST(LoaderTest, VariablesMoveTheListenersAndTheRelay) {
  FakeWorld world;
  world.variables["HOLYSHEEP_BASE_URL"] = "http://127.0.0.1:8080/v1";
  world.variables["SLUICE_GRPC_ADDRESS"] = "0.0.0.0:1";
  world.variables["SLUICE_OPS_ADDRESS"] = "0.0.0.0:2";
  world.variables["SLUICE_INSECURE"] = "true";
  const auto snapshot = LoadEnvironment(world.environment(), Dialects());
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ((*snapshot)->upstreams[0].base_url, "http://127.0.0.1:8080/v1");
  EXPECT_EQ((*snapshot)->listen.grpc.address, "0.0.0.0:1");
  EXPECT_EQ((*snapshot)->listen.ops, "0.0.0.0:2");

  world.variables["HOLYSHEEP_BASE_URL"] = "";  // as compose passes on an unset one
  EXPECT_EQ((*LoadEnvironment(world.environment(), Dialects()))->upstreams[0].base_url, "https://api.holysheep.ai/v1");
}

TEST(LoaderTest, ErrorsOfTheEnvironmentNameTheVariable) {
  FakeWorld world;
  world.variables = {{"HOLYSHEEP_API_KEY", "sk-f3Rq8Wm2Lx7"},
                     {"HOLYSHEEP_BASE_URL", "api.holysheep.ai"},
                     {"SLUICE_GRPC_ADDRESS", "0.0.0.0:1"},
                     {"SLUICE_OPS_ADDRESS", "9090"}};
  EXPECT_EQ(
      LoadEnvironment(world.environment(), Dialects()).status().message(),
      "environment: SLUICE_OPS_ADDRESS: not an address to listen on: the port is missing; write IP:port, as in "
      "127.0.0.1:50051 or 0.0.0.0:50051\n"
      "environment: SLUICE_GRPC_ADDRESS: plaintext on an address that is not loopback; add listen.grpc.tls, or set "
      "SLUICE_INSECURE to true\n"
      "environment: HOLYSHEEP_BASE_URL: not a URL to call: it does not begin with a scheme and ://\n"
      "environment: HOLYSHEEP_API_KEY: the key does not begin with \"HS-\"; it probably belongs to another provider");
  world.variables = {{"HOLYSHEEP_API_KEY", kKey}, {"SLUICE_GRPC_ADDRESS", "0.0.0.0:1"}, {"SLUICE_INSECURE", "yes"}};
  EXPECT_EQ(LoadEnvironment(world.environment(), Dialects()).status().message(),
            "environment: SLUICE_INSECURE: has to be true or false");
}

TEST(LoaderTest, WithNothingSetItSaysWhatToSet) {
  FakeWorld world;
  for (const bool empty : {false, true}) {
    world.variables.clear();
    if (empty) world.variables["HOLYSHEEP_API_KEY"] = "";
    EXPECT_EQ(
        LoadEnvironment(world.environment(), Dialects()).status().message(),
        "nothing to serve: set HOLYSHEEP_API_KEY to your key, name a configuration with --config FILE, or try the "
        "gateway without a key by --demo");
  }
}

// The schema's comments are what users read: each default told there must be the one in force.
TEST(LoaderTest, TheSchemaTellsTheDefaultsInForce) {
  std::ifstream in(SLUICE_SOURCE_DIR "/proto/sluice/config/v1/config.proto");
  std::string line, message, told;
  std::map<std::string, std::string> yaml;  // by message, its fields with the defaults told
  while (std::getline(in, line)) {
    std::istringstream words(line);
    std::string word, name;
    words >> word >> name;
    if (word == "message") message = name;
    if (word == "//") {
      const size_t at = line.find("Default: ");
      if (at != std::string::npos) told = line.substr(at + 9, line.find_first_of(", (", at + 9) - at - 9);
      continue;
    }
    if (!told.empty() && told.back() == '.') told.pop_back();
    if (!told.empty() && told != "none") {
      if (word == "optional") words >> name;  // "optional TYPE NAME = ..."
      absl::StrAppend(&yaml[message], name, ": \"", told, "\", ");
    }
    if (!line.empty()) told.clear();
  }
  const auto fields = [&](const std::string& name) {
    EXPECT_NE(yaml[name], "") << name;
    return absl::StrCat("{", yaml[name], "}");
  };
  const auto written_out = Load(WithUpstream(absl::StrCat(
      "    timeouts: ", fields("Timeouts"), "\n    pool: ", fields("Pool"),
      "\n    http2: false\n    insecure: false\nlimits: ", fields("Limits"), "\nlog: ", fields("Log"), "\nerrors: ",
      fields("Errors"), "\nlisten: {grpc: ", fields("GrpcListener"), ", ", yaml["Listen"], "}\n", "engines: 0\n")));
  ASSERT_TRUE(written_out.ok()) << written_out.status();
  const auto left_out = Load(WithUpstream(""));
  ASSERT_TRUE(left_out.ok()) << left_out.status();
  EXPECT_EQ((*written_out)->upstreams, (*left_out)->upstreams);
  EXPECT_EQ((*written_out)->limits, (*left_out)->limits);
  EXPECT_EQ((*written_out)->listen, (*left_out)->listen);
  EXPECT_EQ((*written_out)->log_level, (*left_out)->log_level);
  EXPECT_NE(yaml["Timeouts"].find("first_output: \"120s\""), std::string::npos);
  EXPECT_NE(yaml["Limits"].find("request_bytes: \"33554432\""), std::string::npos);
}

}  // namespace
}  // namespace sluice::config
