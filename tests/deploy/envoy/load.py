"""Callers through Envoy. None of their calls is retried by gRPC: what Envoy lets through is what is counted."""
import asyncio
import collections
import time

import grpc
from sluice.v1 import chat_pb2_grpc, chat_request_pb2, message_pb2, models_pb2, models_pb2_grpc

CALL_SECONDS, WAIT_SECONDS = 60, 30
OK = grpc.StatusCode.OK


async def until(seen, what):
    """Waits for what only figures tell, of Envoy or of a gateway."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not seen():
        if time.monotonic() > deadline:
            raise RuntimeError(f"not seen within {WAIT_SECONDS} s: {what}")
        await asyncio.sleep(0.05)


class Answer(collections.namedtuple("Answer", "code text gap error")):
    """How a call ended, its text, and the longest time in seconds between two of its events."""

    def __str__(self):
        return f"{self.code.name}, longest gap {self.gap:.1f} s" + (f", {self.error}" if self.error else "")


class Connections:
    """Some channels to Envoy, with connections of their own."""

    def __init__(self, envoy, count=1):
        # A caller that probes the bandwidth may take in megabytes that nobody reads.
        options = [("grpc.enable_retries", 0), ("grpc.use_local_subchannel_pool", 1), ("grpc.http2.bdp_probe", 0)]
        self._channels = [grpc.aio.insecure_channel(f"127.0.0.1:{envoy.port}", options) for _ in range(count)]
        self._next = 0

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        for channel in self._channels:
            await channel.close()

    def channel(self):
        self._next += 1
        return self._channels[self._next % len(self._channels)]

    def begin(self, model, seconds=CALL_SECONDS, prompt="so?"):
        """A call whose answer nobody reads yet."""
        user = message_pb2.Message(role=message_pb2.ROLE_USER, content=[message_pb2.ContentPart(text=prompt)])
        stub = chat_pb2_grpc.ChatServiceStub(self.channel())
        return stub.Chat(chat_request_pb2.ChatRequest(model=model, messages=[user]), timeout=seconds)

    async def ask(self, model, seconds=CALL_SECONDS, prompt="so?"):
        """A call with its whole answer."""
        text, gap, last = "", 0.0, time.monotonic()
        try:
            async for response in self.begin(model, seconds, prompt):
                now = time.monotonic()
                gap, last, text = max(gap, now - last), now, text + response.delta.text
            return Answer(OK, text, gap, "")
        except grpc.aio.AioRpcError as error:
            return Answer(error.code(), text, gap, error.details())

    async def list_models(self):
        """A call of a millisecond: with many of them, some always meet a gateway in the moment in which it stops."""
        began = time.monotonic()
        try:
            await models_pb2_grpc.ModelServiceStub(self.channel()).ListModels(models_pb2.ListModelsRequest(), timeout=CALL_SECONDS)
            return Answer(OK, "", time.monotonic() - began, "")
        except grpc.aio.AioRpcError as error:
            return Answer(error.code(), "", time.monotonic() - began, error.details())


class Load:
    """`count` callers that call again and again from here to stop(). They begin one after the other within `spread` seconds."""

    def __init__(self, call, count, spread=0.0):
        self._call, self._stopped = call, False
        self.answers, self.open = [], 0
        self._tasks = [asyncio.create_task(self._run(spread * number / count)) for number in range(count)]

    async def _run(self, delay):
        await asyncio.sleep(delay)
        while not self._stopped:
            self.open += 1
            self.answers.append(await self._call())
            self.open -= 1

    async def more(self, count):
        """Waits for so many calls to end from now on."""
        wanted = len(self.answers) + count
        await until(lambda: len(self.answers) >= wanted, f"{count} more calls")

    async def stop(self):
        self._stopped = True
        await asyncio.gather(*self._tasks)
