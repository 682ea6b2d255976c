#ifndef SLUICE_SERVER_EDGE_GRPC_GATHERER_H_
#define SLUICE_SERVER_EDGE_GRPC_GATHERER_H_

#include "server/chat/event.h"
#include "server/exchange/exchange.h"
#include "sluice/v1/chat.pb.h"

namespace sluice::edge {

// Gathers the events of one chat into Complete's reply: exactly what a caller of Chat would put together.
class Gatherer {
 public:
  void Add(const exchange::Started& started);
  void Add(const chat::Warning& warning);
  void Add(const chat::Delta& delta);
  void Add(const chat::Annotation& annotation);
  void Add(const chat::Moderation& moderation);
  void Add(const chat::Finished& finished);
  void Add(const chat::Usage& usage);
  const v1::CompleteResponse& response() const { return response_; }
  size_t bytes() const {
    return bytes_;
  }  // of what deltas, annotations and moderations hold; the reply is somewhat larger

 private:
  // Choices come in any order and are kept by index, without holes.
  v1::CompletedChoice* Choice(int index);
  static void AddToolCall(const chat::ToolCallFragment& fragment, v1::CompletedChoice* choice);
  static void AddAudio(const chat::AudioFragment& fragment, v1::Audio* audio);

  v1::CompleteResponse response_;
  size_t bytes_ = 0;
};

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_GATHERER_H_
