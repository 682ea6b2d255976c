#ifndef SLUICE_SERVER_EDGE_GRPC_UPSTREAM_KEY_H_
#define SLUICE_SERVER_EDGE_GRPC_UPSTREAM_KEY_H_

#include <grpcpp/support/string_ref.h>

#include <map>
#include <optional>

#include "server/chat/error.h"

namespace sluice::edge {

// The metadata in which a caller may send a key of its own for the upstream.
inline constexpr char kUpstreamKey[] = "x-sluice-upstream-key";

// Why the key in a call's metadata, if there is one, is none that can be sent. The error does not show it. Whether the
// upstream takes a caller's key at all is the exchange's to say.
std::optional<chat::Error> FaultOfUpstreamKey(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata);

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_UPSTREAM_KEY_H_
