#include "server/dialect/extra.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::dialect {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr absl::string_view kOwn[] = {"model", "temperature"};

std::vector<std::string> Refused(const std::string& extra, absl::string_view within = "") {
  chat::Request request;
  request.extra_json = extra;
  std::vector<Misfit> misfits;
  FitExtra(request, kOwn, within, &misfits);
  std::vector<std::string> fields;
  for (const Misfit& misfit : misfits) {
    EXPECT_EQ(misfit.severity, Misfit::Severity::kRefuse);
    fields.push_back(misfit.field);
  }
  return fields;
}

std::string Written(const std::string& extra, absl::string_view except = "") {
  std::string out;
  json::Writer json(out);
  json.StartObject().Member("first", "1");
  PutExtra(json, extra, except);
  json.EndObject();
  return out;
}

TEST(Extra, RefusesWhatTheGatewayWrites) {
  EXPECT_THAT(Refused(R"({"model":"x","top_k":5,"temperature":0})"),
              ElementsAre("extra_json.model", "extra_json.temperature"));
  EXPECT_THAT(Refused(R"({"mod\u0065l":"x"})"), ElementsAre("extra_json.model"));  // the same name, escaped
  EXPECT_THAT(Refused(R"({"Model":1,"provider":{"model":"x"}})"), IsEmpty());
  EXPECT_THAT(Refused(""), IsEmpty());
}

TEST(Extra, LooksIntoOneMember) {
  EXPECT_THAT(Refused(R"({"config":{"temperature":1,"k":2}})", "config"), ElementsAre("extra_json.config.temperature"));
  EXPECT_THAT(Refused(R"({"config":[]})", "config"), ElementsAre("extra_json.config"));
  EXPECT_THAT(Refused(R"({"config":null})", "config"), IsEmpty());
}

TEST(Extra, ValuesAreWrittenAsTheCallerWroteThem) {
  EXPECT_EQ(Written(R"( {"a" : {"z":1.50 , "y":[ ]}, "b":"\u00e9\/", "c":1e3,"d":null,"e":true} )"),
            R"({"first":"1","a":{"z":1.50 , "y":[ ]},"b":"\u00e9\/","c":1e3,"d":null,"e":true})");
  EXPECT_EQ(Written(""), R"({"first":"1"})");
  EXPECT_EQ(Written(R"({"a":1,"config":{},"b":2})", "config"), R"({"first":"1","a":1,"b":2})");
}

TEST(Extra, WritesTheMembersOfOneMember) {
  std::string out;
  json::Writer json(out);
  json.StartObject();
  PutExtraWithin(json, R"({"a":1,"config":{"k":2,"s":"x"}})", "config");
  json.EndObject();
  EXPECT_EQ(out, R"({"k":2,"s":"x"})");
}

}  // namespace
}  // namespace sluice::dialect
