#!/usr/bin/env python3
"""The gateway's spans, sent to OpenTelemetry's own collector: it must take all, and print each as the call was: a caller's span, the
call's below it, an attempt that fails and one that answers below that. Builds the collector first (two minutes, once); 77 where its
modules cannot be had.

    run.py --gateway BINARY
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True
from gateway import Gateway  # noqa: E402
from sluice.v1 import chat_pb2_grpc, chat_request_pb2, message_pb2  # noqa: E402
from upstream import Upstream  # noqa: E402

import grpc  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
TOOLS = HERE.parents[2] / ".build/tools/collector"
BUILDER = "go.opentelemetry.io/collector/cmd/builder@v0.165.0"
# What go says where it does not get a module; all else is our recipe's fault.
NOT_REACHED = ["dial tcp", "no such host", "connection refused", "i/o timeout", "404 Not Found", "410 Gone", "403 Forbidden", "502 Bad", "503 Service"]
TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
START_SECONDS, SPANS_SECONDS = 60, 30


def install():
    """The collector, made by its own builder of the parts that builder.yaml names."""
    program, stamp, recipe = TOOLS / "out/collector", TOOLS / "builder.yaml", (HERE / "builder.yaml").read_text()
    if program.exists() and stamp.exists() and stamp.read_text() == recipe:
        return program
    shutil.rmtree(TOOLS, ignore_errors=True)
    TOOLS.mkdir(parents=True)
    (TOOLS / "recipe.yaml").write_text(recipe)
    for command in (["go", "install", BUILDER], [TOOLS / "builder", "--config", "recipe.yaml"]):
        done = subprocess.run(command, cwd=TOOLS, capture_output=True, text=True, env={**os.environ, "GOBIN": str(TOOLS)})
        if done.returncode:
            told = (done.stdout + done.stderr).strip()
            print(f"{told}\nthe collector cannot be built: {told.splitlines()[-1]}")
            sys.exit(77 if any(word in told for word in NOT_REACHED) else 1)
    stamp.write_text(recipe)
    return program


class Collector:
    """Prints what it takes on its standard error, which is gathered here."""

    def __init__(self, program, folder):
        config = folder / "collector.yaml"
        config.write_text(
            "receivers: {otlp: {protocols: {grpc: {endpoint: '127.0.0.1:0'}}}}\n"
            "exporters: {debug: {verbosity: detailed}}\n"
            "service: {telemetry: {metrics: {level: none}}, pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}\n"
        )
        self._process = subprocess.Popen([program, "--config", config], stderr=subprocess.PIPE, text=True)
        self._said, self._changed = "", threading.Condition()
        threading.Thread(target=self._follow, daemon=True).start()
        if not self.wait("Everything is ready", START_SECONDS):
            raise RuntimeError(f"the collector did not start: {self._said[-1000:]}")

    def _follow(self):
        for line in self._process.stderr:
            with self._changed:
                self._said += line
                self._changed.notify_all()

    def port(self):
        """Where it listens: it was told to take any port, and does not say which."""
        listing = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True, check=True).stdout
        (port,) = re.findall(rf"127\.0\.0\.1:(\d+).*pid={self._process.pid},", listing)
        return int(port)

    def wait(self, text, seconds=SPANS_SECONDS, times=1):
        with self._changed:
            return self._changed.wait_for(lambda: self._said.count(text) >= times, seconds)

    def said(self, text):
        return text in self._said

    def spans(self):
        """Each span as {field: text}, in the order they came."""
        blocks = re.split(r"^Span #\d+$", self._said, flags=re.M)[1:]
        return [dict(re.findall(r"^\s+(?:-> )?([\w. ]+?)\s*: (.*)$", block, re.M)) for block in blocks]

    def close(self):
        self._process.terminate()
        self._process.wait(30)


def ask(gateway):
    """A call that comes with a caller's sampled trace; the first upstream is ill, so that it is asked twice."""
    user = message_pb2.Message(role=message_pb2.ROLE_USER, content=[message_pb2.ContentPart(text="a prompt that nobody may read")])
    with grpc.insecure_channel(f"127.0.0.1:{gateway.grpc}") as channel:
        request = chat_request_pb2.ChatRequest(model="once_ill", messages=[user], max_tokens=50)
        return list(chat_pb2_grpc.ChatServiceStub(channel).Chat(request, metadata=[("traceparent", f"00-{TRACE}-{CALLER}-01")], timeout=60))


def problems(spans):
    if len(spans) != 3:
        return [f"{len(spans)} spans came, not 3"]
    failed, answered, call = spans
    expected = [
        (call, {"Trace ID": TRACE, "Parent ID": CALLER, "Kind": "Server", "Status code": "Unset", "rpc.grpc.status_code": "Int(0)"}),
        (failed, {"Trace ID": TRACE, "Parent ID": call["ID"], "Kind": "Client", "Status code": "Error", "error.type": "Str(overloaded)"}),
        (answered, {"Trace ID": TRACE, "Parent ID": call["ID"], "Kind": "Client", "Status code": "Unset", "sluice.attempt": "Int(2)"}),
        (answered, {"gen_ai.request.model": "Str(once_ill)", "gen_ai.usage.output_tokens": "Int(30)", "gen_ai.request.max_tokens": "Int(50)"}),
        (answered, {"gen_ai.response.finish_reasons": 'Slice(["stop"])', "http.response.status_code": "Int(200)"}),
    ]
    found = [
        f"{span['Name']}: {name} is {span.get(name)}, not {value}"
        for span, fields in expected
        for name, value in fields.items()
        if span.get(name) != value
    ]
    if len({span["ID"] for span in spans}) != 3:
        found.append("spans share an id")
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gateway", required=True, type=lambda path: str(pathlib.Path(path).resolve()))
    arguments, program = parser.parse_args(), install()
    upstream = Upstream()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        collector = Collector(program, folder)
        gateway = Gateway(arguments.gateway, folder / "gateway", {
            "upstreams": {"x": {"dialect": "openai", "base_url": upstream.url("once_ill"), "retry": {"base": "1ms"}}},
            "traces": {"endpoint": f"http://127.0.0.1:{collector.port()}", "sample": 0},
        })  # fmt: skip
        try:
            ask(gateway)
            collector.wait("Span #2")
            gateway.stop()  # after it nothing more comes
            found = problems(collector.spans())
            if collector.said("nobody may read"):
                found.append("a prompt is in a span")
        finally:
            gateway.kill()
            collector.close()
            upstream.close()
    print("\n".join(found) or "OpenTelemetry's collector took a caller's trace: the call, an attempt that failed, and one that answered")
    sys.exit(1 if found else 0)


main()
