"""Draws the dashboards' panels from the answers to their queries. Not by Grafana: the layout is the dashboard's, the rest plain plots."""
import itertools
import math
import re

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.lines import Line2D  # noqa: E402
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator  # noqa: E402

COLUMNS, COLUMN_INCH, ROW_INCH, DPI = 24, 0.54, 0.34, 80
LEFT, RIGHT, TOP, BOTTOM = 0.62, 0.15, 0.34, 0.34  # inches around a plot, for its title and its axes
NAMED, LEGEND_LINE_INCH, LETTER_INCH, HANDLE_INCH = 8, 0.135, 0.052, 0.45
TICKS = 6  # at most, on an axis

SCALES = {  # unit -> its larger and smaller names, each with its size
    "s": [("d", 86400), ("h", 3600), ("min", 60), ("s", 1), ("ms", 1e-3), ("us", 1e-6)],
    "bytes": [("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10), ("B", 1)],
    "Bps": [("GB/s", 1e9), ("MB/s", 1e6), ("kB/s", 1e3), ("B/s", 1)],
    "percentunit": [("%", 0.01)],
    "reqps": [("/s", 1)],
    "cps": [("/s", 1)],
    "short": [("", 1)],
}
CLOCK = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, *(86400 * days for days in (1, 2, 7, 14, 30, 60, 90, 180))]


def steps(unit):
    """Distances between two ticks that read well, from the smallest on."""
    if unit == "bytes":
        return [2.0**power for power in range(60)]
    tens = [digit * 10.0**power for power in range(-9, 12) for digit in (1, 2, 5)]
    return [step for step in tens if step < 1] + CLOCK if unit == "s" else tens


def step_for(top, unit):
    return next((step for step in steps(unit) if top / step <= TICKS), top)


def scale_for(value, step, unit):
    """The largest name that fits the value; minutes and more only where the ticks fall on whole ones."""
    fitting = [(name, size) for name, size in SCALES[unit] if size <= value and (unit != "s" or size <= 1 or size <= step)]
    return fitting[0] if fitting else SCALES[unit][-1]


def worded(value, scale):
    name, size = scale
    number = f"{float(f'{value / size:.3g}'):,g}"
    return number + ("" if name in ("", "%", "/s") else " ") + name


def said(value, unit):
    if not value:
        return worded(0, next((scale for scale in SCALES[unit] if scale[1] == 1), SCALES[unit][-1]))
    return worded(value, scale_for(abs(value), abs(value), unit))


def legend(target, labels):
    if target["legendFormat"] == "__auto":
        return ""
    return re.sub(r"\{\{(\w+)\}\}", lambda match: labels.get(match[1], ""), target["legendFormat"])


def curves(panel, answers):
    """Without the lines that stay at zero, where the dashboard hides them."""
    hide = bool(panel["fieldConfig"]["overrides"])
    for target, answer in zip(panel["targets"], answers):
        for labels, points in answer:
            if points and (not hide or any(value for _, value in points)):
                yield legend(target, labels), points


def put_legend(figure, axes, left, bottom, width, named):
    """Names of the highest lines under the plot, as wide as they need; `named` is (peak, name, line)."""
    if not any(name for _, name, _ in named):
        return
    first = sorted(named, key=lambda each: -each[0])[:NAMED]
    handles, names = [line for _, _, line in first], [name for _, name, _ in first]
    if len(named) > NAMED:
        handles.append(Line2D([], [], linestyle="none"))
        names.append(f"+{len(named) - NAMED} more")
    columns = columns_for(names, width)
    axes.legend(
        handles, names, loc="lower left", bbox_to_anchor=(left, bottom), bbox_transform=figure.dpi_scale_trans, ncols=columns,
        fontsize=6.5, frameon=False, borderpad=0, borderaxespad=0, labelspacing=0.3, columnspacing=1.2, handlelength=1.4,
    )  # fmt: skip


def columns_for(names, width):
    return max(1, min(len(names), int(width / (HANDLE_INCH + LETTER_INCH * max(map(len, names))))))


def legend_lines(panel, answers, width):
    names = [name for name, _ in curves(panel, answers)]
    names = names[:NAMED] + ["+10 more"] * (len(names) > NAMED)
    return math.ceil(len(names) / columns_for(names, width)) if any(names) else 0


def draw_lines(axes, panel, answers, start):
    """Returns (peak, name, line) of each."""
    custom, unit = panel["fieldConfig"]["defaults"]["custom"], panel["fieldConfig"]["defaults"]["unit"]
    floor, drawn, colors = {}, [], itertools.cycle(plt.get_cmap("tab10").colors)
    for index, (name, points) in enumerate(curves(panel, answers)):
        times = [(time - start) / 60 for time, _ in points]
        values = [value + floor.get(time, 0) * ("stacking" in custom) for time, value in points]
        (line,) = axes.plot(times, values, linewidth=1.2, color=next(colors), linestyle=["-", "--", ":"][index // 10 % 3])
        if "stacking" in custom:
            axes.fill_between(times, values, [floor.get(time, 0) for time, _ in points], alpha=0.2, color=line.get_color(), linewidth=0)
            floor.update((time, value) for (time, _), value in zip(points, values))
        drawn.append((max(value for _, value in points), name, line))
    top = axes.get_ylim()[1] if drawn else 1
    step = step_for(top, unit)
    top = step * math.ceil(top / step)
    axes.set_ylim(0, top)
    axes.yaxis.set_major_locator(MultipleLocator(step))
    scale = scale_for(top, step, unit)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: worded(value, scale) if value else "0"))
    if "thresholdsStyle" in custom and (limit := panel["fieldConfig"]["defaults"]["thresholds"]["steps"][-1]["value"]) < top:
        axes.axhline(limit, color="tab:red", linewidth=0.8, linestyle=(0, (4, 3)))
    axes.grid(alpha=0.3)
    return drawn


def draw_heat(axes, panel, answers, start):
    """Shares of the buckets at each time; Prometheus' buckets hold all below them, too. A tick is a bucket's upper bound."""
    rows = sorted(answers[0], key=lambda each: float(each[0]["le"]))
    times = sorted({time for _, points in rows for time, _ in points})
    below, grid = dict.fromkeys(times, 0.0), []
    for _, points in rows:
        now = dict(points)
        grid.append([max(0.0, now.get(time, 0.0) - below[time]) for time in times])
        below.update(now)
    axes.pcolormesh([(time - start) / 60 for time in times], range(len(grid)), grid, cmap="Blues", shading="nearest")
    bounds = [float(labels["le"]) for labels, _ in rows if labels["le"] != "+Inf"]
    step = max(1, math.ceil(len(bounds) / 7))
    unit = panel["fieldConfig"]["defaults"]["unit"]
    axes.set_yticks([index + 0.5 for index in range(0, len(bounds), step)], [said(bound, unit) for bound in bounds[::step]])


def draw_number(axes, panel, answers):
    defaults = panel["fieldConfig"]["defaults"]
    axes.axis("off")
    points = answers[0][0][1] if answers[0] else []
    limits = [step["value"] for step in defaults["thresholds"]["steps"][1:]]
    bad = points and limits and points[-1][1] >= limits[0]
    told = said(points[-1][1], defaults["unit"]) if points else "no data"
    axes.text(0, 0.5, told, fontsize=18, va="center", color="tab:gray" if not points else "tab:red" if bad else "tab:green")


def draw_panel(figure, panel, answers, start, minutes, spot):
    """spot: left, bottom, width and height in inches."""
    left, bottom, width, height = spot
    plain = panel["type"] == "stat"
    under = 0 if plain else BOTTOM + LEGEND_LINE_INCH * (legend_lines(panel, answers, width - LEFT) if panel["type"] == "timeseries" else 0)
    beside = 0.2 if plain else LEFT
    inside = (left + beside, bottom + under, width - beside - RIGHT, height - under - TOP)
    size = figure.get_size_inches()
    axes = figure.add_axes([inside[0] / size[0], inside[1] / size[1], inside[2] / size[0], inside[3] / size[1]])
    axes.set_title(panel["title"], fontsize=8.5, loc="left")
    if plain:
        return draw_number(axes, panel, answers)
    axes.tick_params(labelsize=6.5)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    if not any(points for answer in answers for _, points in answer):
        axes.text(0.5, 0.5, "no data", transform=axes.transAxes, ha="center")
    elif panel["type"] == "heatmap":
        draw_heat(axes, panel, answers, start)
    else:
        put_legend(figure, axes, inside[0], bottom + 0.04, inside[2], draw_lines(axes, panel, answers, start))
    axes.set_xlim(0, minutes)
    axes.set_xlabel("minutes", fontsize=6.5, loc="right", labelpad=-1)


def draw(dashboard, answers, start, path):
    """answers: panel id -> its answers."""
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in dashboard["panels"])
    figure = plt.figure(figsize=(COLUMNS * COLUMN_INCH, rows * ROW_INCH), dpi=DPI)
    last = max((time for each in answers.values() for answer in each for _, points in answer for time, _ in points), default=start + 60)
    for panel in dashboard["panels"]:
        grid = panel["gridPos"]
        left, bottom = grid["x"] * COLUMN_INCH, (rows - grid["y"] - grid["h"]) * ROW_INCH
        if panel["type"] == "row":
            figure.text((left + 0.08) / (COLUMNS * COLUMN_INCH), (bottom + 0.08) / (rows * ROW_INCH), panel["title"], fontsize=10.5, weight="bold")
        else:
            draw_panel(figure, panel, answers[panel["id"]], start, (last - start) / 60, (left, bottom, grid["w"] * COLUMN_INCH, grid["h"] * ROW_INCH))
    figure.savefig(path)
    plt.close(figure)
