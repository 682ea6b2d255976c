"""The report: tables in Markdown made from the results, and the plots beside them."""

import pathlib
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import plots
from peers import KINDS
from scenarios import BY_KEY, SCENARIOS, Scenario
from targets import targets

WHAT = {kind.name: kind.what for kind in KINDS}
Row = Mapping[str, Any]
Column = tuple[str, Callable[[Row, Row], str]]  # heading; the text from a peer's figures and those without a relay

EXPLANATION = """\
Medians of the rounds in which every delta was delivered, in order and whole. The relay has one core to itself; upstream
and load share the other. CPU a delta falls as the rate grows, so compare at the same rate only. Times are in
microseconds; "added" is a percentile less the same percentile of the row without a relay."""


def middle(values: Sequence[Any]) -> Any:
    """Medians, figure by figure; lists are put together."""
    present = [value for value in values if value is not None]
    if not present:
        return None
    if isinstance(present[0], Mapping):
        keys = dict.fromkeys(key for value in present for key in value)
        return {key: middle([value.get(key) for value in present]) for key in keys}
    if isinstance(present[0], list):
        return [each for value in present for each in value]
    return statistics.median(present)


def medians(cells: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """By scenario and peer, over the rounds that counted."""
    found: dict[str, dict[str, list[Row]]] = {}
    for cell in cells:
        if "figures" in cell:
            found.setdefault(cell["scenario"], {}).setdefault(cell["peer"], []).append(cell["figures"])
    return {scenario: {peer: middle(rows) for peer, rows in rows_of.items()} for scenario, rows_of in found.items()}


def number(value: float | None, digits: int = 0) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def plain(key: str, digits: int = 0, factor: float = 1) -> Callable[[Row, Row], str]:
    return lambda row, _: "" if row.get(key) is None else number(row[key] * factor, digits)


def added(key: str, at: str) -> Callable[[Row, Row], str]:
    """What a relay adds to the time that is seen without one; without such a row, the time itself."""
    def text(row: Row, direct: Row) -> str:
        if row.get(key) is None:
            return ""
        return number(row[key][at] - (direct.get(key, {}).get(at, 0) if row is not direct else 0))
    return text


def of(key: str, at: str) -> Callable[[Row, Row], str]:
    return lambda row, _: "" if row.get(key) is None else number(row[key][at])


def throughput(row: Row, _: Row) -> str:
    offered = row.get("offered_per_s")
    text = number(row["deltas_per_s"])
    return f"{text} of {number(offered)}: saturated" if offered and row["deltas_per_s"] < 0.97 * offered else text


def silence(row: Row, _: Row) -> str:
    return ", ".join(f"{length} s: {statistics.median(times):,.0f}" for length, times in row["silence_ttft_us"].items())


STREAMS: Column = ("streams", plain("streams"))
RATE: Column = ("deltas/s", throughput)
CPU: Column = ("CPU us a delta", plain("cpu_us", 2))
MEMORY: Column = ("KiB a stream", plain("rss_per_stream", 1, 1 / 1024))
LONG_GAPS: Column = ("gaps over 10x", plain("gap_over_10x"))


def percentiles(title: str, key: str, column: Callable[[str, str], Callable[[Row, Row], str]] = added) -> list[Column]:
    return [(f"{title} {name}", column(key, at)) for name, at in (("p50", "p50"), ("p99", "p99"), ("p99.9", "p999"))]


def columns(scenario: Scenario, has_direct: bool) -> list[Column]:
    if scenario.count:
        return [("calls/s", plain("calls_per_s")), ("CPU us a call", plain("cpu_us_per_call", 1)),
                ("calls a CPU second", plain("calls_per_cpu_s"))]
    if scenario.silences:
        return [("time to first token after a silence, us (median of 5)", silence)]
    if scenario.rate is None and scenario.interval_us:
        return [STREAMS, ("CPU % of a core", plain("cpu_share", 3, 100)), MEMORY, ("RSS MiB", plain("rss", 0, 2**-20))]
    if scenario.rate is None:
        return [RATE, CPU]
    word = "added " if has_direct else ""
    found = [STREAMS, RATE, CPU, *percentiles(f"{word}latency us", "latency_us"), ("gap us p99", of("gap_us", "p99")),
             ("gap us p99.9", of("gap_us", "p999"))]
    if scenario.cancels:
        return [*found, *percentiles("cancelled to closed upstream us", "cancel_us")]
    if scenario.probe:
        return [*found, *percentiles(f"{word}TTFT us", "probe_ttft_us")]
    return [*found, LONG_GAPS, *percentiles(f"{word}TTFT in the ramp us", "ramp_ttft_us")[:2], MEMORY]


def markdown(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] + ["---:"] * (len(headings) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def scenario_part(scenario: Scenario, cells: Sequence[Row], rows: Mapping[str, Row]) -> str:
    """The table, and below it why a row is missing or stands on fewer rounds."""
    direct = rows.get("direct", {})
    chosen = columns(scenario, bool(direct))
    table = [["direct (times as they are)" if name == "direct" else name,
              *(text(rows[name], direct) for _, text in chosen)] for name in scenario.peers if name in rows]
    parts = [f"### {scenario.key}: {scenario.title}"]
    if table:
        parts.append(markdown(["", *(heading for heading, _ in chosen)], table))
    notes = []
    for name in scenario.peers:
        failed = [cell["reason"] for cell in cells if cell["peer"] == name and "reason" in cell]
        asked = sum(cell["peer"] == name for cell in cells)
        if failed:
            counted = "" if len(failed) == asked else f" ({len(failed)} of {asked} rounds do not count)"
            notes.append(f"- {name}: {failed[0]}{counted}")
    return "\n\n".join([*parts, "\n".join(notes)] if notes else parts)


def pauses_part(results: Row) -> str:
    rows = [[f"{when}, core {core}", *(number(at[key]) for key in ("p50", "p99", "p999", "max"))]
            for when, cores in results["pauses_us"].items() for core, at in cores.items()]
    during = [cell["figures"]["pause_us"] for cell in results["cells"] if "figures" in cell]
    if during:
        worst = max(each["max"] for each in during)
        rows.append(["during the measurements, load's core (medians; max: of all)",
                     *(number(middle([each[key] for each in during])) for key in ("p50", "p99", "p999")),
                     number(worst)])
    text = markdown(["lateness of a 1 ms sleep, us", "p50", "p99", "p99.9", "max"], rows)
    steal = sum(cell["figures"]["steal_s"] for cell in results["cells"] if "figures" in cell)
    return f"{text}\n\nTaken by the hypervisor during the measurements: {steal:.1f} s."


def environment_part(results: Row) -> str:
    lines = [f"- {name}: {value}" for name, value in results["environment"].items()]
    lines += [f"- {name} {version}: {WHAT[name]}" for name, version in results["versions"].items()]
    lines += [f"- {name}: NOT MEASURED, {reason}" for name, reason in results["missing"].items()]
    return "\n".join(lines)


def text(results: Row) -> str:
    rows = medians(results["cells"])
    goals = [[goal.what, goal.wanted, goal.measured, goal.verdict] for goal in targets(rows)]
    parts = ["# Bench", environment_part(results), "## The machine's own pauses", pauses_part(results),
             "## Targets", markdown(["", "target", "measured", ""], goals),
             "## Scenarios", EXPLANATION]
    for scenario in SCENARIOS:
        cells = [cell for cell in results["cells"] if cell["scenario"] == scenario.key]
        if cells:
            parts.append(scenario_part(BY_KEY[scenario.key], cells, rows.get(scenario.key, {})))
    return "\n\n".join(parts) + "\n"


def write(results: Row, folder: pathlib.Path) -> str:
    """Writes report.md and the plots; returns the report."""
    report = text(results)
    report += "\n## Plots\n\n" + "\n".join(f"![{name}]({name})" for name in plots.make(folder)) + "\n"
    (folder / "report.md").write_text(report)
    return report
