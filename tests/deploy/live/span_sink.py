"""A trace collector that takes everything and keeps nothing."""
import concurrent.futures

import grpc

SERVICE = "opentelemetry.proto.collector.trace.v1.TraceService"


class SpanSink:
    def __init__(self):
        self._server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
        method = grpc.unary_unary_rpc_method_handler(lambda request, context: b"")  # bytes in, an empty message out
        self._server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, {"Export": method})])
        self.endpoint = f"http://127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def close(self):
        self._server.stop(None)
