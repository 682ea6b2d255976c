#include "tests/unit/dialect/mutations.h"

#include <gtest/gtest.h>

#include <random>

#include "server/base/fake_id.h"
#include "server/dialect/reply_reader.h"
#include "tests/unit/dialect/recorder.h"

namespace sluice::dialect {
namespace {

using Make = absl::FunctionRef<std::unique_ptr<StreamDecoder>(IdSource& ids)>;

// Cuts at random places, or not at all if `random` is null.
Lines Feed(const std::string& body, Make make, std::mt19937* random) {
  FakeIdSource ids;
  ReplyReader reader(make(ids), "text/event-stream", DecodeLimits());
  Recorder sink;
  size_t at = 0;
  while (at < body.size()) {
    const size_t size = random == nullptr ? body.size() : 1 + (*random)() % 40;
    reader.Feed(absl::string_view(body).substr(at, size), sink);
    at += size;
  }
  reader.Eof(sink);
  EXPECT_TRUE(sink.done());
  return sink.lines();
}

std::string Mutate(std::string body, std::mt19937& random) {
  const std::string alphabet = "{}[]\",:\\u0dDe-1.tn \n\r\xC3\xED\xA0";
  for (auto edits = random() % 5; edits > 0 && !body.empty(); --edits) {
    const size_t at = random() % body.size();
    switch (random() % 4) {
      case 0:
        body.erase(at, 1 + random() % 8);
        break;
      case 1:
        body.insert(at, 1, alphabet[random() % alphabet.size()]);
        break;
      case 2:
        body[at] = alphabet[random() % alphabet.size()];
        break;
      default:
        body.insert(at, body.substr(random() % body.size(), random() % 60));
    }
  }
  return body;
}

}  // namespace

void ExpectThatMutationsKeepTheContract(const std::vector<std::string>& seeds, Make make) {
  std::mt19937 random(11);
  for (int round = 0; round < 8000 && !::testing::Test::HasFailure(); ++round) {
    const std::string body = Mutate(seeds[static_cast<size_t>(round) % seeds.size()], random);
    EXPECT_EQ(Feed(body, make, nullptr), Feed(body, make, &random)) << body;
  }
}

}  // namespace sluice::dialect
