"""The dashboards' panels, asked of a real Prometheus as Grafana would ask it."""
import json
import math
import re

import render

FOLDER = render.CHART / "files/dashboards"
VARIABLES = {"$namespace": "live", "$job": "sluice.*", "$upstream": ".*"}
STEP = 5


def dashboards():
    return [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))]


def panels(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def substituted(expression):
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    if left := re.findall(r"\$\w+", expression):
        raise ValueError(f"nobody gives {left} a value: {expression}")
    return expression


def series(prometheus, target, start, end):
    """[(labels, [(time, value)])] of one of a panel's queries over the run, without what is no number."""
    answer = prometheus.get("query_range", query=substituted(target["expr"]), start=start, end=end, step=STEP)
    for each in answer["result"]:
        points = [(time, float(value)) for time, value in each["values"]]
        yield each["metric"], [(time, value) for time, value in points if math.isfinite(value)]


def look(prometheus, panel, start, end):
    """One list of series for each of the panel's queries."""
    return [list(series(prometheus, target, start, end)) for target in panel["targets"]]


def judge(answers):
    """(number of series, largest value), or None where a query has no data: a line of zeros is none, since the run has
    something for each panel to show."""
    largest = []
    for answer in answers:
        values = [value for _, points in answer for _, value in points]
        if not any(values):
            return None
        largest.append(max(values))
    return sum(len(answer) for answer in answers), max(largest)
