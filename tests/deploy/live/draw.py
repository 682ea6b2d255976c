"""Draws the dashboards' panels from the answers to their queries. Not by Grafana: the layout is the dashboard's, the rest plain plots."""
import re

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.ticker import FuncFormatter  # noqa: E402

COLUMNS, INCH = 24, 0.75
UNITS = {
    "percentunit": lambda v: f"{v * 100:g}%",
    "s": lambda v: f"{v:g} s" if v >= 1 or v == 0 else f"{v * 1e3:g} ms" if v >= 1e-3 else f"{v * 1e6:g} us",
    "bytes": lambda v: f"{v / 2**20:g} MiB",
    "Bps": lambda v: f"{v / 1e3:g} kB/s",
    "reqps": lambda v: f"{v:g}/s",
    "cps": lambda v: f"{v:g}/s",
    "short": lambda v: f"{v:g}",
}


def said(value, unit):
    return UNITS[unit](float(f"{value:.3g}"))


def legend(target, labels):
    if target["legendFormat"] == "__auto":
        return ""
    return re.sub(r"\{\{(\w+)\}\}", lambda match: labels.get(match[1], ""), target["legendFormat"])


def curves(panel, answers):
    """Without the lines that stay at zero, as the dashboards have it."""
    for target, answer in zip(panel["targets"], answers):
        for labels, points in answer:
            if any(value for _, value in points):
                yield legend(target, labels), points


def draw_lines(axes, panel, answers, start):
    stacked = "stacking" in panel["fieldConfig"]["defaults"]["custom"]
    floor = {}
    for name, points in curves(panel, answers):
        times = [(time - start) / 60 for time, _ in points]
        values = [value + floor.get(time, 0) for time, value in points]
        (line,) = axes.plot(times, values, linewidth=1, label=name)
        if stacked:
            axes.fill_between(times, values, [floor.get(time, 0) for time, _ in points], alpha=0.2, color=line.get_color())
            floor.update((time, value) for (time, _), value in zip(points, values))
    axes.set_ylim(bottom=0)
    axes.margins(y=0.1)
    if any(name for name, _ in curves(panel, answers)):
        axes.legend(fontsize=5.5, ncols=2, loc="upper left", framealpha=0.6)


def draw_heat(axes, panel, answers, start):
    """Shares of the buckets at each time; Prometheus' buckets hold all below them, too."""
    rows = sorted(answers[0], key=lambda each: float(each[0]["le"]))
    times = sorted({time for _, points in rows for time, _ in points})
    below, grid = dict.fromkeys(times, 0.0), []
    for _, points in rows:
        now = dict(points)
        grid.append([max(0.0, now.get(time, 0.0) - below[time]) for time in times])
        below.update(now)
    axes.pcolormesh([(time - start) / 60 for time in times], range(len(grid)), grid, cmap="Blues", shading="nearest")
    step = max(1, len(rows) // 6)
    axes.set_yticks(range(0, len(rows), step), [UNITS["s"](float(labels["le"])) for labels, _ in rows[::step]])


def draw_panel(axes, panel, answers, start):
    unit = panel["fieldConfig"]["defaults"]["unit"]
    axes.set_title(panel["title"], fontsize=8, loc="left")
    axes.tick_params(labelsize=6)
    if panel["type"] == "stat":
        axes.axis("off")
        value = answers[0][0][1][-1][1]
        limits = [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"][1:]]
        axes.text(0.02, 0.35, said(value, unit), fontsize=18, color="tab:red" if limits and value >= limits[0] else "tab:green")
    elif panel["type"] == "heatmap":
        draw_heat(axes, panel, answers, start)
    else:
        draw_lines(axes, panel, answers, start)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: said(value, unit)))
        axes.grid(alpha=0.3)


def draw(dashboard, answers, start, path):
    """answers: panel id -> its answers."""
    rows = [panel for panel in dashboard["panels"] if panel["type"] == "row"]
    height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in dashboard["panels"])
    figure = plt.figure(figsize=(COLUMNS * INCH * 0.72, height * INCH * 0.42), dpi=80)
    place = lambda spot, inner: [  # noqa: E731
        spot["x"] / COLUMNS + 0.045 * inner, 1 - (spot["y"] + spot["h"]) / height + 0.012 * inner,
        spot["w"] / COLUMNS - 0.06 * inner, spot["h"] / height - 0.027 * inner,
    ]  # fmt: skip
    for panel in dashboard["panels"]:
        if panel in rows:
            left, bottom, _, _ = place(panel["gridPos"], 0)
            figure.text(left + 0.005, bottom + 0.002, panel["title"], fontsize=10, weight="bold")
        else:
            draw_panel(figure.add_axes(place(panel["gridPos"], 1)), panel, answers[panel["id"]], start)
    figure.savefig(path)
    plt.close(figure)
