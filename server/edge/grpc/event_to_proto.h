#ifndef SLUICE_SERVER_EDGE_GRPC_EVENT_TO_PROTO_H_
#define SLUICE_SERVER_EDGE_GRPC_EVENT_TO_PROTO_H_

#include "server/chat/event.h"
#include "server/exchange/exchange.h"
#include "sluice/v1/chat.pb.h"

namespace sluice::edge {

// Fill a cleared message of the contract from one event. FillDelta also takes one that holds an earlier delta, and
// overwrites all of it: strings keep their capacity.
void FillStarted(const exchange::Started& started, v1::Started* proto);
void FillDelta(const chat::Delta& delta, v1::Delta* proto);
void FillAnnotation(const chat::Annotation& annotation, v1::Annotation* proto);
void FillModeration(const chat::Moderation& moderation, v1::ModerationResult* proto);
void FillWarning(const chat::Warning& warning, v1::Warning* proto);
void FillFinished(const chat::Finished& finished, v1::Finished* proto);
void FillUsage(const chat::Usage& usage, v1::Usage* proto);
void FillLogprob(const chat::TokenLogprob& logprob, v1::TokenLogprob* proto);
v1::FinishReason ToProto(chat::FinishReason reason);
v1::ModerationSubject ToProto(chat::Moderation::Subject subject);

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_EVENT_TO_PROTO_H_
