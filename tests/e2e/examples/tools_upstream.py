"""An upstream with one fixed conversation: it calls a tool, in pieces, and its answer tells what came back.

Prints its port. A request that is not the next turn of that conversation is refused with status 400, and the
reason printed to standard error.
"""

import http.server
import json
import sys

CALL = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Lisbon"}'}}


def first_turn(request):
    assert request["tool_choice"] == "required", "the first turn has to require the tool"
    schema = request["tools"][0]["function"]["parameters"]
    assert schema["required"] == ["city"], "the tool has no schema"
    head = {"index": 0, **CALL, "function": {"name": "get_weather", "arguments": ""}}
    pieces = [{"index": 0, "function": {"arguments": piece}} for piece in ('{"ci', 'ty": "Lis', 'bon"}')]
    return [({"role": "assistant", "tool_calls": [head]}, None), *(({"tool_calls": [piece]}, None) for piece in pieces),
            ({}, "tool_calls")]


def second_turn(request):
    _, asked, result = request["messages"]
    assert request["tool_choice"] == "none", "the second turn has to be an answer"
    assert (asked["role"], asked["tool_calls"]) == ("assistant", [CALL]), f"not the call that was made: {asked}"
    assert (result["role"], result["tool_call_id"]) == ("tool", CALL["id"]), f"not that call's result: {result}"
    weather = json.loads(result["content"])
    return [({"content": f"{weather['degrees']} degrees"}, None), ({"content": f" and {weather['sky']}."}, "stop")]


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
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            choices = first_turn(request) if len(request["messages"]) == 1 else second_turn(request)
        except (AssertionError, LookupError, ValueError) as wrong:
            print(f"tools_upstream: {wrong!r}", file=sys.stderr)
            error = {"message": "not the next turn", "type": "invalid_request_error"}
            self.reply(400, "application/json", json.dumps({"error": error}).encode())
            return
        events = [{"id": "c", "model": request["model"], "choices": [{"index": 0, "delta": delta, "finish_reason": end}]}
                  for delta, end in choices]
        body = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
        self.reply(200, "text/event-stream", body.encode())


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
