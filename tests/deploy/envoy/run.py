#!/usr/bin/env python3
"""Two gateways behind a real Envoy with deploy/envoy/envoy.yaml: silence is not cut, callers that stop reading hold up nobody, large
requests survive a gateway that is gone, calls are shared out, a drain and rolling restarts under 500 open streams fail no call. Timeouts
and bounds that Envoy has otherwise are seen to fail. Prints a table; status 77 where there is no Envoy to be had. Wants the packages and
stubs of tests/deploy/install.sh.

    run.py --gateway BINARY
"""
import argparse
import asyncio
import collections
import itertools
import json
import pathlib
import re
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True
import proxy  # noqa: E402
import grpc  # noqa: E402
from load import OK, Connections, Load, until  # noqa: E402
from names import Names  # noqa: E402

import machine  # noqa: E402
from gateway import Gateway  # noqa: E402
from peers.base import Unavailable  # noqa: E402
from table import Report  # noqa: E402
from upstream import NUMBERED, SILENCE_SECONDS, Upstream  # noqa: E402

WAYS = ("well", "numbered", "silent", "wide", "held")
WHOLE = "".join(f"{number} " for number in range(NUMBERED))
STREAM_SECONDS, STREAMS, CONNECTIONS, ROUNDS = 5, 500, 5, 2
BALANCED, LEAST_SHARE = 200, 70  # draws by chance alone would miss it once in 60,000 runs
PRE_STOP_SECONDS = 5
STALLED, QUICK, HELD, LARGE = 60, 40, 20, 4 << 20


class CallReport(Report):
    def calls(self, ok, what, answers, text, told):
        """A line about many calls, each of which must have ended well with this text; then what went wrong."""
        failed = [answer for answer in answers if answer.code != OK or answer.text != text]
        gap = max(answer.gap for answer in answers)
        self.line(ok and not failed, what, f"{len(answers)} calls, {len(failed)} failed, longest wait {gap:.2f} s, {told}")
        for (code, error), count in collections.Counter((answer.code.name, answer.error) for answer in failed).items():
            print(f"        {count} x {code}: {error or 'an answer in part'}")


def metric(gateway, name, labels=""):
    """The sum of a metric's values, of those whose labels contain this text."""
    values = re.findall(rf"^{name}\{{[^}}]*{re.escape(labels)}[^}}]*\}} (\S+)", gateway.metrics().decode(), re.M)
    return sum(int(float(value)) for value in values)


def open_streams(gateway, upstream):
    return metric(gateway, "sluice_open_streams", f'upstream="{upstream}"')


def served(gateways):
    return [metric(gateway, "sluice_calls_total", 'code="OK"') for gateway in gateways]


def attempts(gateway, upstream):
    """How often all processes of a gateway asked an upstream, by their access lines."""
    lines = (json.loads(line) for line in gateway.log().splitlines() if '"msg":"call"' in line)
    return sum(line["attempts"] for line in lines if line["upstream"] == upstream)


class Proofs:
    def __init__(self, binary, gateway, config, folder, gateways, upstream, report):
        self._binary, self._gateway, self._config, self._folder = binary, gateway, config, folder
        self._gateways, self._upstream, self._report = gateways, upstream, report

    def envoy(self, name, spoil=None, ports=None):
        return proxy.Envoy(self._binary, self._folder / name, ports or [gateway.grpc for gateway in self._gateways], spoil)

    async def run(self):
        await self.silence()
        await self.stalled()
        await self.large()
        envoy = self.envoy("recommended")
        try:
            await envoy.healthy(2)
            await self.balance(envoy)
            await self.drain(envoy)
            await self.rolling_restart(envoy)
        finally:
            envoy.close()
        await self.rollout()

    async def silence(self):
        """Envoy's defaults, of 15 s and 5 min, are scaled down to 2 s."""
        cases = {
            "with a route's timeout: cut": lambda settings: settings.route.update(timeout="2s"),
            "with an idle timeout: cut": lambda settings: settings.manager.update(stream_idle_timeout="2s"),
            "as recommended": None,
        }
        for number, (what, spoil) in enumerate(cases.items()):
            envoy = self.envoy(f"silence-{number}", spoil)
            try:
                await envoy.healthy(2)
                async with Connections(envoy) as connections:
                    began = time.monotonic()
                    answer = await connections.ask("silent")
                    took = time.monotonic() - began
            finally:
                envoy.close()
            lived = answer.code == OK and answer.gap > SILENCE_SECONDS - 1
            # Cut at its two seconds and in mid-answer, not refused.
            cut = answer.code != OK and answer.text != "" and 1.5 < took < SILENCE_SECONDS - 1
            self._report.line(cut if spoil else lived, f"{SILENCE_SECONDS} s of silence, {what}", f"{answer}, after {took:.1f} s")

    async def stalled(self):
        """Callers that read nothing fill their own streams; the window of the whole connection is not to be full then."""
        cases = {
            "1 MiB for all: held up": lambda settings: settings.http2.update(initial_connection_window_size=1 << 20),
            "as recommended": None,
        }
        for number, (what, spoil) in enumerate(cases.items()):
            envoy = self.envoy(f"stalled-{number}", spoil)
            try:
                answers, still_open = await self._beside_stalled(envoy)
            finally:
                envoy.close()
            wanted = grpc.StatusCode.DEADLINE_EXCEEDED if spoil else OK
            fine = all(answer.code == wanted for answer in answers)
            told = f"{answers[0]}; {still_open} upstreams paused"
            self._report.line(fine and still_open == STALLED, f"calls beside {STALLED} that do not read, {what}", told)

    async def _beside_stalled(self, envoy):
        def paused():
            return sum(metric(gateway, "sluice_backpressure_pauses_total", 'upstream="wide"') for gateway in self._gateways)

        before = paused()
        async with Connections(envoy) as slow, Connections(envoy) as others:
            calls = [slow.begin("wide") for _ in range(STALLED)]
            await until(lambda: paused() >= before + STALLED, f"{STALLED} paused upstreams")
            answers = await asyncio.gather(*(others.ask("well", seconds=4) for _ in range(4)))
            still_open = self._open("wide")  # else Envoy has taken all of their 8 MB
            for call in calls:
                call.cancel()
        return answers, still_open

    def _open(self, way):
        return sum(open_streams(gateway, way) for gateway in self._gateways)

    async def large(self):
        """Requests that Envoy has begun to take in when it finds a gateway gone; its health checks would spare them that."""
        cases = {
            "without its limit: failed": lambda settings: settings.host.pop("request_body_buffer_limit"),
            "as recommended": lambda settings: None,
        }
        for number, (what, spoil) in enumerate(cases.items()):
            envoy = self.envoy(
                f"large-{number}", lambda settings: (settings.cluster.pop("health_checks"), spoil(settings)),
                [self._gateways[0].grpc, machine.free_port()],
            )  # fmt: skip
            try:
                async with Connections(envoy) as connections:
                    answers = await asyncio.gather(*(connections.ask("well", prompt="x" * LARGE) for _ in range(8)))
                retries = envoy.retries()
            finally:
                envoy.close()
            failed = [answer for answer in answers if answer.code != OK]
            told = f"{len(failed)} of {len(answers)} failed, {retries} sent elsewhere" + (f", {failed[0].error}" if failed else "")
            fine = not failed and retries > 0
            cut = failed and all("exceeded request buffer limit" in answer.error for answer in failed)
            self._report.line(fine if "recommended" in what else cut, f"{LARGE >> 20} MiB for a gateway that is gone, {what}", told)

    async def balance(self, envoy):
        before = served(self._gateways)
        async with Connections(envoy, CONNECTIONS) as connections:
            await asyncio.gather(*(connections.ask("well") for _ in range(BALANCED)))
        shares = [count - was for count, was in zip(served(self._gateways), before)]
        fine = sum(shares) == BALANCED and min(shares) >= LEAST_SHARE
        self._report.line(fine, f"{BALANCED} calls on {CONNECTIONS} connections, two gateways", f"{shares[0]} and {shares[1]} calls")

    async def drain(self, envoy):
        """A gateway with open streams gets SIGTERM while calls keep coming: they go to the other one, and the streams end whole."""
        leaving, retries = self._gateways[0], envoy.retries()
        async with Connections(envoy, CONNECTIONS) as connections:
            held = [asyncio.create_task(connections.ask("held")) for _ in range(HELD)]
            await until(lambda: self._open("held") == HELD, f"{HELD} open streams")
            before = open_streams(leaving, "held")
            quick = Load(connections.list_models, QUICK)
            await quick.more(QUICK)
            began = time.monotonic()
            leaving.signal(signal.SIGTERM)
            await envoy.healthy(1)
            unready = time.monotonic() - began
            await quick.more(1000)
            await quick.stop()
            after = open_streams(leaving, "held")
            self._upstream.release()
            answers = await asyncio.gather(*held)
        status = await asyncio.to_thread(leaving.wait)
        told = f"{envoy.retries() - retries} sent elsewhere, unready to Envoy after {unready:.1f} s"
        self._report.calls(True, "calls that keep coming while a gateway drains", quick.answers, "", told)
        told = f"{after} of {HELD} open on it, exit status {status}"
        self._report.calls(status == 0 and before == after > 0, "the streams that it had open", answers, "held", told)
        await asyncio.to_thread(leaving.start)
        await envoy.healthy(2)

    async def rollout(self):
        """As Kubernetes rolls out: a new pod comes with an address of its own, the old one leaves the Service's name, sleeps its preStop,
        and gets SIGTERM; both pods in turn, twice."""
        names, port, number = Names(), machine.free_port(), itertools.count(2)
        pods = []

        def begin():
            host = f"127.0.0.{next(number)}"
            pods.append(Gateway(self._gateway, self._folder / host, self._config, host=host, grpc=port))
            names.addresses = [pod.host for pod in pods]

        try:
            begin()
            begin()
            envoy = self.envoy("rollout", proxy.by_name(names, port))
            try:
                await self._roll(envoy, pods, names, begin)
            finally:
                envoy.close()
        finally:
            for pod in pods:
                pod.kill()
            names.close()

    async def _roll(self, envoy, pods, names, begin):
        await until(lambda: envoy.hosts() == {pod.host for pod in pods}, "both pods at Envoy")
        left, open_at = [], []
        async with Connections(envoy, CONNECTIONS) as connections:
            streams = Load(lambda: connections.ask("numbered"), STREAMS, spread=STREAM_SECONDS)
            await streams.more(STREAMS)
            for _ in range(2 * ROUNDS):
                await asyncio.to_thread(begin)
                await until(lambda: pods[-1].host in envoy.hosts(), "the new pod at Envoy")
                leaving = pods.pop(0)
                left.append(leaving)
                open_at.append(streams.open)
                names.addresses = [pod.host for pod in pods]
                await asyncio.sleep(PRE_STOP_SECONDS)  # the chart's drain.preStopSeconds
                known = leaving.host in envoy.hosts()
                status = await asyncio.to_thread(leaving.stop)
                self._report.line(status == 0 and not known, "a pod is replaced by one with another address", f"exit status {status}")
            await streams.stop()
        asked = sum(attempts(pod, "numbered") for pod in left) + await self._end(pods)
        fine = min(open_at) >= STREAMS * 0.98 and asked == len(streams.answers)
        told = f"upstream asked {asked} times, {min(open_at)} open at least"
        self._report.calls(fine, f"{len(open_at)} pods replaced under {STREAMS} streams", streams.answers, WHOLE, told)

    async def _end(self, pods):
        for pod in pods:
            await asyncio.to_thread(pod.stop)
        return sum(attempts(pod, "numbered") for pod in pods)

    async def rolling_restart(self, envoy):
        """Each gateway in turn gets SIGTERM with its streams open, ends when they have, and comes back."""
        open_at = []
        async with Connections(envoy, CONNECTIONS) as connections:
            streams = Load(lambda: connections.ask("numbered"), STREAMS, spread=STREAM_SECONDS)
            await streams.more(STREAMS)
            for gateway in self._gateways * ROUNDS:
                open_at.append(streams.open)
                began = time.monotonic()
                status = await asyncio.to_thread(gateway.stop)
                told = f"{open_at[-1]} streams open in all, drained in {time.monotonic() - began:.1f} s, exit status {status}"
                self._report.line(status == 0, "a gateway is restarted", told)
                await asyncio.to_thread(gateway.start)
                await envoy.healthy(2)
            await streams.stop()
        asked = sum(attempts(gateway, "numbered") for gateway in self._gateways)
        fine = min(open_at) >= STREAMS * 0.98 and asked == len(streams.answers)
        told = f"upstream asked {asked} times, {min(open_at)} open at least"
        self._report.calls(fine, f"{len(open_at)} restarts under {STREAMS} streams", streams.answers, WHOLE, told)


async def prove(binary, gateway, folder, report):
    upstream = Upstream()
    config = {
        "upstreams": {way: {"dialect": "openai", "base_url": upstream.url(way)} for way in WAYS},
        "routes": [{"models": [way], "upstream": way} for way in WAYS],
    }
    gateways = []
    try:
        for name in ("a", "b"):
            gateways.append(Gateway(gateway, folder / name, config))
        await Proofs(binary, gateway, config, folder, gateways, upstream, report).run()
    finally:
        for each in gateways:
            each.kill()
        upstream.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gateway", required=True, type=lambda path: str(pathlib.Path(path).resolve()))
    gateway, report = parser.parse_args().gateway, CallReport()
    try:
        binary = proxy.program()
    except Unavailable as error:
        print(f"Envoy in front of the gateway: Envoy {error}")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(prove(binary, gateway, pathlib.Path(folder), report))
    sys.exit(1 if report.failed else 0)


main()
