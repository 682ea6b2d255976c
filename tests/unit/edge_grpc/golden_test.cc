// What goes to each provider for a catalogue of requests: golden/NAME.txtpb is a request of the contract in text
// format, golden/NAME.DIALECT.txt what the dialect makes of it. After a change run this test with
// SLUICE_WRITE_GOLDEN=1, and read the diff.

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/chat/validate.h"
#include "server/dialect/codec.h"
#include "server/edge/grpc/request_from_proto.h"

namespace sluice::edge {
namespace {

constexpr char kFolder[] = SLUICE_SOURCE_DIR "/tests/unit/edge_grpc/golden/";

std::string Read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> Catalogue() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".txtpb") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> Dialects() {
  std::vector<std::string> names;
  for (const absl::string_view name : dialect::CodecNames()) names.emplace_back(name);
  return names;
}

// The request as its bytes are sent, after what it had to be sent without; or why it is not sent.
std::string Sent(const dialect::Codec& codec, chat::Request request) {
  dialect::Target target;
  target.base_url = "https://llm.test/v1";
  target.api_key = "KEY";
  std::vector<dialect::Misfit> misfits;
  codec.Fit(target, &request, &misfits);
  std::string text;
  bool refused = false;
  for (const dialect::Misfit& misfit : misfits) {
    const bool must = misfit.severity == dialect::Misfit::Severity::kRefuse;
    absl::StrAppend(&text, must ? "refused: " : "without: ", misfit.field, ": ", misfit.why, "\n");
    refused = refused || must;
  }
  if (refused) return text;
  const dialect::HttpRequest http = codec.EncodeChat(request, target);
  absl::StrAppend(&text, http.method, " ", http.url, "\n");
  for (const auto& [name, value] : http.headers) absl::StrAppend(&text, name, ": ", value, "\n");
  return absl::StrCat(text, "\n", http.body, "\n");
}

using Golden = ::testing::TestWithParam<std::tuple<std::string, std::string>>;

TEST_P(Golden, RequestIsWhatTheDialectMakesOfIt) {
  const auto& [name, dialect_name] = GetParam();
  v1::ChatRequest proto;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(Read(absl::StrCat(kFolder, name, ".txtpb")), &proto));
  std::vector<chat::FieldViolation> violations;
  const chat::Request request = RequestFromProto(&proto, &violations);
  for (auto& violation : chat::Validate(request)) violations.push_back(std::move(violation));
  ASSERT_TRUE(violations.empty()) << violations[0].field << ": " << violations[0].description;
  const std::string sent = Sent(*dialect::FindCodec(dialect_name), request);
  const std::string path = absl::StrCat(kFolder, name, ".", dialect_name, ".txt");
  if (std::getenv("SLUICE_WRITE_GOLDEN") != nullptr) {
    std::ofstream(path) << sent;
    return;
  }
  EXPECT_EQ(Read(path), sent) << "run this test with SLUICE_WRITE_GOLDEN=1, and read the diff";
}

INSTANTIATE_TEST_SUITE_P(Catalogue, Golden,
                         ::testing::Combine(::testing::ValuesIn(Catalogue()), ::testing::ValuesIn(Dialects())),
                         [](const auto& test) {
                           return absl::StrCat(std::get<0>(test.param), "_", std::get<1>(test.param));
                         });

}  // namespace
}  // namespace sluice::edge
