"""An OpenAI-compatible upstream whose first part of the path says how it behaves. A process of its own: hundreds of streams would take
turns with their callers' code in one interpreter.

    upstream.py PORT KEY    runs it on that port of loopback; "keyed" wants this key. Says where it listens; a line on its standard input
                            lets go of what is held until then, and it ends with that input.
"""
import http.server
import json
import subprocess
import sys
import threading
import time
import urllib.request

from process import Process


def event(content, finish=None):
    choice = {"index": 0, "delta": {"content": content} if content else {}, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "c", "model": "m", "choices": [choice]}).encode() + b"\n\n"


USAGE = b'data: {"id":"c","model":"m","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":30,"total_tokens":42}}\n\n'
NUMBERED, NUMBERED_SECONDS, SILENCE_SECONDS = 40, 10, 6
BLOCKED_SECONDS = 1  # a write that takes so long waits for the gateway to read
ERRORS = {"denied": 401, "limited": 429, "ill": 503}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        listing = b'{"object":"list","data":[]}'
        self.unless_gone(lambda: self.reply(200, str(self.server.blocked()).encode() if self.path == "/blocked" else listing))

    def unless_gone(self, answer):
        """Gateways that are killed, and calls that are cancelled, are part of the run."""
        try:
            answer()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def reply(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        way = self.path.split("/")[1]
        self.unless_gone(self.refuse if way in ERRORS else getattr(self, way))

    def refuse(self):
        self.reply(ERRORS[self.path.split("/")[1]], b'{"error":{"message":"so it is","type":"error"}}')

    def begin(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def send(self, data):
        self.server.writes[self] = time.monotonic()
        try:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        finally:
            del self.server.writes[self]

    def end(self):
        self.send(event("", "stop") + USAGE + b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def pace(self, count, content, seconds=0.03):
        """So many deltas, one after the other."""
        for _ in range(count):
            self.send(event(content))
            time.sleep(seconds)

    def well(self):
        self.begin()
        self.pace(30, "word ")
        self.end()

    def keyed(self):
        if self.headers["Authorization"] == f"Bearer {self.server.key}":
            self.well()
        else:
            self.reply(401, b'{"error":{"message":"another key","type":"error"}}')

    def numbered(self):
        """Forty deltas in ten seconds, each of them its number."""
        self.begin()
        for number in range(NUMBERED):
            self.send(event(f"{number} "))
            time.sleep(NUMBERED_SECONDS / NUMBERED)
        self.end()

    def silent(self):
        """One delta, six seconds of nothing, and the end."""
        self.begin()
        self.send(event("well... "))
        time.sleep(SILENCE_SECONDS)
        self.end()

    def wide(self):
        """More than a slow caller takes: 8 MB."""
        self.begin()
        self.pace(128, "x" * 65536, 0)
        self.end()

    def cut(self):
        self.begin()
        self.pace(3, "half ")
        self.close_connection = True

    def once_ill(self):
        """Refuses the first request, and answers the next."""
        if not self.server.asked.is_set():
            self.server.asked.set()
            return self.reply(503, b'{"error":{"message":"so it is","type":"error"}}')
        self.well()

    def mute(self):
        """The head, and nothing more: the gateway's own timer ends it."""
        self.begin()
        self.rfile.read(1)
        self.close_connection = True

    def held(self):
        """One delta, and the end with the next release."""
        with self.server.releasing:
            self.begin()
            self.send(event("held"))
            self.server.releasing.wait()
        self.end()


class Server(http.server.ThreadingHTTPServer):
    request_queue_size, daemon_threads = 1024, True

    def __init__(self, port, key):
        super().__init__(("127.0.0.1", port), Handler)
        self.key, self.asked, self.releasing = key, threading.Event(), threading.Condition()
        self.writes = {}  # handler -> when its present write began

    def blocked(self):
        """How many streams wait for the gateway to read on."""
        return sum(time.monotonic() - began > BLOCKED_SECONDS for began in list(self.writes.values()))

    def release(self):
        with self.releasing:
            self.releasing.notify_all()

    def handle_error(self, request, client_address):
        """Gateways that are killed reset their connections."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Upstream(Process):
    """`before` is what the program is run by."""

    def __init__(self, port=0, key="", before=()):
        super().__init__([*before, sys.executable, "-B", __file__, port, key], r"listens on (\d+)", stdin=subprocess.PIPE)
        self._root = f"http://127.0.0.1:{self.ready[1]}"

    def url(self, way):
        return f"{self._root}/{way}/v1"

    def blocked(self):
        with urllib.request.urlopen(f"{self._root}/blocked", timeout=30) as reply:
            return int(reply.read())

    def release(self):
        self.tell("release")


def main():
    server = Server(int(sys.argv[1]), sys.argv[2])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"listens on {server.server_port}", flush=True)
    for _ in sys.stdin:
        server.release()


if __name__ == "__main__":
    main()
