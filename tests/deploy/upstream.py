"""An OpenAI-compatible upstream whose first part of the path says how it behaves.

    upstream.py PORT KEY    runs it on that port of loopback; "keyed" wants this key. Prints a line when it listens.
"""
import http.server
import json
import sys
import threading


def event(content, finish=None):
    choice = {"index": 0, "delta": {"content": content} if content else {}, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "c", "model": "m", "choices": [choice]}).encode() + b"\n\n"


USAGE = b'data: {"id":"c","model":"m","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":30,"total_tokens":42}}\n\n'
NUMBERED, SILENCE_SECONDS = 25, 6
ERRORS = {"denied": 401, "limited": 429, "ill": 503}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.unless_gone(lambda: self.reply(200, b'{"object":"list","data":[]}'))

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
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def end(self):
        self.send(event("", "stop") + USAGE + b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def pace(self, count, content, seconds=0.03):
        """So many deltas, one after the other; stop() ends it at once."""
        for _ in range(count):
            self.send(event(content))
            if self.server.stopped.wait(seconds):
                break

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
        """Twenty-five deltas in five seconds, each of them its number."""
        self.begin()
        for number in range(NUMBERED):
            self.send(event(f"{number} "))
            if self.server.stopped.wait(0.2):
                break
        self.end()

    def silent(self):
        """One delta, six seconds of nothing, and the end."""
        self.begin()
        self.send(event("well... "))
        self.server.stopped.wait(SILENCE_SECONDS)
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
        self.server.stopped.wait()
        self.close_connection = True

    def held(self):
        """One delta, and the end when release() allows it."""
        self.begin()
        self.send(event("held"))
        self.server.released.wait()
        self.end()


class Server(http.server.ThreadingHTTPServer):
    request_queue_size, daemon_threads = 1024, True

    def handle_error(self, request, client_address):
        """Gateways that are killed reset their connections."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Upstream:
    def __init__(self, port=0, key=""):
        self._server = Server(("127.0.0.1", port), Handler)
        self._server.key = key
        self._server.stopped, self._server.released, self._server.asked = (threading.Event() for _ in range(3))
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, way):
        return f"http://127.0.0.1:{self.port}/{way}/v1"

    def release(self):
        self._server.released.set()

    def close(self):
        self._server.stopped.set()
        self.release()
        self._server.shutdown()


if __name__ == "__main__":
    Upstream(int(sys.argv[1]), sys.argv[2])
    print("listens", flush=True)
    threading.Event().wait()
