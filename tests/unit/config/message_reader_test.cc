#include "server/config/message_reader.h"

#include <gtest/gtest.h>

#include "tests/unit/config/fixture.h"

namespace sluice::config {
namespace {

// Errors name file, line and path, exactly.

TEST(MessageReaderTest, UnknownFieldsNameTheirPlaceAndTheNearestWord) {
  EXPECT_EQ(
      ErrorsOf("upstreams:\n"
               "  holysheep:\n"
               "    dialect: openai\n"
               "    base_url: https://relay.example/v1\n"
               "    timeouts:\n"
               "      tls: 1s\n"
               "      conect: 1s\n"),
      "sluice.yaml:7: upstreams.holysheep.timeouts.conect: unknown field (did you mean \"connect\"?); known here: "
      "pool, connect, tls, send, first_byte, first_output, idle, total");
  EXPECT_EQ(ErrorsOf(WithUpstream("retries: 3\n")),
            "sluice.yaml:5: retries: unknown field; known here: listen, upstreams, routes, default_model, limits, log, "
            "engines, errors, traces");
  EXPECT_EQ(
      ErrorsOf(WithUpstream("routes:\n- models: [a]\n  upstream: relay\n- {models: [b], upstream: relay, modle: x}\n")),
      "sluice.yaml:8: routes[1].modle: unknown field (did you mean \"model\"?); known here: models, upstream, model");
}

TEST(MessageReaderTest, RepeatedFieldsAndNamesAreErrors) {
  EXPECT_EQ(ErrorsOf(WithUpstream("engines: 1\nlog: {level: info}\nengines: 2\n")),
            "sluice.yaml:7: engines: given twice, first in line 5; keep one");
  EXPECT_EQ(ErrorsOf(WithUpstream("    headers: {X-A: a, X-A: b}\n")),
            "sluice.yaml:5: upstreams.relay.headers.X-A: given twice, first in line 5; keep one");
  EXPECT_EQ(ErrorsOf(WithUpstream("  relay: {dialect: openai, base_url: \"https://b.example\"}\n")),
            "sluice.yaml:5: upstreams.relay: given twice, first in line 2; keep one");
}

struct Mistyped {
  const char* yaml;
  const char* error;
};

TEST(MessageReaderTest, MistypedValuesNameTheirPlace) {
  for (const auto& [yaml, error] : std::vector<Mistyped>{
           {"engines: many\n", "engines: \"many\" is not a whole number, or too large"},
           {"engines: 1.5\n", "engines: \"1.5\" is not a whole number, or too large"},
           {"engines: 99999999999\n", "engines: \"99999999999\" is not a whole number, or too large"},
           {"engines: [1]\n", "engines: expected a single value here"},
           {"engines: {a: 1}\n", "engines: expected a single value here"},
           {"engines:\n", "engines: has no value; give one or remove the field"},
           {"errors: {expose_provider_text: yes}\n", "errors.expose_provider_text: \"yes\" is neither true nor false"},
           {"limits: {request_bytes: 32MiB}\n",
            "limits.request_bytes: \"32MiB\" is not a whole number of bytes; write it out"},
           {"limits: {drain: 10}\n",
            "limits.drain: \"10\" is not a duration; write a number with a unit, as in 500ms, 10s or 30m"},
           {"limits: {drain: inf}\n",
            "limits.drain: \"inf\" is not a duration; write a number with a unit, as in 500ms, 10s or 30m"},
           {"limits: {drain: {seconds: 1}}\n", "limits.drain: expected a single value here"},
           {"limits: 5\n", "limits: expected fields (name: value) here"},
           {"listen: [a]\n", "listen: expected fields (name: value) here"},
           {"routes: {models: a}\n", "routes: expected a list, as in [a, b]"},
           {"routes: [relay]\n", "routes[0]: expected fields (name: value) here"},
           {"    defaults: {temperature: warm}\n", "upstreams.relay.defaults.temperature: \"warm\" is not a number"},
           {"    headers: [X-A]\n", "upstreams.relay.headers: expected fields (name: value) here"},
           {"    headers: {X-A: [a]}\n", "upstreams.relay.headers.X-A: expected a single value here"},
           {"default_model: [gpt-4.1]\n", "default_model: expected a single value here"}}) {
    const std::string errors = ErrorsOf(WithUpstream(yaml));
    // A route that could not be read lacks its fields, too.
    EXPECT_EQ(errors.substr(0, errors.find('\n')), absl::StrCat("sluice.yaml:5: ", error));
  }
  EXPECT_EQ(ErrorsOf("just text\n").substr(0, 54), "sluice.yaml: upstreams: at least one is required, with");
  EXPECT_NE(ErrorsOf("just text\n").find("sluice.yaml:1: expected fields (name: value) here"), std::string::npos);
}

TEST(MessageReaderTest, LongMistypedValuesAreCutBetweenCharacters) {
  const std::string errors = ErrorsOf(WithUpstream(absl::StrCat("engines: ", std::string(39, 'x'), "\xc3\xbc rest\n")));
  EXPECT_EQ(errors,
            absl::StrCat("sluice.yaml:5: engines: \"", std::string(39, 'x'), "\" is not a whole number, or too large"));
}

TEST(MessageReaderTest, VariablesAreReplacedInAnyValue) {
  FakeWorld world;
  world.variables = {{"HOST", "relay.example"}, {"V", "v1"},   {"N", "7"},
                     {"TIME", "90s"},           {"EMPTY", ""}, {"INNER", "${N}"}};
  const auto snapshot = Load(
      "upstreams:\n"
      "  relay:\n"
      "    dialect: openai\n"
      "    base_url: \"https://${HOST}/${V}${EMPTY}\"\n"
      "    headers: {X-Literal: \"$${N} costs $5 and $N\", X-Once: \"${INNER}\"}\n"
      "engines: \"${N}\"\n"
      "limits: {drain: \"${TIME}\"}\n"
      "routes: [{models: [\"m-${N}\", \"*\"], upstream: relay}]\n",
      world);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  const Upstream& relay = (*snapshot)->upstreams[0];
  EXPECT_EQ(relay.base_url, "https://relay.example/v1");
  EXPECT_EQ(relay.headers[0].second.Reveal(), "${N} costs $5 and $N");
  EXPECT_EQ(relay.headers[1].second.Reveal(), "${N}");  // what a variable holds is not looked at again
  EXPECT_EQ((*snapshot)->engines, 7);
  EXPECT_EQ((*snapshot)->limits.drain, absl::Seconds(90));
  EXPECT_EQ((*snapshot)->routes[0].models[0], "m-7");
}

TEST(MessageReaderTest, AVariableCannotAddStructure) {
  FakeWorld world;
  world.variables = {{"MODELS", "a, b]\nengines: 3"}};
  const auto snapshot = Load(WithUpstream("routes: [{models: [\"${MODELS}\"], upstream: relay}]\n"), world);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ((*snapshot)->routes[0].models, std::vector<std::string>{"a, b]\nengines: 3"});
  EXPECT_EQ((*snapshot)->engines, 0);
}

TEST(MessageReaderTest, AnchorsShareSettings) {
  const auto snapshot = Load(
      "upstreams:\n"
      "  a: {dialect: openai, base_url: \"https://a.example\", timeouts: &slow {idle: 5m}}\n"
      "  b: {dialect: openai, base_url: \"https://b.example\", timeouts: *slow}\n"
      "routes: [{models: [\"*\"], upstream: a}]\n");
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ((*snapshot)->upstreams[0].timeouts.idle, absl::Minutes(5));
  EXPECT_EQ((*snapshot)->upstreams[1].timeouts.idle, absl::Minutes(5));
}

TEST(MessageReaderTest, EachMissingVariableIsNamed) {
  FakeWorld world;
  world.variables.clear();
  EXPECT_EQ(ErrorsOf(WithUpstream("    api_key: \"${RELAY_KEY}\"\n    proxy: http://${A}:${B}\n"), world),
            "sluice.yaml:5: upstreams.relay.api_key: the environment variable RELAY_KEY is not set; set it, name it in "
            "--env-file, or write the value here\n"
            "sluice.yaml:6: upstreams.relay.proxy: the environment variable A is not set; set it, name it in "
            "--env-file, or write the value here\n"
            "sluice.yaml:6: upstreams.relay.proxy: the environment variable B is not set; set it, name it in "
            "--env-file, or write the value here");
}

TEST(MessageReaderTest, AVariableOfOtherBytesThanTextIsNamed) {
  FakeWorld world;
  world.variables["MODEL"] = "m\xFF";
  EXPECT_EQ(ErrorsOf(WithUpstream("default_model: \"${MODEL}\"\n"), world),
            "sluice.yaml:5: default_model: the environment variable MODEL holds bytes that are not UTF-8; set it anew");
}

TEST(MessageReaderTest, MalformedVariablesAreNotShown) {
  for (const char* bad : {"${", "${}", "${HS-f3Rq8Wm2Lx7Zt5Kc9Vb1}", "${A:-b}", "${A", "x${ A}"}) {
    EXPECT_EQ(ErrorsOf(WithUpstream(absl::StrCat("    api_key: \"", bad, "\"\n"))),
              "sluice.yaml:5: upstreams.relay.api_key: a ${ that is not followed by NAME}; write ${NAME}, or $${ for a "
              "literal ${");
  }
}

TEST(MessageReaderTest, AVariableOfTheWrongTypeIsShownAsWritten) {
  EXPECT_EQ(ErrorsOf(WithUpstream("engines: \"${HOLYSHEEP_API_KEY}\"\n")),
            "sluice.yaml:5: engines: \"${HOLYSHEEP_API_KEY}\" is not a whole number, or too large");
}

}  // namespace
}  // namespace sluice::config
