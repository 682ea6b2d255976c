#include "server/chat/validate.h"

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/chat/messages.h"

namespace sluice::chat {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Request Valid() {
  Request request;
  request.model = "gpt-4.1";
  request.messages.push_back(Say(Role::kUser, {"hello"}, ""));
  return request;
}

auto Violation(const std::string& field, const std::string& description) {
  return AllOf(Field("field", &FieldViolation::field, field),
               Field("description", &FieldViolation::description, HasSubstr(description)));
}

std::vector<FieldViolation> ValidateWith(const std::function<void(Request&)>& change) {
  Request request = Valid();
  change(request);
  return Validate(request);
}

TEST(Validate, TakesTheSmallestRequest) { EXPECT_THAT(Validate(Valid()), IsEmpty()); }

TEST(Validate, TakesBothEndsOfEveryRange) {
  for (const bool high : {false, true}) {
    EXPECT_THAT(ValidateWith([high](Request& r) {
                  r.temperature = high ? 2 : 0;
                  r.top_p = high ? 1 : 0;
                  r.presence_penalty = high ? 2 : -2;
                  r.frequency_penalty = high ? 2 : -2;
                  r.n = high ? 128 : 1;
                  r.max_completion_tokens = high ? 128000 : 1;
                  r.max_tokens = high ? 128000 : 1;
                  r.stop.assign(high ? 4 : 1, "\n");
                  r.seed = high ? std::numeric_limits<int64_t>::max() : std::numeric_limits<int64_t>::min();
                  r.logprobs = true;
                  r.top_logprobs = high ? 20 : 0;
                  r.safety_identifier = std::string(high ? 64 : 1, 's');
                }),
                IsEmpty());
  }
}

TEST(Validate, NeedsAModelAndAMessage) {
  EXPECT_THAT(Validate(Request()), ElementsAre(Violation("model", "must name"), Violation("messages", "at least one")));
}

TEST(Validate, NeedsContentInEachMessageButTakesEmptyText) {
  EXPECT_THAT(ValidateWith([](Request& r) {
                r.messages = {Say(Role::kSystem, {""}, ""), Say(Role::kUser, {}, "n"),
                              Say(Role::kAssistant, {"a", ""}, ""), Say(Role::kUser, {}, "")};
              }),
              ElementsAre(Violation("messages[1].content", "at least one part"),
                          Violation("messages[3].content", "at least one part")));
}

struct RealField {
  const char* name;
  std::optional<double> Request::*member;
  double low;
  double high;
  const char* range;
};

TEST(Validate, RefusesRealsOutsideTheirRangeAndSaysBoth) {
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const RealField& field :
       {RealField{"temperature", &Request::temperature, -0.5, 2.0000001, "from 0 to 2"},
        RealField{"top_p", &Request::top_p, -1e-9, 1.5, "from 0 to 1"},
        RealField{"presence_penalty", &Request::presence_penalty, -3, 2.5, "from -2 to 2"},
        RealField{"frequency_penalty", &Request::frequency_penalty, -3, 2.5, "from -2 to 2"}}) {
    for (const double bad : {field.low, field.high, inf, -inf, nan}) {
      EXPECT_THAT(ValidateWith([&](Request& r) { r.*field.member = bad; }),
                  ElementsAre(Violation(field.name, field.range)));
    }
    EXPECT_THAT(ValidateWith([&](Request& r) { r.*field.member = nan; }), ElementsAre(Violation(field.name, "finite")));
  }
  EXPECT_THAT(ValidateWith([](Request& r) { r.temperature = 2.0000001; }),
              ElementsAre(Violation("temperature", "must be a number from 0 to 2; 2.0000001 was given")));
}

struct IntegerField {
  const char* name;
  std::optional<int32_t> Request::*member;
  int32_t low;
  int32_t high;
  const char* range;
};

TEST(Validate, RefusesIntegersOutsideTheirRange) {
  for (const IntegerField& field :
       {IntegerField{"n", &Request::n, 0, 129, "from 1 to 128"},
        IntegerField{"max_completion_tokens", &Request::max_completion_tokens, 0, 128001, "from 1 to 128000"},
        IntegerField{"max_tokens", &Request::max_tokens, -1, 128001, "from 1 to 128000"},
        IntegerField{"top_logprobs", &Request::top_logprobs, -1, 21, "from 0 to 20"}}) {
    for (const int32_t bad : {field.low, field.high}) {
      EXPECT_THAT(ValidateWith([&](Request& r) {
                    r.logprobs = true;
                    r.*field.member = bad;
                  }),
                  ElementsAre(Violation(field.name, field.range)));
    }
  }
  EXPECT_THAT(ValidateWith([](Request& r) { r.n = 200; }), ElementsAre(Violation("n", "200 was given")));
}

TEST(Validate, BoundsTheStopSequences) {
  EXPECT_THAT(ValidateWith([](Request& r) {
                r.stop = {"a", "", "c", "d", ""};
              }),
              ElementsAre(Violation("stop", "at most 4 sequences; 5 were given"), Violation("stop[1]", "empty"),
                          Violation("stop[4]", "empty")));
}

TEST(Validate, TakesTopLogprobsOnlyWithLogprobs) {
  EXPECT_THAT(ValidateWith([](Request& r) { r.top_logprobs = 0; }),
              ElementsAre(Violation("top_logprobs", "needs logprobs")));
  EXPECT_THAT(ValidateWith([](Request& r) {
                r.top_logprobs = 3;
                r.logprobs = false;
              }),
              ElementsAre(Violation("top_logprobs", "needs logprobs")));
}

TEST(Validate, CountsTheSafetyIdentifierInCharacters) {
  std::string identifier;
  for (int i = 0; i < 64; ++i) identifier += "\xD0\xB8";
  EXPECT_THAT(ValidateWith([&](Request& r) { r.safety_identifier = identifier; }), IsEmpty());
  EXPECT_THAT(ValidateWith([&](Request& r) { r.safety_identifier = identifier + "x"; }),
              ElementsAre(Violation("safety_identifier", "at most 64 characters; 65 were given")));
}

TEST(Validate, BoundsTheBias) {
  EXPECT_THAT(ValidateWith([](Request& r) { r.logit_bias = {{7, 100}, {-8, -100}}; }), IsEmpty());
  EXPECT_THAT(ValidateWith([](Request& r) {
                r.logit_bias = {{7, 101}};
              }),
              ElementsAre(Violation("logit_bias[7]", "from -100 to 100; 101 was given")));
}

TEST(Validate, BoundsTheMetadata) {
  std::vector<std::pair<std::string, std::string>> pairs(16, {std::string(64, 'k'), std::string(512, 'v')});
  EXPECT_THAT(ValidateWith([&](Request& r) { r.metadata = pairs; }), IsEmpty());
  pairs.resize(17);
  EXPECT_THAT(ValidateWith([&](Request& r) { r.metadata = pairs; }),
              ElementsAre(Violation("metadata", "17 were given")));
  EXPECT_THAT(ValidateWith([&](Request& r) {
                r.metadata = {{std::string(65, 'k'), std::string(513, 'v')}};
              }),
              ElementsAre(Violation("metadata key 0", "at most 64"), Violation("metadata value 0", "at most 512")));
}

TEST(Validate, SpokenOutputSaysHow) {
  EXPECT_THAT(ValidateWith([](Request& r) { r.modalities = {Modality::kText}; }), IsEmpty());
  EXPECT_THAT(ValidateWith([](Request& r) {
                r.modalities = {Modality::kText, Modality::kAudio};
              }),
              ElementsAre(Violation("audio", "how to speak")));
  EXPECT_THAT(ValidateWith([](Request& r) {
                r.modalities = {std::nullopt};
                r.audio.emplace();
              }),
              ElementsAre(Violation("modalities[0]", "TEXT or AUDIO"), Violation("audio.voice", "empty"),
                          Violation("audio.format", "formats")));
}

TEST(Validate, ModerationAndPlaceAreWhole) {
  EXPECT_THAT(ValidateWith([](Request& r) { r.moderation.emplace(); }),
              ElementsAre(Violation("moderation.model", "empty")));
  EXPECT_THAT(ValidateWith([](Request& r) {
                r.web_search.emplace().user_location = Location{"Germany", "", "", ""};
              }),
              ElementsAre(Violation("web_search_options.user_location.country", "two letters")));
  EXPECT_THAT(ValidateWith([](Request& r) {
                r.web_search.emplace().user_location = Location{"DE", "", "", ""};
              }),
              IsEmpty());
}

TEST(Validate, NamesAllViolationsInFieldOrderWithoutTheCallersText) {
  const std::vector<FieldViolation> found = ValidateWith([](Request& r) {
    r.model = "";
    r.messages[0].content.clear();
    r.messages.push_back(Say(Role::kUser, {"secret"}, "secret"));
    r.temperature = 3;
    r.top_p = 2;
    r.presence_penalty = 3;
    r.frequency_penalty = 3;
    r.n = 0;
    r.max_completion_tokens = 0;
    r.max_tokens = 0;
    r.stop = {"secret", "secret", "secret", "secret", ""};
    r.top_logprobs = 21;
    r.safety_identifier = "secret" + std::string(64, 's');
    r.user = "secret";
  });
  std::vector<std::string> fields;
  for (const FieldViolation& violation : found) {
    fields.push_back(violation.field);
    EXPECT_THAT(violation.description, Not(HasSubstr("secret")));
  }
  EXPECT_THAT(fields, ElementsAre("model", "messages[0].content", "temperature", "top_p", "max_completion_tokens",
                                  "max_tokens", "stop", "stop[4]", "n", "presence_penalty", "frequency_penalty",
                                  "top_logprobs", "top_logprobs", "safety_identifier"));
}

}  // namespace
}  // namespace sluice::chat
