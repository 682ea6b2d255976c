#!/usr/bin/env python3
"""Two gateways behind a real Envoy with deploy/envoy/envoy.yaml: a long silence is not cut (and is, with Envoy's defaults scaled down), calls
are shared out, and a rolling restart under 500 open streams fails no call. Prints a table.

    run.py --gateway BINARY
"""
import argparse
import asyncio
import collections
import pathlib
import re
import sys
import tempfile
import time

import grpc

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True
from proxy import Envoy  # noqa: E402
from sluice.v1 import chat_pb2_grpc, chat_request_pb2, message_pb2  # noqa: E402

from gateway import Gateway  # noqa: E402
from upstream import NUMBERED, Upstream  # noqa: E402

STREAMS, CONNECTIONS, ROUNDS = 500, 5, 2
WHOLE = "".join(f"{number} " for number in range(NUMBERED))
CALL_SECONDS = 60
Answer = collections.namedtuple("Answer", "code text gap upstream_error")


async def ask(stub, model):
    """One answer, the longest time between two of its messages, and what went wrong."""
    user = message_pb2.Message(role=message_pb2.ROLE_USER, content=[message_pb2.ContentPart(text="so?")])
    text, gap, last = "", 0.0, time.monotonic()
    try:
        async for response in stub.Chat(chat_request_pb2.ChatRequest(model=model, messages=[user]), timeout=CALL_SECONDS):
            now = time.monotonic()
            gap, last, text = max(gap, now - last), now, text + response.delta.text
        return Answer(grpc.StatusCode.OK, text, gap, "")
    except grpc.aio.AioRpcError as error:
        return Answer(error.code(), text, gap, error.details())


def connect(envoy):
    """No retries of gRPC's own: what Envoy lets through is what is counted."""
    channels = [
        grpc.aio.insecure_channel(f"127.0.0.1:{envoy.port}", [("grpc.enable_retries", 0), ("grpc.use_local_subchannel_pool", 1)])
        for _ in range(CONNECTIONS)
    ]
    return channels, [chat_pb2_grpc.ChatServiceStub(channel) for channel in channels]


async def one(envoy, model):
    channels, stubs = connect(envoy)
    answer = await ask(stubs[0], model)
    for channel in channels:
        await channel.close()
    return answer


def calls_ended(gateway):
    return sum(int(float(count)) for count in re.findall(r'^sluice_calls_total\{[^}]*code="OK"[^}]*\} (\S+)', gateway.metrics().decode(), re.M))


class Load:
    """So many streams at all times, each begun when the one before it has ended, until stop()."""

    def __init__(self, envoy):
        self._channels, self._stubs = connect(envoy)
        self.answers, self.open, self._stopped = [], 0, False
        self._tasks = [asyncio.create_task(self._run(self._stubs[number % CONNECTIONS])) for number in range(STREAMS)]

    async def _run(self, stub):
        while not self._stopped:
            self.open += 1
            self.answers.append(await ask(stub, "numbered"))
            self.open -= 1

    async def stop(self):
        self._stopped = True
        await asyncio.gather(*self._tasks)
        for channel in self._channels:
            await channel.close()

    def failed(self):
        return [answer for answer in self.answers if answer.code != grpc.StatusCode.OK or answer.text != WHOLE]


async def healthy(envoy, count):
    """Waits until Envoy, which looks every two seconds, sees so many gateways healthy."""
    for _ in range(150):
        (cluster,) = [each for each in envoy.ask("clusters?format=json")["cluster_statuses"] if each["name"] == "sluice"]
        hosts = [host["health_status"].get("failed_active_health_check", False) for host in cluster["host_statuses"]]
        if hosts.count(False) == count:
            return
        await asyncio.sleep(0.1)
    raise RuntimeError(f"Envoy does not see {count} healthy gateways")


class Report:
    def __init__(self):
        self.failed = 0

    def line(self, ok, what, seen):
        self.failed += not ok
        print(f"{'ok' if ok else 'FAILED':6}  {what:70}  {seen}", flush=True)


async def silence(report, folder, ports):
    """The counter-tests have Envoy's own defaults, 15 s and 5 min, scaled down to 2 s: they show that this test can fail."""

    def short_timeout(route, _):
        route["timeout"] = "2s"

    def short_idle(_, manager):
        manager["stream_idle_timeout"] = "2s"

    cases = [
        ("recommended", None, True, "six seconds of silence, recommended settings"),
        ("timeout", short_timeout, False, "the same, with a route's timeout (of 2 s): cut"),
        ("idle", short_idle, False, "the same, with a stream's idle timeout (of 2 s): cut"),
    ]
    for name, change, lives, what in cases:
        envoy = Envoy(folder / name, ports, change)
        try:
            answer = await one(envoy, "silent")
        finally:
            envoy.close()
        told = f"{answer.code.name}, longest gap {answer.gap:.1f} s {answer.upstream_error}"
        report.line((answer.code == grpc.StatusCode.OK and answer.gap > 5) == lives, what, told)


async def balance(report, envoy, gateways):
    before = [calls_ended(gateway) for gateway in gateways]
    channels, stubs = connect(envoy)
    await asyncio.gather(*(ask(stubs[number % CONNECTIONS], "well") for number in range(200)))
    for channel in channels:
        await channel.close()
    shares = [calls_ended(gateway) - was for gateway, was in zip(gateways, before)]
    report.line(sum(shares) == 200 and min(shares) >= 70, "200 calls on five connections, two gateways", f"{shares[0]} and {shares[1]} calls")


async def rolling_restart(report, envoy, gateways):
    """Each gateway in turn gets SIGTERM with its streams open, ends when they have, and comes back; twice."""
    load, drains, carried = Load(envoy), [], []
    while load.open < STREAMS or len(load.answers) < STREAMS:
        await asyncio.sleep(0.1)
    for gateway in gateways * ROUNDS:
        carried.append(load.open)
        began = time.monotonic()
        status = await asyncio.to_thread(gateway.stop)
        drains.append(time.monotonic() - began)
        report.line(status == 0, "a gateway stopped under load", f"status {status} after {drains[-1]:.1f} s, {carried[-1]} streams open")
        await asyncio.to_thread(gateway.start)
        await healthy(envoy, 2)
    await load.stop()
    failed = load.failed()
    told = f"{len(load.answers)} calls, {len(failed)} failed, longest gap {max(answer.gap for answer in load.answers):.2f} s"
    report.line(not failed and min(carried) >= STREAMS * 0.9, f"rolling restart, {STREAMS} streams open, {len(drains)} restarts", told)
    for (code, error), count in collections.Counter((answer.code.name, answer.upstream_error) for answer in failed).items():
        print(f"        {count} x {code}: {error}")


async def run(binary, folder, report):
    upstream = Upstream()
    config = {
        "upstreams": {way: {"dialect": "openai", "base_url": upstream.url(way)} for way in ("well", "numbered", "silent")},
        "routes": [{"models": [way], "upstream": way} for way in ("well", "numbered", "silent")],
    }
    gateways = [Gateway(binary, folder / name, config) for name in ("a", "b")]
    try:
        ports = [gateway.grpc for gateway in gateways]
        await silence(report, folder, ports)
        envoy = Envoy(folder / "envoy", ports)
        try:
            await healthy(envoy, 2)
            await balance(report, envoy, gateways)
            await rolling_restart(report, envoy, gateways)
        finally:
            envoy.close()
    finally:
        for gateway in gateways:
            gateway.kill()
        upstream.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gateway", required=True, type=lambda path: str(pathlib.Path(path).resolve()))
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(parser.parse_args().gateway, pathlib.Path(folder), report))
    sys.exit(1 if report.failed else 0)


main()
