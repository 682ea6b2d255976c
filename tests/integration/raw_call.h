#ifndef SLUICE_TESTS_INTEGRATION_RAW_CALL_H_
#define SLUICE_TESTS_INTEGRATION_RAW_CALL_H_

#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/impl/codegen/rpc_method.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/sync_stream.h>

#include <memory>
#include <string>
#include <vector>

#include "sluice/rpc/v1/health.pb.h"

namespace sluice::integration {

using HealthReader = grpc::ClientReader<rpc::v1::HealthCheckResponse>;

// grpc.health.v1.Health/Watch, for whose service Debian ships no stubs.
inline std::unique_ptr<HealthReader> WatchHealth(const std::shared_ptr<grpc::Channel>& channel,
                                                 grpc::ClientContext* context) {
  static const grpc::internal::RpcMethod method("/grpc.health.v1.Health/Watch",
                                                grpc::internal::RpcMethod::SERVER_STREAMING);
  return std::unique_ptr<HealthReader>(grpc::internal::ClientReaderFactory<rpc::v1::HealthCheckResponse>::Create(
      channel.get(), method, context, rpc::v1::HealthCheckRequest()));
}

// The bytes with which server reflection answers "list services".
inline std::string ListServices(const std::shared_ptr<grpc::Channel>& channel) {
  static const grpc::internal::RpcMethod method("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                                                grpc::internal::RpcMethod::BIDI_STREAMING);
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>> stream(
      grpc::internal::ClientReaderWriterFactory<grpc::ByteBuffer, grpc::ByteBuffer>::Create(channel.get(), method,
                                                                                            &context));
  const grpc::Slice request(std::string("\x3a\x01*"));  // ServerReflectionRequest{list_services: "*"}
  stream->Write(grpc::ByteBuffer(&request, 1));
  stream->WritesDone();
  grpc::ByteBuffer reply;
  std::string text;
  if (stream->Read(&reply)) {
    std::vector<grpc::Slice> slices;
    if (reply.Dump(&slices).ok()) {
      for (const grpc::Slice& slice : slices) text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
  }
  while (stream->Read(&reply)) {
  }
  static_cast<void>(stream->Finish());
  return text;
}

}  // namespace sluice::integration

#endif  // SLUICE_TESTS_INTEGRATION_RAW_CALL_H_
