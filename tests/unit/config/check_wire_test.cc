#include "server/config/check_wire.h"

#include <gtest/gtest.h>

#include "tests/unit/config/fixture.h"

namespace sluice::config {
namespace {

// Of `fields` in the wire section of an upstream "relay", each error without what all begin with.
std::string Errors(const std::string& fields) {
  std::string errors = ErrorsOf(WithUpstream(absl::StrCat("    wire: {", fields, "}\n")));
  const std::string start = "sluice.yaml:5: upstreams.relay.wire.";
  return errors.compare(0, start.size(), start) == 0 ? errors.substr(start.size()) : errors;
}

TEST(CheckWire, EverySettingArrives) {
  const auto snapshot =
      Load(WithUpstream("    wire:\n"
                        "      chat_path: \"/openai/deployments/{model}/chat/completions?api-version=1\"\n"
                        "      models_path: /list\n"
                        "      auth_header: api-key\n"
                        "      auth_prefix: \"Token \"\n"
                        "      token_limit: max_completion_tokens\n"
                        "      ask_usage: false\n"
                        "      reasoning: budget\n"
                        "      think_tags: true\n"
                        "    unsupported: drop\n"
                        "    caller_key: required\n"));
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  const Upstream& upstream = (*snapshot)->upstreams[0];
  Wire expected;
  expected.chat_path = "/openai/deployments/{model}/chat/completions?api-version=1";
  expected.models_path = "/list";
  expected.auth_header = "api-key";
  expected.auth_prefix = "Token ";
  expected.token_limit = Wire::TokenLimit::kMaxCompletionTokens;
  expected.ask_usage = false;
  expected.reasoning = Wire::Reasoning::kBudget;
  expected.think_tags = true;
  EXPECT_EQ(upstream.wire, expected);
  EXPECT_TRUE(upstream.drops_unsupported);
  EXPECT_EQ(upstream.caller_key, CallerKey::kRequired);
}

TEST(CheckWire, WithoutItTheDialectsOwnWayIsTaken) {
  const auto snapshot = Load(WithUpstream(""));
  ASSERT_TRUE(snapshot.ok());
  EXPECT_EQ((*snapshot)->upstreams[0].wire, Wire());
  EXPECT_FALSE((*snapshot)->upstreams[0].drops_unsupported);
  EXPECT_EQ((*snapshot)->upstreams[0].caller_key, CallerKey::kRefused);
}

TEST(CheckWire, PathsBeginWithASlash) {
  EXPECT_EQ(Errors("chat_path: \"chat\""), "chat_path: has to begin with a slash; it is appended to base_url");
  EXPECT_EQ(Errors("models_path: \"\""), "models_path: has to begin with a slash; it is appended to base_url");
  EXPECT_EQ(Errors("chat_path: \"/a b\""), "chat_path: no path of a URL: write blanks and the like as %20");
  EXPECT_EQ(Errors("chat_path: \"/a#b\""), "chat_path: no path of a URL: write blanks and the like as %20");
}

TEST(CheckWire, TheKeysHeaderIsOne) {
  EXPECT_EQ(Errors("auth_header: \"api key\""), "auth_header: not the name of an HTTP header");
  EXPECT_EQ(Errors("auth_prefix: \"Token \""),
            "auth_prefix: stands in auth_header, which is not set; set it, or remove this");
  EXPECT_EQ(Errors("auth_header: api-key, auth_prefix: \"a\\nb\""),
            "auth_prefix: holds a line break or another control character; remove it");
}

TEST(CheckWire, WordsAreOfTheList) {
  EXPECT_EQ(Errors("token_limit: max_token"),
            "token_limit: has to be one of as_asked, max_tokens, max_completion_tokens (did you mean \"max_tokens\"?)");
  EXPECT_EQ(Errors("reasoning: bodget"), "reasoning: has to be one of effort, budget (did you mean \"budget\"?)");
  EXPECT_EQ(ErrorsOf(WithUpstream("    unsupported: ignore\n")),
            "sluice.yaml:5: upstreams.relay.unsupported: has to be one of refuse, drop");
  EXPECT_EQ(ErrorsOf(WithUpstream("    caller_key: allow\n")),
            "sluice.yaml:5: upstreams.relay.caller_key: has to be one of refused, allowed, required");
}

}  // namespace
}  // namespace sluice::config
