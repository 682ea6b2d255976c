#ifndef SLUICE_TESTS_INTEGRATION_FAULT_TABLE_SCRIPTS_H_
#define SLUICE_TESTS_INTEGRATION_FAULT_TABLE_SCRIPTS_H_

#include "tests/integration/fault_table.h"

// What the rows of the fault table are put together from: how far an attempt comes, and what then happens to it.
namespace sluice::integration {

// How far an answer comes. The first output is the line between what is tried again and what is not.
inline constexpr Stage kRequest{"before first byte", [](Attempt&) {}};
inline constexpr Stage kHalfHead{"half of the head",
                                 [](Attempt& a) { a.wire().SendRaw("HTTP/1.1 200 OK\r\nContent-Ty"); }};
inline constexpr Stage kRefusal{"page of HTTP 500", [](Attempt& a) {
                                  a.wire().SendHead(500, {{"Content-Length", "1000"}});
                                }};
inline constexpr Stage kHead{"head", [](Attempt& a) { a.Head(); }};
inline constexpr Stage kRole{"role chunk", [](Attempt& a) {
                               a.Head();
                               a.Role();
                             }};
inline constexpr Stage kMidStream{"mid-stream", [](Attempt& a) {
                                    a.Head();
                                    a.Role();
                                    a.Texts(3);
                                  }};
inline constexpr Stage kFinished{"after finish_reason", [](Attempt& a) {
                                   kMidStream.reach(a);
                                   a.Finish();
                                 }};
inline constexpr Stage kCounted{"after usage", [](Attempt& a) {
                                  kFinished.reach(a);
                                  a.Usage();
                                }};
inline constexpr Stage kEnded{"after the end mark", [](Attempt& a) {
                                kCounted.reach(a);
                                a.Done();
                              }};

// The connection ends, or does not.
inline void Fin(Attempt& a) {
  a.wire().Close();
  a.WaitForClose();
}
inline void FinWithoutEndOfTls(Attempt& a) {
  a.wire().Drop();
  a.WaitForClose();
}
inline void Reset(Attempt& a) { a.wire().Reset(); }
inline void Silence(Attempt& a) { a.WaitForClose(); }
inline void EndOfBody(Attempt& a) { a.wire().EndChunks(); }

inline std::string Times(int count, absl::string_view text) {
  std::string all;
  for (int i = 0; i < count; ++i) absl::StrAppend(&all, text);
  return all;
}

// Send again and again until the gateway closes: as fast as it goes, raw or as a piece of the answer; or with 20 ms of
// silence between.
inline Script Flood(std::string bytes) {
  return [bytes](Attempt& a) {
    while (a.wire().SendRaw(bytes)) {
    }
  };
}
inline Script FloodChunks(std::string text) {
  return [text](Attempt& a) {
    while (a.wire().SendChunk(text)) {
    }
  };
}
inline Script Trickle(std::string event) {
  return [event](Attempt& a) {
    while (a.wire().SendChunk(event) && !a.wire().WaitClosedByPeer(20)) {
    }
  };
}

// Sends these bytes of an open answer, and the connection ends.
inline Script FinAfter(std::string bytes) {
  return [bytes](Attempt& a) {
    a.wire().SendRaw(bytes);
    Fin(a);
  };
}

// One event in the stream, whose connection then stays open: closing it is up to the gateway.
inline Script Sends(std::string data) {
  return [data](Attempt& a) {
    a.wire().SendSse(data);
    a.WaitForClose();
  };
}

// A text and what follows it in one write, and so in one read.
inline Script TextAnd(std::string events) {
  return [events](Attempt& a) {
    a.wire().SendChunk(a.TextEvent() + events);
    a.WaitForClose();
  };
}

// A whole reply, whatever was asked.
inline Script Replies(int status, std::string body = "", Conversation::Headers headers = {}) {
  return [=](Attempt& a) { a.wire().SendReply(status, body, headers); };
}

inline Script RepliesJson(std::string body) {
  return Replies(200, std::move(body), {{"Content-Type", "application/json"}});
}

}  // namespace sluice::integration

#endif  // SLUICE_TESTS_INTEGRATION_FAULT_TABLE_SCRIPTS_H_
