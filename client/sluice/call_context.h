#ifndef SLUICE_CLIENT_SLUICE_CALL_CONTEXT_H_
#define SLUICE_CLIENT_SLUICE_CALL_CONTEXT_H_

#include <grpcpp/client_context.h>

#include "sluice/call_status.h"
#include "sluice/chat_stream.h"

namespace sluice {

// Writes the options into a call that has not started. Not installed: a detail of the library.
// Fails on metadata that HTTP/2 cannot carry, because gRPC aborts the process on it.
CallStatus Apply(const CallOptions& options, grpc::ClientContext* context);

}  // namespace sluice

#endif  // SLUICE_CLIENT_SLUICE_CALL_CONTEXT_H_
