"""Callers of a gateway through the contract's own stubs."""
import threading

import grpc
from sluice.v1 import chat_pb2_grpc, chat_request_pb2, message_pb2

BEGIN_SECONDS = 120
# No retries of gRPC's own, which would hide what the gateway answers; and a caller that probes the bandwidth takes in megabytes that
# nobody reads.
OPTIONS = [("grpc.enable_retries", 0), ("grpc.http2.bdp_probe", 0)]


def chat_request(model, prompt="so?", **more):
    user = message_pb2.Message(role=message_pb2.ROLE_USER, content=[message_pb2.ContentPart(text=prompt)])
    return chat_request_pb2.ChatRequest(model=model, messages=[user], **more)


class Callers:
    """Calls of a gateway, each in a thread. What is begun ends with close()."""

    def __init__(self, gateway, authority=None):
        address = f"localhost:{gateway.grpc}"
        if authority:
            self._channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(authority), OPTIONS)
        else:
            self._channel = grpc.insecure_channel(address, OPTIONS)
        self._stub = chat_pb2_grpc.ChatServiceStub(self._channel)
        self._stopped, self._threads = threading.Event(), []

    def call(self, model, read=lambda _: None):
        """One answer, read to its end; the code it ended with."""
        try:
            for response in self._stub.Chat(chat_request(model), timeout=600, wait_for_ready=True):
                read(response)
            return grpc.StatusCode.OK
        except grpc.RpcError as error:
            return error.code()

    def slowly(self, model):
        """Takes nothing off the answer for two seconds: the gateway has to pause its upstream."""
        rests = iter([2])
        return self.call(model, lambda _: self._stopped.wait(next(rests, 0)))

    def at_once(self, count, model):
        """So many calls at one time. What it returns waits until each has had something, or has ended."""
        begun = threading.Semaphore(0)

        def run():
            first = iter([begun.release])
            self.call(model, lambda _: next(first, lambda: None)())
            next(first, lambda: None)()

        def wait():
            if not all(begun.acquire(timeout=BEGIN_SECONDS) for _ in range(count)):
                raise RuntimeError(f"{count} calls of {model} were made, and not all have begun or ended")

        self._start(run, count)
        return wait

    def keep(self, model, count=1, every=0.0, times=None, call=None):
        """`count` threads that call again and again, `every` seconds, until close() or for so many times."""

        def run():
            left = times
            while left != 0 and not self._stopped.is_set():
                (call or self.call)(model)
                left = left and left - 1
                self._stopped.wait(every)

        self._start(run, count)

    def _start(self, run, count):
        for _ in range(count):
            self._threads.append(threading.Thread(target=run, daemon=True))
            self._threads[-1].start()

    def close(self):
        self._stopped.set()
        self._channel.close()
        for thread in self._threads:
            thread.join(30)
