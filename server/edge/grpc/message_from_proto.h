#ifndef SLUICE_SERVER_EDGE_GRPC_MESSAGE_FROM_PROTO_H_
#define SLUICE_SERVER_EDGE_GRPC_MESSAGE_FROM_PROTO_H_

#include "server/chat/message.h"
#include "server/edge/grpc/violations.h"
#include "sluice/v1/message.pb.h"

namespace sluice::edge {

// Takes one message of the conversation apart; texts and data are moved out of it. `place` is its own.
chat::Message MessageFromProto(v1::Message* proto, const Place& place, Violations& violations);

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_MESSAGE_FROM_PROTO_H_
