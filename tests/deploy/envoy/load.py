"""Callers through Envoy. None of their calls is retried by gRPC: what Envoy lets through is what is counted."""
import asyncio
import collections
import time

import grpc
from callers import OPTIONS, chat_request
from sluice.v1 import chat_pb2_grpc, models_pb2, models_pb2_grpc

CALL_SECONDS, WAIT_SECONDS = 180, 120
OK = grpc.StatusCode.OK


async def until(seen, what):
    """Waits for what only figures tell, of Envoy or of a gateway, and returns it. They are asked in a thread, and the callers go on."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not (found := await asyncio.to_thread(seen)):
        if time.monotonic() > deadline:
            raise RuntimeError(f"not seen within {WAIT_SECONDS} s: {what}")
        await asyncio.sleep(0.05)
    return found


class Answer(collections.namedtuple("Answer", "code text gap error")):
    """How a call ended, its text, and the longest time in seconds between two of its events."""

    def __str__(self):
        return f"{self.code.name}, longest gap {self.gap:.1f} s" + (f", {self.error}" if self.error else "")


class Connections:
    """Some channels to Envoy, with connections of their own."""

    def __init__(self, envoy, count=1):
        options = [*OPTIONS, ("grpc.use_local_subchannel_pool", 1)]
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
        return chat_pb2_grpc.ChatServiceStub(self.channel()).Chat(chat_request(model, prompt), timeout=seconds)

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
        self.answers = []
        self._tasks = [asyncio.create_task(self._run(spread * number / count)) for number in range(count)]

    async def _run(self, delay):
        await asyncio.sleep(delay)
        while not self._stopped:
            self.answers.append(await self._call())

    async def more(self, count):
        """Waits for so many calls to end from now on."""
        wanted = len(self.answers) + count
        await until(lambda: len(self.answers) >= wanted, f"{count} more calls")

    async def stop(self):
        self._stopped = True
        await asyncio.gather(*self._tasks)
