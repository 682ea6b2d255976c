// The table of faults: what the upstream's connection does, how far an answer had come, and what becomes of the call.
// Its other half, what the upstream says, is in fault_table_replies_test.cc.

#include "tests/fakes/black_hole.h"
#include "tests/fakes/certificates.h"
#include "tests/integration/fault_table_scripts.h"

namespace sluice::integration {
namespace {

using enum grpc::StatusCode;
using enum Tokens;

SLUICE_WITH_ENGINES(FaultTable);

constexpr char kTruncated[] = "UPSTREAM_TRUNCATED";
constexpr char kTimeout[] = "UPSTREAM_TIMEOUT";
constexpr std::chrono::seconds kSoon(3);  // an answer's connection gets a second to come to its own end

Options Upstream(std::string lines) {
  Options options;
  options.upstream = std::move(lines);
  return options;
}

// An event that is cut right after `end`, which stands in its text.
Script CutText(const std::string& text, const std::string& end) {
  const std::string event = Attempt::Event(chunks::Text(text));
  return FinAfter(absl::StrCat(absl::Hex(event.size()), "\r\n", event.substr(0, event.find(end) + end.size())));
}

// A text whose lines end in CRLF, cut between the last CR and its LF: the event is complete (WHATWG HTML 9.2 ends a
// line at the CR).
void CutInsideTheLastCrlf(Attempt& a) {
  const std::string event = absl::StrCat("data: ", chunks::Text(a.NextText()), "\r\n\r\n");
  a.wire().SendRaw(absl::StrCat(absl::Hex(event.size()), "\r\n", event.substr(0, event.size() - 1)));
  Fin(a);
}

// The same, cut inside the CRLF before: the event is not.
void CutInsideTheFirstCrlf(Attempt& a) {
  const std::string event = absl::StrCat("data: ", chunks::Text("never"), "\r\n\r\n");
  a.wire().SendRaw(absl::StrCat(absl::Hex(event.size()), "\r\n", event.substr(0, event.size() - 3)));
  Fin(a);
}

TEST_P(FaultTable, ConnectionsThatEndBeforeTheReply) {
  // New ones: a connection from the pool that dies like this is replaced at once, see pool_test.cc.
  RunInTurn(
      {
          {"FIN", kRequest, Fin, UNAVAILABLE, kTruncated, "first_byte", 3, kNone},
          {"FIN without the end of TLS", kRequest, FinWithoutEndOfTls, UNAVAILABLE, kTruncated, "first_byte", 3, kNone},
          {"RST", kRequest, Reset, UNAVAILABLE, kTruncated, "first_byte", 3, kNone},
          {"FIN", kHalfHead, Fin, UNAVAILABLE, kTruncated, "", 3, kNone},
          {"RST", kHalfHead, Reset, UNAVAILABLE, kTruncated, "", 3, kNone},
      },
      Upstream("pool: {idle: 0}"));
}

TEST_P(FaultTable, ConnectionsThatEndInTheReply) {
  RunInTurn({
      {"FIN", kHead, Fin, UNAVAILABLE, kTruncated, "", 3, kNone},
      {"FIN", kRole, Fin, UNAVAILABLE, kTruncated, "", 3, kNone},
      {"FIN", kMidStream, Fin, UNAVAILABLE, kTruncated, "", 1, kEstimated},
      {"FIN", kFinished, Fin, UNAVAILABLE, kTruncated, "", 1, kEstimated},
      {"FIN", kCounted, Fin, UNAVAILABLE, kTruncated, "", 1, kProvider},
      {"FIN", kEnded, Fin, OK, "", "", 1, kProvider},
      {"RST", kHead, Reset, UNAVAILABLE, kTruncated, "", 3, kNone},
      {"RST", kRole, Reset, UNAVAILABLE, kTruncated, "", 3, kNone},
      {"RST", kMidStream, Reset, UNAVAILABLE, kTruncated, "", 1, kEstimated},
      {"RST", kFinished, Reset, UNAVAILABLE, kTruncated, "", 1, kEstimated},
      {"RST", kCounted, Reset, UNAVAILABLE, kTruncated, "", 1, kProvider},
      {"RST", kEnded, Reset, OK, "", "", 1, kProvider},
      {"FIN without the end of TLS", kRole, FinWithoutEndOfTls, UNAVAILABLE, kTruncated, "", 3, kNone},
      {"FIN without the end of TLS", kMidStream, FinWithoutEndOfTls, UNAVAILABLE, kTruncated, "", 1, kEstimated},
      {"end of the body", kHead, EndOfBody, UNAVAILABLE, kTruncated, "", 3, kNone},
      {"end of the body", kRole, EndOfBody, UNAVAILABLE, kTruncated, "", 3, kNone},
      {"end of the body", kMidStream, EndOfBody, UNAVAILABLE, kTruncated, "", 1, kEstimated},
      {"end of the body", kFinished, EndOfBody, OK, "", "", 1, kNone},
      {"end of the body", kCounted, EndOfBody, OK, "", "", 1, kProvider},
      {"open connection", kEnded, Silence, OK, "", "", 1, kProvider, {}, {}, kSoon},
      {"FIN in a JSON string", kRole, CutText("half", "ha"), UNAVAILABLE, kTruncated, "", 3, kNone},
      {"FIN in a JSON string", kMidStream, CutText("half", "ha"), UNAVAILABLE, kTruncated, "", 1, kEstimated},
      {"FIN in a character", kRole, CutText("\xD0\xB9", "\xD0"), UNAVAILABLE, kTruncated, "", 3, kNone},
      {"FIN in a character", kMidStream, CutText("\xD0\xB9", "\xD0"), UNAVAILABLE, kTruncated, "", 1, kEstimated},
      {"FIN in a line's CRLF", kRole, CutInsideTheFirstCrlf, UNAVAILABLE, kTruncated, "", 3, kNone},
      {"FIN in a line's CRLF", kMidStream, CutInsideTheFirstCrlf, UNAVAILABLE, kTruncated, "", 1, kEstimated},
      {"FIN in an event's CRLF", kMidStream, CutInsideTheLastCrlf, UNAVAILABLE, kTruncated, "", 1, kEstimated},
      {"FIN in a chunk's CRLF", kRole, FinAfter("1\r"), UNAVAILABLE, kTruncated, "", 3, kNone},
      {"chunk size that is none", kRole, FinAfter("zz\r\n"), UNAVAILABLE, kTruncated, "", 3, kNone},
      {"chunk size that is none", kMidStream, FinAfter("zz\r\n"), UNAVAILABLE, kTruncated, "", 1, kEstimated},
  });
}

// Once an answer has begun, one that we cut short is paid for even if no output came of it.
TEST_P(FaultTable, Silence) {
  RunTogether(
      {
          {"silence", kRequest, Silence, UNAVAILABLE, kTimeout, "first_byte", 3, kNone},
          {"silence", kHalfHead, Silence, UNAVAILABLE, kTimeout, "idle", 3, kNone},
          {"silence", kRefusal, Silence, INTERNAL, "UPSTREAM_ERROR", "", 3, kNone},
          {"silence", kHead, Silence, UNAVAILABLE, kTimeout, "idle", 3, kEstimated},
          {"silence", kRole, Silence, UNAVAILABLE, kTimeout, "idle", 3, kEstimated},
          {"silence", kMidStream, Silence, UNAVAILABLE, kTimeout, "idle", 1, kEstimated},
          {"silence", kFinished, Silence, UNAVAILABLE, kTimeout, "idle", 1, kEstimated},
          {"silence", kCounted, Silence, UNAVAILABLE, kTimeout, "idle", 1, kProvider},
      },
      Upstream("timeouts: {first_byte: 400ms, idle: 700ms}"));
}

TEST_P(FaultTable, SignsOfLifeThatAreNoOutput) {
  const auto endless_comment = [](Attempt& a) {
    a.wire().SendChunk(":");
    FloodChunks(std::string(1000, 'x'))(a);
  };
  RunTogether(
      {
          {"silence", kHead, Silence, UNAVAILABLE, kTimeout, "first_output", 3, kEstimated},
          {"silence", kRole, Silence, UNAVAILABLE, kTimeout, "first_output", 3, kEstimated},
          {"comments", kHead, Trickle(": ping\n\n"), UNAVAILABLE, kTimeout, "first_output", 3, kEstimated},
          {"comments", kRole, Trickle(": ping\n\n"), UNAVAILABLE, kTimeout, "first_output", 3, kEstimated},
          {"role chunks", kHead, Trickle(Attempt::Event(chunks::Role())), UNAVAILABLE, kTimeout, "first_output", 3,
           kEstimated},
          {"blank lines", kHead, Trickle("\n\n"), UNAVAILABLE, kTimeout, "first_output", 3, kEstimated},
          {"endless comments", kRole, FloodChunks(Times(100, ": and more\n")), UNAVAILABLE, kTimeout, "first_output", 3,
           kEstimated},
          {"endless comment line", kRole, endless_comment, UNAVAILABLE, kTimeout, "first_output", 3, kEstimated},
          {"other events", kHead, Trickle("event: ping\ndata: {}\n\n"), UNAVAILABLE, kTimeout, "first_output", 3,
           kEstimated},
      },
      Upstream("timeouts: {first_output: 500ms}"));
}

TEST_P(FaultTable, TheTotalLimit) {
  RunTogether(
      {
          {"silence", kRequest, Silence, UNAVAILABLE, kTimeout, "total", 1, kNone},
          {"silence", kRole, Silence, UNAVAILABLE, kTimeout, "total", 1, kEstimated},
          {"comments", kMidStream, Trickle(": ping\n\n"), UNAVAILABLE, kTimeout, "total", 1, kEstimated},
          {"comments", kCounted, Trickle(": ping\n\n"), UNAVAILABLE, kTimeout, "total", 1, kProvider},
      },
      Upstream("timeouts: {total: 900ms}"));
}

TEST_P(FaultTable, TheCallersDeadline) {
  using std::chrono::milliseconds;
  // gRPC's client may know before the gateway tells it, so reason and usage cannot be looked at.
  RunTogether(
      {
          {"silence", kRequest, Silence, DEADLINE_EXCEEDED, nullptr, "", 1, kAny, {}, milliseconds(700)},
          {"silence", kRole, Silence, DEADLINE_EXCEEDED, nullptr, "", 1, kAny, {}, milliseconds(700)},
          {"silence", kMidStream, Silence, DEADLINE_EXCEEDED, nullptr, "", 1, kAny, {}, milliseconds(700)},
          {"comments", kMidStream, Trickle(": \n\n"), DEADLINE_EXCEEDED, nullptr, "", 1, kAny, {}, milliseconds(700)},
      },
      {});
}

// ---- Before a request. The stage's name says how far the connection comes.

constexpr Stage kConnect{"connect", [](Attempt&) {}};
constexpr Stage kTls{"TLS handshake", [](Attempt&) {}};
constexpr Stage kSend{"sending the request", [](Attempt&) {}};
constexpr char kUnreachable[] = "UPSTREAM_UNREACHABLE";

TEST_P(FaultTable, ConnectionRefused) {
  Options options;
  options.base_url = ScriptedUpstream([](const ReceivedRequest&, Conversation&) {}).Url("/v1");
  RunUnanswered({"refused", kConnect, Silence, UNAVAILABLE, kUnreachable, "connect", 3, kNone}, options);
}

TEST_P(FaultTable, ConnectionNeitherRefusedNorAccepted) {
  const fakes::BlackHole hole;
  Options options = Upstream("timeouts: {connect: 200ms}");
  options.base_url = absl::StrCat("http://127.0.0.1:", hole.port(), "/v1");
  RunUnanswered({"silence", kConnect, Silence, UNAVAILABLE, kTimeout, "connect", 3, kNone}, options);
}

TEST_P(FaultTable, HandshakeThatStalls) {
  RunUnanswered({"silence", kTls, Silence, UNAVAILABLE, kTimeout, "tls", 3, kNone}, Upstream("timeouts: {tls: 200ms}"),
                {.stall_handshake = true});
}

TEST_P(FaultTable, HandshakeThatIsCut) {
  // A server that does not speak TLS hangs up on the first message of it.
  const ScriptedUpstream plain([](const ReceivedRequest&, Conversation&) {});
  Options options;
  options.base_url = absl::StrCat("https://127.0.0.1:", plain.port(), "/v1");
  RunUnanswered({"FIN", kTls, Silence, UNAVAILABLE, kUnreachable, "tls", 3, kNone}, options);
}

// A body that does not fit the buffers of both kernels, to an upstream that does not read it.
class FaultySending : public FaultTable {
 protected:
  void Run(Row row, Options options = {}) {
    row.prompt = std::string(size_t{16} << 20, 'a');
    RunUnanswered(row, std::move(options), {.read_bodies = false});
  }
};
SLUICE_WITH_ENGINES(FaultySending);

TEST_P(FaultySending, ToAnUpstreamThatDoesNotRead) {
  Run({"silence", kSend, Silence, UNAVAILABLE, kTimeout, "send", 3, kNone}, Upstream("timeouts: {send: 300ms}"));
}

TEST_P(FaultySending, ToAnUpstreamThatResets) {
  Run({"RST", kSend, Reset, UNAVAILABLE, kTruncated, "send", 3, kNone}, Upstream("pool: {idle: 0}"));
}

TEST_P(FaultySending, ToAnUpstreamThatAnswersBeforeItHasReadAll) {
  const auto refuse = [](Attempt& a) {
    a.wire().SendReply(413, "");
    a.wire().DiscardInput();  // as servers do: closed with input unread, the reply could be lost
  };
  Run({"HTTP 413", kSend, refuse, INVALID_ARGUMENT, "UPSTREAM_INVALID_REQUEST", "", 1, kNone, {}, {}, kSoon});
}

TEST_P(FaultTable, CertificateExpired) {
  RunUnanswered({"certificate expired", kTls, Silence, UNAVAILABLE, kUnreachable, "tls", 3, kNone}, {},
                {.certificate = {.valid_for_seconds = -1}});
  EXPECT_EQ(upstream().counts().requests, 0);
}

TEST_P(FaultTable, CertificateForAnotherName) {
  RunUnanswered({"certificate for another name", kTls, Silence, UNAVAILABLE, kUnreachable, "tls", 3, kNone}, {},
                {.certificate = {.names = "DNS:elsewhere.example"}});
  EXPECT_EQ(upstream().counts().requests, 0);
}

TEST_P(FaultTable, CertificateOfAnUnknownAuthority) {
  Options options;
  options.ca_pem = fakes::Authority().Pem();
  RunUnanswered({"certificate of an unknown CA", kTls, Silence, UNAVAILABLE, kUnreachable, "tls", 3, kNone}, options);
  EXPECT_EQ(upstream().counts().requests, 0);
}

}  // namespace
}  // namespace sluice::integration
