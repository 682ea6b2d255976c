"""Plots of the results.

As a program, `plots.py FOLDER` draws them from FOLDER/results.json. The bench runs it so, because matplotlib may belong
to another Python than the one that runs the bench.
"""

import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

Medians = Mapping[str, Mapping[str, Mapping[str, Any]]]

COLOURS = {"sluice": "#0b6e99", "nginx": "#3a9d5d", "writer": "#8fb8c9", "reader": "#b9cfd8", "direct": "#999999",
           "envoy": "#b5487a", "smg": "#d97e2b", "vllm-router": "#c7a52d", "fastapi": "#8064a2", "litellm": "#7b5141",
           "portkey": "#555555", "portkey-no-timer": "#8a8a8a"}
PARTS = ("direct", "writer", "reader")


def make(folder: pathlib.Path) -> list[str]:
    """Draws them in a process of its own; returns their file names."""
    python = python_with_matplotlib()
    if not python:
        print("no plots: no python3 on PATH has matplotlib (Debian: python3-matplotlib)", file=sys.stderr)
        return []
    done = subprocess.run([python, __file__, folder], check=True, capture_output=True, text=True)
    return done.stdout.split()


def python_with_matplotlib() -> str | None:
    places = [pathlib.Path(place) / "python3" for place in (*os.get_exec_path(), os.defpath.rpartition(":")[2])]
    for python in [pathlib.Path(sys.executable), *dict.fromkeys(places)]:
        if python.exists() and subprocess.run([python, "-c", "import matplotlib"], check=False,
                                              capture_output=True).returncode == 0:
            return str(python)
    return None


def label_axes(axes: Any, title: str, x: str, y: str) -> None:
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold")
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def save(figure: Any, folder: pathlib.Path, name: str) -> str:
    figure.tight_layout()
    figure.savefig(folder / name, metadata={"Date": None})
    return name


def at_path(row: Mapping[str, Any], path: str) -> Any:
    value: Any = row
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def sweep(results: Mapping[str, Any], name: str, path: str, factor: float,
          least: float = 0) -> dict[str, list[tuple[float, float]]]:
    """Per peer, the points of one line: (where, figure), from `least` on."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for scenario, at in results["sweeps"].get(name, {}).items():
        for peer, row in results["medians"].get(scenario, {}).items():
            value = at_path(row, path)
            if value is not None and peer in ("sluice", "nginx"):
                where = row["streams"] if name == "streams" else at
                if where >= least:
                    lines.setdefault(peer, []).append((where, value * factor))
    return {peer: sorted(points) for peer, points in lines.items()}


def line_plot(folder: pathlib.Path, name: str, lines: Mapping[str, Sequence[tuple[float, float]]], title: str, x: str,
              y: str, log_y: bool = False) -> list[str]:
    """Lines are named PEER or PEER p99; the latter are dashed."""
    from matplotlib import pyplot, ticker
    if not lines:
        return []
    figure, axes = pyplot.subplots(figsize=(6.4, 3.8))
    for line, points in lines.items():
        peer, _, percentile = line.partition(" ")
        axes.plot(*zip(*points), marker="o", color=COLOURS[peer], label=line, linestyle="--" if percentile == "p99"
                  else "-")
    every = sorted({where for points in lines.values() for where, _ in points})
    axes.set_xscale("log")
    axes.set_xticks([value for i, value in enumerate(every) if i + 1 == len(every) or every[i + 1] > value * 1.3])
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    axes.xaxis.set_major_formatter(ticker.FuncFormatter(with_commas))
    if log_y:
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(ticker.NullFormatter())
        lowest, highest = axes.get_ylim()
        axes.set_yticks([step * 10**power for power in range(-4, 7) for step in (1, 2, 5)
                         if lowest <= step * 10**power <= highest])
    else:
        axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(with_commas))
    label_axes(axes, title, x, y)
    axes.legend(frameon=False)
    return [save(figure, folder, name)]


def with_commas(value: float, _: object) -> str:
    return f"{value:,g}"


def percentile_bars(folder: pathlib.Path, name: str, rows: Mapping[str, Mapping[str, Any]], key: str, title: str,
                    y: str) -> list[str]:
    """What each relay adds, p50, p99 and p99.9; the times without a relay are taken off where they were measured."""
    from matplotlib import patches, pyplot, ticker
    direct = rows.get("direct", {}).get(key) or {}
    chosen = {peer: rows[peer][key] for peer in COLOURS if peer not in PARTS and rows.get(peer, {}).get(key)}
    if not chosen:
        return []
    figure, axes = pyplot.subplots(figsize=(max(6.4, 1.1 * len(chosen) + 2), 3.8))
    width, least, legend = 0.28, 0.01, []
    for place, (at, percentile, shade) in enumerate((("p50", "p50", 1), ("p99", "p99", 0.65), ("p999", "p99.9", 0.35))):
        added = [(values[at] - direct.get(at, 0)) / 1000 for values in chosen.values()]
        bars = axes.bar([i + (place - 1) * width for i in range(len(chosen))], [max(each, least) for each in added],
                        width * 0.94, color=[COLOURS[peer] for peer in chosen], alpha=shade)
        axes.bar_label(bars, ["<0.01" if each < least else f"{each:.2f}" if each < 10 else f"{each:.0f}"
                              for each in added], fontsize=6.5, padding=1)
        legend.append(patches.Patch(color="#333333", alpha=shade, label=percentile))
    axes.set_xticks(range(len(chosen)), list(chosen), rotation=0 if len(chosen) < 6 else 15)
    axes.set_yscale("log")
    axes.set_ylim(bottom=least / 2, top=axes.get_ylim()[1] * 4)
    axes.yaxis.set_minor_formatter(ticker.NullFormatter())
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(with_commas))
    axes.grid(axis="x", visible=False)
    label_axes(axes, title, "", y)
    axes.legend(handles=legend, frameon=False, ncols=3, loc="upper left")
    return [save(figure, folder, name)]


def value_bars(folder: pathlib.Path, name: str, values: Mapping[str, float], title: str, x: str) -> list[str]:
    from matplotlib import pyplot
    chosen = {peer: values[peer] for peer in reversed(COLOURS) if values.get(peer)}
    if not chosen:
        return []
    figure, axes = pyplot.subplots(figsize=(6.4, 1.3 + 0.32 * len(chosen)))
    bars = axes.barh(list(chosen), list(chosen.values()), color=[COLOURS[peer] for peer in chosen])
    axes.bar_label(bars, [f"{value:,.0f}" if value >= 100 else f"{value:,.1f}" for value in chosen.values()], padding=3)
    axes.margins(x=0.15)
    axes.grid(axis="y", visible=False)
    label_axes(axes, title, x, "")
    return [save(figure, folder, name)]


def column(medians: Medians, scenario: str, key: str) -> dict[str, float]:
    return {peer: row[key] for peer, row in medians.get(scenario, {}).items() if row.get(key) is not None}


def draw(results: Mapping[str, Any], folder: pathlib.Path) -> list[str]:
    medians: Medians = results["medians"]

    def line(name: str, what: str, path: str, factor: float, title: str, x: str, y: str,
             log_y: bool = False) -> list[str]:
        return line_plot(folder, name, sweep(results, what, path, factor), title, x, y, log_y)

    def percentiles(name: str, figure: str, title: str) -> list[str]:
        lines = {f"{peer} {at}": points for at in ("p50", "p99")
                 for peer, points in sweep(results, "streams", f"{figure}.{at}", 1e-3).items()}
        return line_plot(folder, name, lines, title, "open streams", "ms", log_y=True)

    cpu, light, paced = "µs of CPU a delta", medians.get("D-4", {}), medians.get("K", {})
    return [
        *line("cpu-streams.svg", "streams", "cpu_us", 1, "CPU a delta, 5 deltas/s a stream", "open streams", cpu, True),
        *line("cpu-text.svg", "text", "cpu_us", 1, "CPU a delta, 200 streams x 20/s", "bytes of text in a delta", cpu),
        *line("cpu-burst.svg", "burst", "cpu_us", 1, "CPU a delta, 10,000/s in all", "deltas that come at once", cpu),
        *line("throughput-streams.svg", "bulk", "deltas_per_s", 1e-3, "Bulk throughput of one core", "open streams",
              "thousand deltas a second"),
        # Below 100 streams it is what the first call sets up once.
        *line_plot(folder, "memory-streams.svg", sweep(results, "streams", "rss_per_stream", 1 / 1024, least=100),
                   "Memory an open stream", "open streams", "KiB of RSS a stream"),
        *percentiles("latency-streams.svg", "latency_us", "Latency of a delta, upstream to caller, 5/s a stream"),
        *percentiles("ttft-streams.svg", "ramp_ttft_us", "Time to first token while the streams are opened"),
        *percentile_bars(folder, "ttft.svg", light, "probe_ttft_us", "Added time to first token, light load",
                         "ms (log scale)"),
        *percentile_bars(folder, "latency.svg", paced, "latency_us", "Added latency of a delta, 800 streams x 50/s",
                         "ms (log scale)"),
        *percentile_bars(folder, "gap.svg", paced, "gap_us", "Added to the gap between deltas, 800 streams x 50/s",
                         "ms (log scale)"),
        *value_bars(folder, "cpu-peers.svg", column(medians, "P", "cpu_us"), "CPU a delta, 50 streams x 50/s", cpu),
        *value_bars(folder, "bulk-peers.svg", {peer: rate / 1000 for peer, rate in
                                               column(medians, "C", "deltas_per_s").items()},
                    "Bulk throughput, 64 streams, one core", "thousand deltas a second"),
    ]


def main() -> None:
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
                                "grid.color": "#e4e4e4", "axes.axisbelow": True, "svg.hashsalt": "bench",
                                "figure.facecolor": "white"})
    folder = pathlib.Path(sys.argv[1])
    print("\n".join(draw(json.loads((folder / "results.json").read_text()), folder)))


if __name__ == "__main__":
    main()
