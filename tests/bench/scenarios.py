"""What is measured: each scenario is one load, offered to several peers in turn."""

import dataclasses
from collections.abc import Iterable, Sequence

FAST = ("sluice", "nginx")
PARTS = ("writer", "reader", "direct")
GATEWAYS = ("envoy", "smg", "vllm-router", "fastapi", "litellm", "portkey", "portkey-no-timer")
BULK, IDLE = 0, 3_600_000_000  # intervals in us: as fast as it goes; nothing after the first delta


@dataclasses.dataclass(frozen=True)
class Scenario:
    key: str
    title: str
    peers: Sequence[str]
    streams: int
    interval_us: int = 20_000
    burst: int = 1
    text_bytes: int = 24
    count: int = 0  # deltas of a call, replaced when it ends; 0: endless streams
    window: float | None = None  # seconds; None: as the command line says
    probe: float = 0  # seconds of short calls beside the streams
    cancels: float = 0  # seconds of calls that are cancelled in the midst
    silences: str = ""
    upstream_tls: bool = False
    listen_tls: bool = False
    most_rounds: int = 1_000
    groups: Sequence[str] = ()  # further names that choose it
    sweep: str = ""  # which line of the plots it is a point of ...
    point: int = 0  # ... and where

    @property
    def rate(self) -> float | None:
        """Deltas a second offered in all; None: as fast as it goes, or nothing at all."""
        if self.count or self.interval_us in (BULK, IDLE):
            return None
        return self.streams * self.burst * 1e6 / self.interval_us

    @property
    def ramp(self) -> float:
        """Seconds in which the streams are opened."""
        return max(1.0, self.streams / 2500)


def point(sweep: str, at: int, title: str, **fields: object) -> Scenario:
    """Sweeps show a shape, so two rounds of the fastest do."""
    return Scenario(key=f"{sweep}-{at}", title=title, peers=FAST, most_rounds=2, groups=(sweep, "sweeps"), sweep=sweep,
                    point=at, **fields)  # type: ignore[arg-type]


def sweeps() -> Iterable[Scenario]:
    for streams in (1, 10, 100, 1000):
        yield point("streams", streams, f"{streams} streams x 5/s", streams=streams, interval_us=200_000,
                    window=10 if streams < 100 else None)
    for text in (24, 256, 1024, 4096, 16384):
        yield point("text", text, f"200 streams x 20/s, texts of {text} bytes", streams=200, interval_us=50_000,
                    text_bytes=text)
    for streams in (1, 10, 100, 1000):
        yield point("bulk", streams, f"bulk: {streams} streams as fast as they go", streams=streams, interval_us=BULK)
    for burst in (1, 4, 16, 64):
        yield point("burst", burst, f"200 streams x 50/s in bursts of {burst}", streams=200, burst=burst,
                    interval_us=20_000 * burst, window=5.12)  # whole intervals, of the longest, too


SCENARIOS: tuple[Scenario, ...] = (
    Scenario("P", "50 streams x 50/s, what every peer can carry", (*FAST, *PARTS, *GATEWAYS), 50),
    Scenario("A", "1,000 streams x 50/s, opened within a second", (*FAST, *PARTS, *GATEWAYS), 1000, groups=("I", "J")),
    Scenario("B", "2,000 streams x 50/s: more than most can carry on one core", (*FAST, "writer", "reader"), 2000),
    Scenario("C", "bulk: 64 streams as fast as they go", (*FAST, "writer", "reader", "envoy"), 64, BULK),
    Scenario("D", "light: 64 streams x 50/s, short calls beside them", (*FAST, "direct", *GATEWAYS), 64, probe=4),
    Scenario("D-4", "light: 4 streams x 50/s, short calls beside them", (*FAST, "direct", *GATEWAYS), 4, probe=4,
             most_rounds=2),
    Scenario("E", "10,000 streams x 5/s", (*FAST, "direct"), 10_000, 200_000, groups=("I", "streams", "sweeps"),
             sweep="streams", point=10_000),
    Scenario("F", "short calls of 2 deltas, 64 in flight", (*FAST, *GATEWAYS), 64, BULK, count=2),
    Scenario("G-upstream", "300 streams x 50/s, TLS to the upstream", FAST, 300, upstream_tls=True, groups=("G",)),
    Scenario("G-both", "300 streams x 50/s, TLS on both sides", FAST, 300, upstream_tls=True, listen_tls=True,
             groups=("G",)),
    Scenario("H-plain", "10,000 open streams, silent", FAST, 10_000, IDLE, window=10, groups=("H",)),
    Scenario("H-tls", "10,000 open streams, silent, TLS to the upstream", FAST, 10_000, IDLE, window=10,
             upstream_tls=True, groups=("H",)),
    Scenario("H-1000", "1,000 open streams, silent", (*FAST, *GATEWAYS), 1000, IDLE, groups=("H",), most_rounds=1),
    Scenario("I-100", "100 streams x 500/s", FAST, 100, 2000, groups=("I",)),
    Scenario("K", "800 streams x 50/s, for the added latency", (*FAST, "direct"), 800),
    Scenario("X", "200 streams x 50/s, and a call cancelled every 20 ms", (*FAST, "direct", "envoy"), 200, cancels=4),
    Scenario("S", "one call after a silence", (*FAST, "direct"), 0, probe=1, silences="0.3,1,2,4", window=0.2,
             most_rounds=1),
    *sweeps(),
)
BY_KEY = {scenario.key: scenario for scenario in SCENARIOS}


def choose(names: Sequence[str]) -> list[Scenario]:
    """By key or by group, in the order of the list above. Raises ValueError for a name that nothing bears."""
    for name in names:
        if not any(name == each.key or name in each.groups for each in SCENARIOS):
            raise ValueError(f"there is no scenario {name}")
    return [each for each in SCENARIOS if not names or each.key in names or set(names) & set(each.groups)]


def sweep_points() -> dict[str, dict[str, int]]:
    """{sweep: {scenario: where it is a point of it}}"""
    found: dict[str, dict[str, int]] = {}
    for each in SCENARIOS:
        if each.sweep:
            found.setdefault(each.sweep, {})[each.key] = each.point
    return found
