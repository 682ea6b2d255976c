"""An upstream that fails in three ways, by the first part of the path: /refuse, /page and /cut. Prints its port."""

import http.server
import json


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, content_type, body):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.reply(200, "application/json", b'{"object":"list","data":[]}')

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/refuse/"):
            error = {"message": "Incorrect API key", "type": "invalid_request_error", "code": "invalid_api_key"}
            self.reply(401, "application/json", json.dumps({"error": error}).encode())
        elif self.path.startswith("/page/"):
            self.reply(200, "text/html", b"<!doctype html><title>Welcome</title>")
        else:
            self.cut_in_half()

    def cut_in_half(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        choice = {"index": 0, "delta": {"content": "half an"}, "finish_reason": None}
        event = b"data: " + json.dumps({"id": "c", "model": "cut", "choices": [choice]}).encode() + b"\n\n"
        self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
        self.close_connection = True


if __name__ == "__main__":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
