#include "server/dialect/reply_reader.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::dialect {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class NullSink final : public chat::EventSink {
 public:
  void OnIdentity(const chat::Identity&) override {}
  void OnDelta(const chat::Delta&) override {}
  void OnAnnotation(const chat::Annotation&) override {}
  void OnModeration(const chat::Moderation&) override {}
  void OnFinished(const chat::Finished&) override {}
  void OnUsage(const chat::Usage&) override {}
  void OnDone(const chat::Error*) override {}
};

// What a reader told its decoder, outliving both.
struct Log {
  std::vector<std::string> calls;
  chat::Error error;
  chat::EventSink* sink = nullptr;
};

class FakeDecoder final : public StreamDecoder {
 public:
  explicit FakeDecoder(Log& log) : log_(log) {}
  void OnEvent(const sse::Event& event, chat::EventSink& sink) override {
    Note("event " + std::string(event.data), sink);
    done_ = event.data == "[DONE]";
  }
  void OnUnknownField(absl::string_view name, absl::string_view value, chat::EventSink& sink) override {
    Note(absl::StrCat("unknown ", name, "=", value), sink);
    done_ = name == "error";
  }
  void OnWholeBody(absl::string_view body, chat::EventSink& sink) override {
    Note("body " + std::string(body), sink);
    done_ = body != "[]";
  }
  void OnEof(chat::EventSink& sink) override {
    Note("eof", sink);
    done_ = true;
  }
  void Fail(const chat::Error& error, chat::EventSink& sink) override {
    Note(absl::StrCat("fail ", chat::ErrorKindName(error.kind)), sink);
    log_.error = error;
    done_ = true;
  }
  bool done() const override { return done_; }

 private:
  void Note(std::string call, chat::EventSink& sink) {
    EXPECT_FALSE(done_) << call;
    log_.calls.push_back(std::move(call));
    log_.sink = &sink;
  }

  Log& log_;
  bool done_ = false;
};

DecodeLimits Limits(size_t max_event_bytes) {
  DecodeLimits limits;
  limits.max_event_bytes = max_event_bytes;
  return limits;
}

// Reads `body` in pieces of `piece` bytes, with an empty read between, up to the end.
Log ReadInPieces(const std::string& type, absl::string_view body, size_t piece, size_t max_event_bytes) {
  Log log;
  NullSink sink;
  ReplyReader reader(std::make_unique<FakeDecoder>(log), type, Limits(max_event_bytes));
  for (size_t at = 0; at < body.size(); at += piece) {
    reader.Feed(body.substr(at, piece), sink);
    reader.Feed("", sink);
  }
  reader.Eof(sink);
  EXPECT_TRUE(reader.done());
  EXPECT_EQ(log.sink, &sink);
  return log;
}

// The same for every size of piece, which must not matter.
Log Read(const std::string& type, const std::string& body, size_t max_event_bytes = 1000) {
  const Log whole = ReadInPieces(type, body, body.size() + 1, max_event_bytes);
  for (size_t piece = 1; piece <= body.size(); ++piece) {
    const Log log = ReadInPieces(type, body, piece, max_event_bytes);
    EXPECT_EQ(log.calls, whole.calls) << "in pieces of " << piece;
    EXPECT_EQ(log.error.provider_message, whole.error.provider_message) << "in pieces of " << piece;
  }
  return whole;
}

const char kStream[] = "text/event-stream";
const char kBom[] = "\xEF\xBB\xBF";

TEST(ReplyReader, ReadsAStreamWhateverTheContentTypeSays) {
  for (const std::string type :
       {"text/event-stream", "Text/Event-Stream; charset=utf-8", "text/event-stream;charset=UTF-8",
        " text/event-stream ", "application/json", "text/plain", "text/html", ""}) {
    EXPECT_THAT(Read(type, "data: a\n\ndata: b\r\n\r\n").calls, ElementsAre("event a", "event b", "eof")) << type;
  }
}

TEST(ReplyReader, ReadsAJsonBodyWhateverTheContentTypeSays) {
  for (const std::string type : {"text/event-stream", "application/json; charset=utf-8", "text/html", ""}) {
    EXPECT_THAT(Read(type, "{\"a\":\n\n1}\n").calls, ElementsAre("body {\"a\":\n\n1}\n")) << type;
    EXPECT_THAT(Read(type, "[1]").calls, ElementsAre("body [1]")) << type;
  }
}

TEST(ReplyReader, SkipsBlanksAndAByteOrderMarkBeforeDeciding) {
  EXPECT_THAT(Read(kStream, std::string(kBom) + " \t\r\n\n{}").calls, ElementsAre("body {}"));
  EXPECT_THAT(Read("application/json", "\n\n\n[2]").calls, ElementsAre("body [2]"));
  EXPECT_THAT(Read(kStream, std::string(kBom) + "data: a\n\n").calls, ElementsAre("event a", "eof"));
}

TEST(ReplyReader, LosesNoByteOfAStreamToTheDecision) {
  // A blank before the name makes it another name; a mark that is not the first byte is part of the name.
  EXPECT_THAT(Read(kStream, "\n\n data: a\n\ndata: b\n\n").calls, ElementsAre("unknown  data=a", "event b", "eof"));
  EXPECT_THAT(Read(kStream, "\n" + std::string(kBom) + "data: a\n\n").calls,
              ElementsAre("unknown " + std::string(kBom) + "data=a", "eof"));
  EXPECT_THAT(Read(kStream, ": PING\n\n{\"late\": 1}\ndata: a\n\n").calls,
              ElementsAre("unknown {\"late\"=1}", "event a", "eof"));
}

TEST(ReplyReader, HandsOverEachEventWithItsLastByte) {
  Log log;
  NullSink sink;
  ReplyReader reader(std::make_unique<FakeDecoder>(log), "application/json", Limits(100));
  reader.Feed("\n", sink);
  reader.Feed("data: a\n", sink);
  EXPECT_THAT(log.calls, IsEmpty());
  reader.Feed("\n", sink);
  EXPECT_THAT(log.calls, ElementsAre("event a"));
}

TEST(ReplyReader, StopsWhenTheDecoderIsDone) {
  EXPECT_THAT(Read(kStream, "data: a\n\ndata: [DONE]\n\ndata: b\n\nx: y\n").calls,
              ElementsAre("event a", "event [DONE]"));
  EXPECT_THAT(Read(kStream, "error: {}\ndata: b\n\n").calls, ElementsAre("unknown error={}"));
}

TEST(ReplyReader, LeavesAnEmptyOrBlankBodyToTheDecoder) {
  EXPECT_THAT(Read(kStream, "").calls, ElementsAre("eof"));
  EXPECT_THAT(Read("text/html", "\n \n\t\r\n").calls, ElementsAre("eof"));
  EXPECT_THAT(Read(kStream, kBom).calls, ElementsAre("eof"));
}

TEST(ReplyReader, EndsABodyThatTheDecoderFoundInconclusive) {
  EXPECT_THAT(Read("application/json", "[]").calls, ElementsAre("body []", "eof"));
}

TEST(ReplyReader, RefusesAnHtmlPage) {
  for (const std::string type : {"text/html", "text/event-stream"}) {
    const Log log = Read(type, "\n<!doctype html>\n<title>Bad\x1B\xC2\x9B gateway\xFF</title>\n");
    EXPECT_THAT(log.calls, ElementsAre("fail not_sse"));
    EXPECT_THAT(log.error.message, HasSubstr("an HTML page instead of an event stream"));
    EXPECT_THAT(log.error.message, HasSubstr("base_url"));
    EXPECT_THAT(log.error.message, Not(HasSubstr("gateway")));
    EXPECT_EQ(log.error.provider_message, "<!doctype html> <title>Bad gateway\xEF\xBF\xBD</title>");
  }
}

TEST(ReplyReader, RefusesAPageOnceTheHeadIsThereAndCutsItAtACharacter) {
  Log log;
  NullSink sink;
  ReplyReader reader(std::make_unique<FakeDecoder>(log), "text/html", Limits(10));
  reader.Feed("<" + std::string(198, 'p'), sink);
  EXPECT_THAT(log.calls, IsEmpty());
  reader.Feed("\xD0\xB8 and so on", sink);
  EXPECT_THAT(log.calls, ElementsAre("fail not_sse"));
  EXPECT_EQ(log.error.provider_message, "<" + std::string(198, 'p'));
  EXPECT_TRUE(reader.done());
}

TEST(ReplyReader, RefusesATextThatNeverWasAStream) {
  const Log log = Read("text/plain", "upstream request timeout\nError: 7\n");
  EXPECT_THAT(log.calls, ElementsAre("unknown upstream request timeout=", "unknown Error=7", "fail not_sse"));
  EXPECT_EQ(log.error.provider_message, "upstream request timeout Error: 7");
}

TEST(ReplyReader, LeavesAStreamCutBeforeItsFirstEventToTheDecoder) {
  for (const std::string body : {": PING\n\n", "data: {\"a\"", "da", "event: x\n", "id", "retry:1\n"}) {
    EXPECT_EQ(Read("application/json", body).calls.back(), "eof") << body;
  }
  EXPECT_EQ(Read(kStream, "what is this").calls.back(), "eof");
  // An event was there: a stream, whatever came before.
  EXPECT_EQ(Read("text/plain", "junk\ndata: a\n\n").calls.back(), "eof");
}

TEST(ReplyReader, RefusesAnEventOrBodyAboveTheLimit) {
  const std::string big(60, 'x');
  const Log event = Read(kStream, "data: a\n\ndata: " + big + "\n\ndata: b\n\n", 50);
  EXPECT_THAT(event.calls, ElementsAre("event a", "fail too_large"));
  EXPECT_THAT(event.error.message, HasSubstr("50 bytes"));
  const Log body = Read("application/json", "{" + big + "}", 50);
  EXPECT_THAT(body.calls, ElementsAre("fail too_large"));
  EXPECT_THAT(body.error.message, HasSubstr("JSON body"));
  EXPECT_THAT(Read("application/json", "{" + std::string(48, ' ') + "}", 50).calls.size(), 1u);
}

TEST(ReplyReader, ForwardsAFailureOnce) {
  Log log;
  NullSink sink;
  ReplyReader reader(std::make_unique<FakeDecoder>(log), kStream, Limits(100));
  reader.Feed("data: a\n\n", sink);
  chat::Error error;
  error.kind = chat::ErrorKind::kTimeout;
  reader.Fail(error, sink);
  reader.Fail(error, sink);
  reader.Feed("data: b\n\n", sink);
  reader.Eof(sink);
  EXPECT_THAT(log.calls, ElementsAre("event a", "fail timeout"));
}

}  // namespace
}  // namespace sluice::dialect
