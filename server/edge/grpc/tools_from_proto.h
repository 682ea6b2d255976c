#ifndef SLUICE_SERVER_EDGE_GRPC_TOOLS_FROM_PROTO_H_
#define SLUICE_SERVER_EDGE_GRPC_TOOLS_FROM_PROTO_H_

#include "server/chat/request.h"
#include "server/edge/grpc/violations.h"
#include "sluice/v1/chat_request.pb.h"

namespace sluice::edge {

// Moves the tools and what the model may choose among them. `place` is the request's own.
void TakeTools(v1::ChatRequest* proto, const Place& place, chat::Request* request, Violations& violations);

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_TOOLS_FROM_PROTO_H_
