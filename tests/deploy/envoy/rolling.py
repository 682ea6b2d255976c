"""Gateways go and others come behind Envoy, under 500 open streams: restarted in place, and replaced as Kubernetes replaces pods."""
import asyncio
import contextlib
import itertools
import time

import proxy
import render
import yaml
from load import Connections, Load, until
from machine import free_port
from names import Names
from upstream import NUMBERED, NUMBERED_SECONDS

WHOLE = "".join(f"{number} " for number in range(NUMBERED))
# A tenth more callers than streams, since some are always between two.
STREAMS, CALLERS, CONNECTIONS, ROUNDS = 500, 550, 5, 2
PRE_STOP_SECONDS = yaml.safe_load((render.CHART / "values.yaml").read_text())["drain"]["preStopSeconds"]


class Rolling:
    """Callers that call again and again, while the gateways behind Envoy change."""

    def __init__(self, report, envoy):
        self._report, self._connections = report, Connections(envoy, CONNECTIONS)
        self._open = []  # in all, at each end of a gateway

    async def __aenter__(self):
        connections = await self._connections.__aenter__()
        self._streams = Load(lambda: connections.ask("numbered"), CALLERS, spread=NUMBERED_SECONDS)
        return self

    async def __aexit__(self, *error):
        await self._connections.__aexit__(*error)

    async def end(self, leaving, gateways, what, fine=True):
        """Ends a gateway once so many streams are open on all of them."""

        def enough():
            shares = [gateway.open_streams("numbered") for gateway in (leaving, *gateways)]
            return sum(shares) >= STREAMS and shares

        shares = await until(enough, f"{STREAMS} open streams")
        began = time.monotonic()
        status = await asyncio.to_thread(leaving.stop)
        told = f"{shares[0]} of {sum(shares)} open streams were its own, drained in {time.monotonic() - began:.1f} s, exit status {status}"
        self._report.line(fine and status == 0 and shares[0] > 0, what, told)
        self._open.append(sum(shares))

    async def finish(self, gateways, what):
        """Ends the callers and then all gateways, whose logs say then how often they asked the upstream."""
        await self._streams.stop()
        for gateway in gateways:
            await asyncio.to_thread(gateway.stop)
        asked, answers = sum(gateway.attempts("numbered") for gateway in gateways), self._streams.answers
        told = f"upstream asked {asked} times, {min(self._open)} streams open at least"
        self._report.calls(asked == len(answers), f"{len(self._open)} {what} under {STREAMS} streams", answers, WHOLE, told)


async def restart(stage):
    """Each gateway in turn gets SIGTERM with its streams open, ends when they have, and comes back."""
    gateways = [stage.gateway("restarted-a"), stage.gateway("restarted-b")]
    with stage.envoy("restart", ports=[gateway.grpc for gateway in gateways]) as envoy:
        await envoy.healthy(2)
        async with Rolling(stage.report, envoy) as rolling:
            for leaving in gateways * ROUNDS:
                await rolling.end(leaving, [gateway for gateway in gateways if gateway is not leaving], "a gateway is restarted")
                await asyncio.to_thread(leaving.start)
                await envoy.healthy(2)
            await rolling.finish(gateways, "restarts")


async def rollout(stage):
    """A new pod comes with an address of its own, the old one leaves the Service's name, sleeps its preStop, and gets SIGTERM."""
    port, hosts, pods, gone = free_port(), (f"127.0.0.{number}" for number in itertools.count(2)), [], []
    with contextlib.closing(Names()) as names:

        def begin():
            host = next(hosts)
            pods.append(stage.gateway(host, host=host, grpc=port))
            names.addresses = [pod.host for pod in pods]

        begin()
        begin()
        with stage.envoy("rollout", proxy.by_name(names, port)) as envoy:
            await until(lambda: envoy.hosts() == {pod.address for pod in pods}, "both pods at Envoy")
            async with Rolling(stage.report, envoy) as rolling:
                for _ in range(2 * ROUNDS):
                    await asyncio.to_thread(begin)
                    await until(lambda: pods[-1].address in envoy.hosts(), "the new pod at Envoy")
                    gone.append(leaving := pods.pop(0))
                    names.addresses = [pod.host for pod in pods]
                    await asyncio.sleep(PRE_STOP_SECONDS)
                    known = leaving.address in await asyncio.to_thread(envoy.hosts)
                    await rolling.end(leaving, pods, "a pod is replaced by one with another address", not known)
                await rolling.finish(gone + pods, "pods replaced")
