#ifndef SLUICE_SERVER_DIALECT_EMITTER_H_
#define SLUICE_SERVER_DIALECT_EMITTER_H_

#include <string>

#include "server/chat/event.h"
#include "server/json/tape.h"

namespace sluice::dialect {

// The answer's name tags. The first that says something wins: relays change them, or leave them empty.
class AnswerIdentity {
 public:
  void Learn(json::Value id, json::Value model) {
    if (id_.empty()) Keep(id, id_);
    if (model_.empty()) Keep(model, model_);
  }
  // What is no output can wait until the answer has a name.
  bool known() const { return !id_.empty() || !model_.empty(); }
  // To be called before anything else goes out; does nothing the second time.
  void Announce(chat::EventSink& sink) {
    if (announced_) return;
    announced_ = true;
    sink.OnIdentity({id_, model_});
  }

 private:
  static void Keep(json::Value value, std::string& out) {
    const absl::string_view text = value.AsString();
    out.assign(text.data(), text.size());
  }

  std::string id_;
  std::string model_;
  bool announced_ = false;
};

// Hands events to the sink, and the identity before the first of them. Lives for one call of the decoder.
class Emitter {
 public:
  Emitter(AnswerIdentity& identity, chat::EventSink& sink) : identity_(identity), sink_(sink) {}
  void Emit(const chat::Delta& delta) {
    identity_.Announce(sink_);
    sink_.OnDelta(delta);
  }
  void Emit(const chat::Annotation& annotation) {
    identity_.Announce(sink_);
    sink_.OnAnnotation(annotation);
  }
  void Emit(const chat::Moderation& moderation) {
    identity_.Announce(sink_);
    sink_.OnModeration(moderation);
  }

 private:
  AnswerIdentity& identity_;
  chat::EventSink& sink_;
};

}  // namespace sluice::dialect

#endif  // SLUICE_SERVER_DIALECT_EMITTER_H_
