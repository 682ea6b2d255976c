#!/usr/bin/env python3
"""The gateway's spans, sent to OpenTelemetry's own collector: it must take all, and print each as the call was: a caller's span, the
call's below it, an attempt that fails and one that answers below that. Builds the collector first (two minutes, once); 77 where its
modules cannot be had.

    run.py --gateway BINARY
"""
import argparse
import contextlib
import os
import pathlib
import re
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True
import go  # noqa: E402
import grpc  # noqa: E402
import render  # noqa: E402
from callers import chat_request  # noqa: E402
from gateway import Gateway  # noqa: E402
from process import Process, check_output  # noqa: E402
from sluice.v1 import chat_pb2_grpc  # noqa: E402
from table import skip  # noqa: E402
from upstream import Upstream  # noqa: E402

RECIPE = pathlib.Path(__file__).with_name("builder.yaml")
TOOLS = render.ROOT / ".build/tools/collector"
PROGRAM = TOOLS / "out/collector"
BUILDER = "go.opentelemetry.io/collector/cmd/builder@v0.165.0"
# What go says where it does not get a module; all else is our recipe's fault.
NOT_REACHED = ["dial tcp", "no such host", "connection refused", "i/o timeout", "404 Not Found", "410 Gone", "403 Forbidden", "502 Bad", "503 Service"]
TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def build():
    """The collector, by its own builder, of the parts that builder.yaml names."""
    shutil.rmtree(TOOLS, ignore_errors=True)
    TOOLS.mkdir(parents=True)
    shutil.copy(RECIPE, TOOLS)
    try:
        check_output("go", "install", BUILDER, cwd=TOOLS, env={**os.environ, "GOBIN": str(TOOLS)})
        check_output(TOOLS / "builder", "--config", RECIPE.name, cwd=TOOLS)
    except RuntimeError as error:
        if any(word in str(error) for word in NOT_REACHED):
            print(error)
            skip(f"the collector cannot be built: {str(error).splitlines()[-1]}")
        raise


class Collector(Process):
    """Prints what it takes."""

    def __init__(self, program, folder):
        config = folder / "collector.yaml"
        config.write_text(
            "receivers: {otlp: {protocols: {grpc: {endpoint: '127.0.0.1:0'}}}}\n"
            "exporters: {debug: {verbosity: detailed}}\n"
            "service: {telemetry: {metrics: {level: none}}, pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}\n"
        )
        super().__init__([program, "--config", config], "Everything is ready")

    def port(self):
        """Where it listens: it was told to take any port, and does not say which."""
        listing = check_output("ss", "-Hltnp")
        (port,) = re.findall(rf"127\.0\.0\.1:(\d+).*pid={self.pid},", listing)
        return int(port)

    def spans(self):
        """Each span as {field: text}, in the order they came."""
        blocks = re.split(r"^Span #\d+$", self.output(), flags=re.M)[1:]
        return [dict(re.findall(r"^\s+(?:-> )?([\w. ]+?)\s*: (.*)$", block, re.M)) for block in blocks]


def ask(gateway):
    """A call that comes with a caller's sampled trace; the first upstream is ill, so that it is asked twice."""
    request = chat_request("once_ill", "a prompt that nobody may read", max_tokens=50)
    with grpc.insecure_channel(gateway.address) as channel:
        list(chat_pb2_grpc.ChatServiceStub(channel).Chat(request, metadata=[("traceparent", f"00-{TRACE}-{CALLER}-01")], timeout=60))


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


def prove(binary, folder):
    with contextlib.ExitStack() as stack:
        upstream = stack.enter_context(Upstream())
        collector = stack.enter_context(Collector(PROGRAM, folder))
        gateway = Gateway(binary, folder / "gateway", {
            "upstreams": {"x": {"dialect": "openai", "base_url": upstream.url("once_ill"), "retry": {"base": "1ms"}}},
            "traces": {"endpoint": f"http://127.0.0.1:{collector.port()}", "sample": 0},
        })  # fmt: skip
        stack.callback(gateway.kill)
        ask(gateway)
        if status := gateway.stop():  # it sends its last spans
            yield f"the gateway ends with {status}"
        collector.close()  # it prints its last ones
        yield from problems(collector.spans())
        if "nobody may read" in collector.output():
            yield "a prompt is in a span"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gateway", required=True, type=lambda path: str(pathlib.Path(path).resolve()))
    arguments = parser.parse_args()
    go.demand()
    go.make(PROGRAM, BUILDER + RECIPE.read_text(), build)
    with tempfile.TemporaryDirectory() as folder:
        found = list(prove(arguments.gateway, pathlib.Path(folder)))
    print("\n".join(found) or "OpenTelemetry's collector took a caller's trace: the call, an attempt that failed, and one that answered")
    sys.exit(1 if found else 0)


main()
