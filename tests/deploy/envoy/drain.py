"""Calls are shared out among gateways, and a gateway that drains loses none."""
import asyncio
import collections
import signal

from load import OK, Connections, Load, until

BALANCED, LEAST_SHARE = 200, 70  # draws by chance alone would miss it once in 60,000 runs
QUICK, HELD, CONNECTIONS = 40, 20, 5


async def balance(stage):
    """Without health checks: one that a busy machine misses would send all calls to the other gateway for a while."""
    with stage.envoy("balance", lambda settings: settings.cluster.pop("health_checks")) as envoy:
        async with Connections(envoy, CONNECTIONS) as connections:
            before = _served(stage)
            await asyncio.gather(*(connections.ask("well") for _ in range(BALANCED)))
            shares = [count - was for count, was in zip(_served(stage), before)]
    fine = sum(shares) == BALANCED and min(shares) >= LEAST_SHARE
    stage.report.line(fine, f"{BALANCED} calls on {CONNECTIONS} connections, two gateways", f"{shares[0]} and {shares[1]} calls")


def _served(stage):
    return [gateway.metric("sluice_calls_total", code="OK") for gateway in stage.gateways]


class Drained(collections.namedtuple("Drained", "quick held share still_open notices retries status")):
    """What came of the calls that kept coming, and of the streams that were held; how many of these the gateway had, and has still when it
    has told Envoy; by how many connections it told, how often Envoy sent a call elsewhere, and how the gateway ended."""


async def drain(stage):
    """A gateway with open streams gets SIGTERM while calls keep coming: they go to the other one, and the streams end whole."""
    with stage.envoy("drain") as envoy:
        seen = await _drained(stage, envoy, healthy=1)
    told = f"{seen.notices} connections closed by GOAWAY, {seen.retries} calls sent elsewhere"
    stage.report.calls(seen.notices > 0, "calls that keep coming while a gateway drains", seen.quick, "", told)
    told = f"{seen.still_open} of {HELD} open on it, exit status {seen.status}"
    stage.report.calls(seen.status == 0 and seen.share == seen.still_open > 0, "the streams that it had open", seen.held, "held", told)


async def spoilt_drain(stage):
    """With neither of the two that keep calls from a gateway that drains."""
    with stage.envoy("spoilt-drain", lambda settings: (settings.route.pop("retry_policy"), settings.cluster.pop("health_checks"))) as envoy:
        seen = await _drained(stage, envoy, healthy=2)
    lost = sum(answer.code != OK for answer in seen.quick)
    what = "the same without retries and health checks: calls are lost"
    stage.report.line(lost > 0, what, f"{len(seen.quick)} calls, {lost} failed, {seen.notices} connections closed by GOAWAY")


async def _drained(stage, envoy, healthy):
    """`healthy`: how many gateways Envoy calls so, once it has been told."""
    await envoy.healthy(2)
    async with Connections(envoy, CONNECTIONS) as connections:
        held = [asyncio.create_task(connections.ask("held")) for _ in range(HELD)]
        await until(lambda: stage.open("held") == HELD, f"{HELD} open streams")
        leaving = max(stage.gateways, key=lambda gateway: gateway.open_streams("held"))
        share = leaving.open_streams("held")
        quick = Load(connections.list_models, QUICK)
        await quick.more(QUICK)
        leaving.signal(signal.SIGTERM)
        await until(lambda: envoy.stat("upstream_cx_close_notify"), "GOAWAY at Envoy")
        await envoy.healthy(healthy)
        await quick.more(1000)
        await quick.stop()
        still_open = leaving.open_streams("held")
        stage.upstream.release()
        answers = await asyncio.gather(*held)
    status = await asyncio.to_thread(leaving.wait)
    notices, retries = envoy.stat("upstream_cx_close_notify"), envoy.stat("upstream_rq_retry")
    await asyncio.to_thread(leaving.start)
    return Drained(quick.answers, answers, share, still_open, notices, retries, status)
