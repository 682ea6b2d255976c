"""A streaming relay as one writes it with FastAPI: reads the upstream's events with httpx, parses each, sends its own.

usage: fastapi_relay.py PORT UPSTREAM
"""

import contextlib
import json
import sys
from collections.abc import AsyncIterator

import fastapi
import fastapi.responses
import httpx
import uvicorn

PORT, UPSTREAM = int(sys.argv[1]), sys.argv[2]
client = httpx.AsyncClient(base_url=UPSTREAM, timeout=None,
                           limits=httpx.Limits(max_connections=None, max_keepalive_connections=None))


@contextlib.asynccontextmanager
async def lifespan(_: fastapi.FastAPI) -> AsyncIterator[None]:
    yield
    await client.aclose()


app = fastapi.FastAPI(lifespan=lifespan)


def event(value: object) -> str:
    return f"data: {json.dumps(value, separators=(',', ':'))}\n\n"


async def relay(reply: httpx.Response) -> AsyncIterator[str]:
    try:
        async for line in reply.aiter_lines():
            if not line.startswith("data: "):
                continue
            data = line[6:]
            if data == "[DONE]":
                yield "data: [DONE]\n\n"
                continue  # to the body's end: else the connection could not be used again
            chunk = json.loads(data)
            yield event({"id": chunk["id"], "object": chunk["object"], "created": chunk["created"],
                         "model": chunk["model"], "choices": chunk["choices"], "usage": chunk.get("usage")})
    finally:
        await reply.aclose()


@app.post("/v1/chat/completions")
async def chat(request: fastapi.Request) -> fastapi.Response:
    body = await request.json()
    reply = await client.send(client.build_request("POST", "/v1/chat/completions", json=body), stream=True)
    if reply.status_code != 200:
        await reply.aread()
        return fastapi.Response(reply.content, reply.status_code)
    return fastapi.responses.StreamingResponse(relay(reply), media_type="text/event-stream")


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning", access_log=False)
