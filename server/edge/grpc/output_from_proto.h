#ifndef SLUICE_SERVER_EDGE_GRPC_OUTPUT_FROM_PROTO_H_
#define SLUICE_SERVER_EDGE_GRPC_OUTPUT_FROM_PROTO_H_

#include "server/chat/request.h"
#include "server/edge/grpc/violations.h"
#include "sluice/v1/chat_request.pb.h"

namespace sluice::edge {

// Moves what the answer is to look like and to be made of: its format, modalities and voice, what it is expected to
// say, whether it is judged, and where the model may search for it. `place` is the request's own.
void TakeOutput(v1::ChatRequest* proto, const Place& place, chat::Request* request, Violations& violations);

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_OUTPUT_FROM_PROTO_H_
