"""What Envoy has otherwise ends calls, and what deploy/envoy recommends does not."""
import asyncio
import contextlib
import socket
import time

import grpc
from load import CALL_SECONDS, OK, Connections, until
from upstream import SILENCE_SECONDS

STALLED, LARGE, LARGE_CALLS = 60, 4 << 20, 16
# gRPC's servers take one ping without data in five minutes and end the connection at the third that comes too early; the gateway takes
# one in five seconds. Four in so many seconds tell the two apart.
PING_SECONDS, PINGED_SECONDS = 6, 32


def ping(seconds):
    """Envoy's keepalive, to both sides."""

    def settings(settings):
        for options in (settings.manager["http2_protocol_options"], settings.http2):
            options["connection_keepalive"]["interval"] = f"{seconds}s"

    return settings


async def silence(stage):
    """Envoy's defaults, of 15 s and 5 min, and its pings are scaled down, to less than the silence."""
    spoilt = {
        "a route's timeout of 2 s": lambda settings: settings.route.update(timeout="2s"),
        "an idle timeout of 2 s": lambda settings: settings.manager.update(stream_idle_timeout="2s"),
        "a ping each 0.5 s, too many": ping(0.5),
    }
    with contextlib.ExitStack() as stack:
        envoys = {what: stack.enter_context(stage.envoy(f"silence-{number}", spoil)) for number, (what, spoil) in enumerate(spoilt.items())}
        good = stack.enter_context(stage.envoy("silence"))
        pinging = stack.enter_context(stage.envoy("pings", ping(PING_SECONDS)))
        for envoy in (*envoys.values(), good, pinging):
            await envoy.healthy(2)
        pinged = asyncio.create_task(_timed(pinging, "held"))
        lived, *cut = await asyncio.gather(*(_timed(envoy, "silent") for envoy in (good, *envoys.values())))
        for what, (answer, took) in zip(envoys, cut):
            # In the middle of the answer, not refused.
            fine = answer.code != OK and answer.text != "" and took > 1.5
            stage.report.line(fine, f"{SILENCE_SECONDS} s of silence, {what}: cut", f"{answer}, after {took:.1f} s")
        _uncut(stage, lived, SILENCE_SECONDS, "as recommended")
        await asyncio.sleep(PINGED_SECONDS - SILENCE_SECONDS)
        stage.upstream.release()
        _uncut(stage, await pinged, PINGED_SECONDS, f"a ping each {PING_SECONDS} s")


async def _timed(envoy, way):
    async with Connections(envoy) as connections:
        began = time.monotonic()
        answer = await connections.ask(way)
        return answer, time.monotonic() - began


def _uncut(stage, seen, seconds, what):
    answer, took = seen
    stage.report.line(answer.code == OK and answer.gap > seconds - 1, f"{seconds} s of silence, {what}", f"{answer}, after {took:.1f} s")


async def stalled(stage):
    """Callers that read nothing fill their own streams; the window of the whole connection, the only one to one gateway, is not to be full
    then."""

    def one_mebibyte(settings):
        settings.http2.update(initial_connection_window_size=1 << 20)

    cases = [("1 MiB for all: held up", one_mebibyte, 4, grpc.StatusCode.DEADLINE_EXCEEDED), ("as recommended", None, CALL_SECONDS, OK)]
    for number, (what, spoil, seconds, wanted) in enumerate(cases):
        with stage.envoy(f"stalled-{number}", spoil, [stage.gateways[0].grpc]) as envoy:
            answers, paused, still_open = await _beside_stalled(stage, envoy, seconds)
        others = [answer for answer in answers if answer.code != wanted]
        told = f"{(others or answers)[0]}; {still_open} streams open, {paused} upstreams paused"
        stage.report.line(not others and paused == still_open == STALLED, f"calls beside {STALLED} that do not read, {what}", told)


async def _beside_stalled(stage, envoy, seconds):
    async with Connections(envoy) as slow, Connections(envoy) as others:
        calls = [slow.begin("wide") for _ in range(STALLED)]
        await until(lambda: stage.upstream.blocked() == STALLED, f"{STALLED} paused upstreams")
        answers = await asyncio.gather(*(others.ask("well", seconds) for _ in range(4)))
        paused, still_open = stage.upstream.blocked(), stage.open("wide")  # else Envoy has taken all of their 8 MB
        for call in calls:
            call.cancel()
    await until(lambda: stage.open("wide") == 0, "the end of the calls that did not read")
    return answers, paused, still_open


async def large(stage):
    """Requests that Envoy has begun to take in when it finds a gateway gone; its health checks would spare them that."""
    with socket.socket() as gone:
        gone.bind(("127.0.0.1", 0))  # and does not listen
        ports = [stage.gateways[0].grpc, gone.getsockname()[1]]
        cases = {
            "without its limit: failed": lambda settings: settings.host.pop("request_body_buffer_limit"),
            "as recommended": lambda settings: None,
        }
        for number, (what, spoil) in enumerate(cases.items()):
            with stage.envoy(f"large-{number}", lambda settings: (settings.cluster.pop("health_checks"), spoil(settings)), ports) as envoy:
                async with Connections(envoy) as connections:
                    answers = await asyncio.gather(*(connections.ask("well", prompt="x" * LARGE) for _ in range(LARGE_CALLS)))
                retries = envoy.stat("upstream_rq_retry")
            failed = [answer for answer in answers if answer.code != OK]
            # Others are told how the connection failed, which could not be tried again either.
            cut = any("exceeded request buffer limit" in answer.error for answer in failed)
            told = f"{len(failed)} of {len(answers)} failed, {retries} sent elsewhere" + (f", {failed[0].error}" if failed else "")
            fine = not failed and retries > 0
            stage.report.line(fine if "recommended" in what else cut, f"{LARGE >> 20} MiB for a gateway that is gone, {what}", told)
