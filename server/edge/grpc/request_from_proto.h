#ifndef SLUICE_SERVER_EDGE_GRPC_REQUEST_FROM_PROTO_H_
#define SLUICE_SERVER_EDGE_GRPC_REQUEST_FROM_PROTO_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "server/chat/error.h"
#include "server/chat/request.h"
#include "sluice/v1/chat.pb.h"

namespace sluice::edge {

// Takes the contract's request apart into the plain one; texts are moved, not copied. Whatever this gateway does not
// carry upstream (a part of the contract without a translation, an enum value or field of a newer contract) is added
// to `violations` by its path: nothing that a caller set is dropped in silence.
chat::Request RequestFromProto(v1::ChatRequest* proto, std::vector<chat::FieldViolation>* violations);

// How often the caller wants to hear that its stream is alive; a value out of range is a violation.
std::optional<absl::Duration> HeartbeatInterval(const v1::ChatRequest& proto,
                                                std::vector<chat::FieldViolation>* violations);

// Adds a violation if `message` has a field that this build does not know. `path` is the message's own.
void RefuseUnknownFields(const google::protobuf::Message& message, absl::string_view path,
                         std::vector<chat::FieldViolation>* violations);

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_REQUEST_FROM_PROTO_H_
