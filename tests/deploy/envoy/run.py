#!/usr/bin/env python3
"""Two gateways behind a real Envoy with deploy/envoy/envoy.yaml: silence is not cut, callers that stop reading hold up nobody, calls are
shared out, a drain and rolling restarts under 500 open streams fail no call. Where a default of Envoy's would fail, it is seen to fail.
Prints a table; status 77 where there is no Envoy to be had. Wants the packages and stubs of tests/deploy/install.sh.

    run.py --gateway BINARY
"""
import argparse
import asyncio
import collections
import pathlib
import re
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True
import proxy  # noqa: E402
from load import OK, Connections, Load  # noqa: E402

from gateway import Gateway  # noqa: E402
from peers.base import Unavailable  # noqa: E402
from upstream import NUMBERED, SILENCE_SECONDS, Upstream  # noqa: E402

WAYS = ("well", "numbered", "silent", "wide", "held")
WHOLE = "".join(f"{number} " for number in range(NUMBERED))
STREAM_SECONDS, STREAMS, CONNECTIONS, ROUNDS = 5, 500, 5, 2
BALANCED, LEAST_SHARE = 200, 70  # by chance alone, one in a hundred thousand runs has a smaller share
STALLED, QUICK, HELD = 60, 40, 20


class Report:
    def __init__(self):
        self.failed = 0

    def line(self, ok, what, seen):
        self.failed += not ok
        print(f"{'ok' if ok else 'FAILED':6}  {what:66}  {seen}", flush=True)

    def calls(self, ok, what, answers, told):
        """A line about many calls, none of which may have failed or come in part; then what went wrong."""
        failed = [answer for answer in answers if answer.code != OK or answer.text not in ("", WHOLE)]
        gap = max(answer.gap for answer in answers)
        self.line(ok and not failed, what, f"{len(answers)} calls, {len(failed)} failed, longest wait {gap:.2f} s, {told}")
        for (code, error), count in collections.Counter((answer.code.name, answer.error) for answer in failed).items():
            print(f"        {count} x {code}: {error or 'an answer in part'}")


def metric(gateway, name, labels=""):
    """The sum of a metric's values, of those whose labels contain this text."""
    values = re.findall(rf"^{name}\{{[^}}]*{re.escape(labels)}[^}}]*\}} (\S+)", gateway.metrics().decode(), re.M)
    return sum(int(float(value)) for value in values)


def served(gateways):
    return [metric(gateway, "sluice_calls_total", 'code="OK"') for gateway in gateways]


class Proofs:
    def __init__(self, binary, folder, gateways, upstream, report):
        self._binary, self._folder = binary, folder
        self._gateways, self._upstream, self._report = gateways, upstream, report

    def envoy(self, name, spoil=None):
        return proxy.Envoy(self._binary, self._folder / name, [gateway.grpc for gateway in self._gateways], spoil)

    async def run(self):
        await self.silence()
        await self.stalled()
        envoy = self.envoy("recommended")
        try:
            await envoy.healthy(2)
            await self.balance(envoy)
            await self.drain(envoy)
            await self.rolling_restart(envoy)
        finally:
            envoy.close()

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
                async with Connections(envoy) as connections:
                    answer = await connections.ask("silent")
            finally:
                envoy.close()
            lived = answer.code == OK and answer.gap > SILENCE_SECONDS - 1
            self._report.line(lived == (spoil is None), f"{SILENCE_SECONDS} s of silence, {what}", answer)

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
            fine = all(answer.code == OK for answer in answers)
            told = f"{answers[0]}; {still_open} upstreams paused"
            self._report.line(fine == (spoil is None) and still_open == STALLED, f"calls beside {STALLED} that do not read, {what}", told)

    async def _beside_stalled(self, envoy):
        def paused():
            return sum(metric(gateway, "sluice_backpressure_pauses_total", 'upstream="wide"') for gateway in self._gateways)

        before = paused()
        async with Connections(envoy) as slow, Connections(envoy) as others:
            calls = [slow.begin("wide") for _ in range(STALLED)]
            while paused() < before + STALLED:
                await asyncio.sleep(0.05)
            answers = await asyncio.gather(*(others.ask("well", seconds=4) for _ in range(4)))
            still_open = self._open("wide")  # else Envoy has taken all of their 8 MB
            for call in calls:
                call.cancel()
        return answers, still_open

    def _open(self, way):
        return sum(metric(gateway, "sluice_open_streams", f'upstream="{way}"') for gateway in self._gateways)

    async def balance(self, envoy):
        before = served(self._gateways)
        async with Connections(envoy, CONNECTIONS) as connections:
            await asyncio.gather(*(connections.ask("well") for _ in range(BALANCED)))
        shares = [count - was for count, was in zip(served(self._gateways), before)]
        fine = sum(shares) == BALANCED and min(shares) >= LEAST_SHARE
        self._report.line(fine, f"{BALANCED} calls on {CONNECTIONS} connections, two gateways", f"{shares[0]} and {shares[1]} calls")

    async def drain(self, envoy):
        """A gateway with open streams gets SIGTERM while calls keep coming: they go to the other one, and the streams end whole."""
        leaving, staying = self._gateways
        retries = envoy.retries()
        async with Connections(envoy, CONNECTIONS) as connections:
            held = [asyncio.create_task(connections.ask("held")) for _ in range(HELD)]
            quick = Load(connections.list_models, QUICK)
            await quick.until(1000)
            while self._open("held") < HELD:
                await asyncio.sleep(0.05)
            open_there, began = metric(leaving, "sluice_open_streams", 'upstream="held"'), time.monotonic()
            leaving.signal(signal.SIGTERM)
            await envoy.healthy(1)
            moved = time.monotonic() - began
            await quick.until(len(quick.answers) + 1000)
            still_there = metric(leaving, "sluice_open_streams", 'upstream="held"')
            await quick.stop()
            self._upstream.release()
            answers = await asyncio.gather(*held)
        status = await asyncio.to_thread(leaving.wait)
        retries = envoy.retries() - retries
        self._report.calls(True, "calls that keep coming while a gateway drains", quick.answers, f"{retries} sent elsewhere")
        whole = sum(answer.code == OK and answer.text == "held" for answer in answers)
        self._report.line(status == 0 and whole == HELD and open_there == still_there > 0, "the streams that were open on it",
                          f"{still_there} of {HELD} there, {whole} ended whole, exit status {status}, unready after {moved:.1f} s")  # fmt: skip
        await asyncio.to_thread(leaving.start)
        await envoy.healthy(2)

    async def rolling_restart(self, envoy):
        """Each gateway in turn gets SIGTERM with its streams open, ends when they have, and comes back."""
        drains, open_at = [], []
        async with Connections(envoy, CONNECTIONS) as connections:
            streams = Load(lambda: connections.ask("numbered"), STREAMS, spread=STREAM_SECONDS)
            await streams.until(STREAMS)
            for gateway in self._gateways * ROUNDS:
                open_at.append(streams.open)
                began = time.monotonic()
                status = await asyncio.to_thread(gateway.stop)
                drains.append(time.monotonic() - began)
                self._report.line(status == 0, "a gateway stopped under load", f"status {status}, drained in {drains[-1]:.1f} s")
                await asyncio.to_thread(gateway.start)
                await envoy.healthy(2)
            await streams.stop()
        told = f"{min(open_at)} open at least, drained in {max(drains):.1f} s at most"
        self._report.calls(min(open_at) >= STREAMS * 0.98, f"{len(drains)} restarts under {STREAMS} streams", streams.answers, told)


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
        await Proofs(binary, folder, gateways, upstream, report).run()
    finally:
        for each in gateways:
            each.kill()
        upstream.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gateway", required=True, type=lambda path: str(pathlib.Path(path).resolve()))
    gateway, report = parser.parse_args().gateway, Report()
    try:
        binary = proxy.program()
    except Unavailable as error:
        print(f"Envoy in front of the gateway: Envoy {error}")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(prove(binary, gateway, pathlib.Path(folder), report))
    sys.exit(1 if report.failed else 0)


main()
