#ifndef SLUICE_SERVER_EDGE_GRPC_ERROR_TO_STATUS_H_
#define SLUICE_SERVER_EDGE_GRPC_ERROR_TO_STATUS_H_

#include <grpcpp/support/status.h>

#include "server/chat/error.h"
#include "sluice/v1/chat.pb.h"

namespace sluice::edge {

// The gRPC status of an error: code, our message, and in grpc-status-details-bin a google.rpc.Status with ErrorInfo
// (domain "sluice"), RetryInfo where a delay is known, BadRequest where fields are at fault, and the usage if there is
// one that no event could carry.
grpc::Status ErrorToStatus(const chat::Error& error, const v1::Usage* usage = nullptr);

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_ERROR_TO_STATUS_H_
