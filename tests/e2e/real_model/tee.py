"""A recording tee: a TCP relay that passes bytes on unchanged and keeps a copy of both directions.

The copy is made before the bytes are passed on, so whatever the receiver has seen is in the record.
"""

import asyncio
import dataclasses
import json
import threading


@dataclasses.dataclass
class Exchange:
    """One HTTP request and the reply to it, as they went over the wire."""

    place: tuple[int, int]  # which connection, and which request on it, from 0
    request_line: str
    request_body: bytes
    status: int
    reply_body: bytes


class Tee:
    def __init__(self, port: int):
        self._upstream_port = port
        self._connections: list[tuple[bytearray, bytearray]] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        start = asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(start, self._loop).result(10)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def exchanges(self) -> list[Exchange]:
        """All requests so far in the order of their connections, not of time, each with what its reply holds until now."""
        found = []
        for number, (sent, received) in enumerate(list(self._connections)):
            found += _split(number, bytes(sent), bytes(received))
        return found

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        record = (bytearray(), bytearray())
        self._connections.append(record)
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        await asyncio.gather(
            _relay(reader, upstream_writer, record[0]),
            _relay(upstream_reader, writer, record[1]),
            return_exceptions=True,
        )


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, record: bytearray) -> None:
    try:
        while data := await reader.read(65536):
            record += data
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


def _split(connection: int, sent: bytes, received: bytes) -> list[Exchange]:
    found = []
    while sent:
        request_line, headers, sent = _head(sent)
        length = int(headers.get("content-length", 0))
        request_body, sent = sent[:length], sent[length:]
        if b"\r\n\r\n" not in received:
            break
        status_line, headers, received = _head(received)
        if headers.get("transfer-encoding") == "chunked":
            reply_body, received = _chunks(received)
        else:
            length = int(headers.get("content-length", 0))
            reply_body, received = received[:length], received[length:]
        found.append(Exchange((connection, len(found)), request_line, request_body, int(status_line.split()[1]), reply_body))
    return found


def _head(data: bytes) -> tuple[str, dict[str, str], bytes]:
    head, _, rest = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.split(":", 1) for line in lines)
    return first, {name.lower(): value.strip() for name, value in pairs}, rest


def _chunks(data: bytes) -> tuple[bytes, bytes]:
    """The body of RFC 9112's chunked coding and what follows it; a body that is still on its way ends early."""
    body = b""
    while b"\r\n" in data:
        size_line, _, rest = data.partition(b"\r\n")
        size = int(size_line.split(b";")[0], 16)
        if len(rest) < size + 2:
            return body + rest[:size], b""
        body, data = body + rest[:size], rest[size + 2 :]
        if size == 0:
            break
    return body, data


def stream_chunks(body: bytes) -> list[dict]:
    """The JSON chunks of an OpenAI stream, read by the plain rules that this server keeps to; it must end in [DONE]."""
    events = [event for event in body.decode("utf-8").split("\n\n") if event.strip()]
    data = [event.removeprefix("data: ") for event in events if event.startswith("data: ")]
    assert data and data[-1] == "[DONE]", f"the model's stream has no end: {data[-1:]}"
    return [json.loads(text) for text in data[:-1]]
