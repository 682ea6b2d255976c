"""The targets for this gateway, each with what was measured: computed from the results alone."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

Verdict = Literal["met", "MISSED", "told", "not measured"]
Medians = Mapping[str, Mapping[str, Mapping[str, Any]]]


@dataclasses.dataclass(frozen=True)
class Target:
    what: str
    wanted: str
    measured: str
    verdict: Verdict


@dataclasses.dataclass(frozen=True)
class Line:
    """One figure and where it has to lie."""

    what: str
    value: float | None
    limit: float
    unit: str = ""
    at_least: bool = False
    digits: int = 2

    def target(self) -> Target:
        sign = ">=" if self.at_least else "<="
        wanted = f"{sign} {self.limit:,g}{self.unit}"
        if self.value is None:
            return Target(self.what, wanted, "", "not measured")
        met = self.value >= self.limit if self.at_least else self.value <= self.limit
        return Target(self.what, wanted, f"{self.value:,.{self.digits}f}{self.unit}", "met" if met else "MISSED")


def targets(medians: Medians) -> list[Target]:
    lines = [*processor(medians), *times(medians),
             Line("memory an open stream, 10,000 of them", stream_kib(medians, "H-plain"), 30, " KiB", digits=1)]
    return [line.target() for line in lines] + [
        tls_memory(medians),
        Target("two engines against one", ">= 1.7x", "needs more cores than two", "not measured")]


def figure(medians: Medians, scenario: str, peer: str, *path: str) -> Any:
    value: Any = medians.get(scenario, {}).get(peer)
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def ratio(one: float | None, other: float | None) -> float | None:
    return one / other if one is not None and other else None


def scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def processor(medians: Medians) -> list[Line]:
    def cpu(scenario: str, peer: str) -> float | None:
        value: float | None = figure(medians, scenario, peer, "cpu_us")
        return value

    def parts(scenario: str) -> float | None:
        writer, reader = cpu(scenario, "writer"), cpu(scenario, "reader")
        return None if writer is None or reader is None else writer + reader

    against = [(f"CPU a delta against nginx, {name}", ratio(cpu(key, "sluice"), cpu(key, "nginx")))
               for key, name in (("A", "A: 1,000 x 50/s"), ("B", "B: 2,000 x 50/s"),
                                 ("G-upstream", "TLS to the upstream"))]
    against += [(f"CPU a delta against a bare writer and a bare reader together, {key}",
                 ratio(cpu(key, "sluice"), parts(key))) for key in ("A", "B")]
    grown = [cpu(key, "sluice") for key in ("I-100", "A", "E")]
    known = [value for value in grown if value is not None]
    growth = max(known) / min(known) if len(known) == len(grown) else None
    return [*(Line(what, value, 1, "x") for what, value in against),
            Line("CPU a delta against FastAPI + httpx, P: 50 x 50/s", ratio(cpu("P", "sluice"), cpu("P", "fastapi")),
                 round(1 / 9, 3), "x", digits=3),
            Line("bulk on one core, deltas/s", figure(medians, "C", "sluice", "deltas_per_s"), 500_000, at_least=True,
                 digits=0),
            Line("short calls: CPU a call", figure(medians, "F", "sluice", "cpu_us_per_call"), 45, " us", digits=1),
            Line("short calls a second on one core", figure(medians, "F", "sluice", "calls_per_s"), 20_000,
                 at_least=True, digits=0),
            Line("CPU a delta, 100 to 10,000 streams at 50,000/s in all: dearest against cheapest", growth, 1.5, "x"),
            *(Line(f"idle CPU, {title}", scaled(figure(medians, key, "sluice", "cpu_share"), 100), 0.2, " % of a core",
                   digits=3)
              for key, title in (("H-plain", "10,000 open streams"), ("H-tls", "10,000 open streams, TLS upstream")))]


def times(medians: Medians) -> list[Line]:
    def added(scenario: str, figures: str, at: str, peer: str = "sluice") -> float | None:
        """In ms, beyond what the load sees without a relay."""
        return scaled(less(figure(medians, scenario, peer, figures, at),
                           figure(medians, scenario, "direct", figures, at)), 1e-3)

    lines = [Line(f"added latency a delta at 40,000/s, {at}", added("K", "latency_us", at), limit, " ms")
             for at, limit in (("p50", 0.25), ("p99", 2))]
    for at, limit in (("p50", 0.2), ("p99", 0.4)):
        ours, theirs = added("D", "probe_ttft_us", at), added("D", "probe_ttft_us", at, "nginx")
        lines += [Line(f"added time to first token, light load, {at}", ours, limit, " ms"),
                  Line(f"the same against what nginx adds, {at}", ratio(ours, theirs), 2, "x")]
    lines += [Line(f"caller's cancel -> upstream closed, {at}",
                   scaled(figure(medians, "X", "sluice", "cancel_us", at), 1e-3), limit, " ms")
              for at, limit in (("p50", 0.3), ("p99", 5))]
    silences = figure(medians, "S", "sluice", "silence_ttft_us")
    longest = max(max(values) for values in silences.values()) if silences else None
    cleanly = figure(medians, "E", "sluice", "gap_over_10x")
    return [*lines,
            Line("time to first token after 0.3 to 4 s of silence, longest (no step of 40 or 100 ms)",
                 scaled(longest, 1e-3), 20, " ms"),
            Line("time to first token in a cold ramp to 1,000 x 50/s, p99",
                 scaled(figure(medians, "A", "sluice", "ramp_ttft_us", "p99"), 1e-3), 3, " ms"),
            Line("10,000 streams x 5/s: gaps over 10x the pace", cleanly, 0, digits=0),
            Line("10,000 streams x 5/s: added latency p99", added("E", "latency_us", "p99"), 2, " ms")]


def stream_kib(medians: Medians, scenario: str, peer: str = "sluice") -> float | None:
    return scaled(figure(medians, scenario, peer, "rss_per_stream"), 1 / 1024)


def tls_memory(medians: Medians) -> Target:
    what, wanted = "what TLS to the upstream adds to that", "to be told"
    adds = less(stream_kib(medians, "H-tls"), stream_kib(medians, "H-plain"))
    if adds is None:
        return Target(what, wanted, "", "not measured")
    theirs = less(stream_kib(medians, "H-tls", "nginx"), stream_kib(medians, "H-plain", "nginx"))
    beside = "" if theirs is None else f" (nginx: {theirs:.1f} KiB)"
    return Target(what, wanted, f"{adds:.1f} KiB{beside}", "told")
