"""What a query may ask for: the metrics of server/telemetry/names.h and what the recording rules make of them, each with its labels."""
import re
import sys

import render

sys.path.append(str(render.ROOT / "server/telemetry"))
import reference  # noqa: E402

TARGET = {"namespace", "job", "instance"}  # of every scrape
NAME = re.compile(r"\b(?:up|(?:sluice|gen_ai|process)[_:][\w:]*)\b")
SELECTOR = re.compile(r"([\w:]+)\{([^}]*)\}")
LABELS = re.compile(r"\b(by|on|ignoring|group_left)\s*\(([^)]*)\)")
ALL_IN_ONE = re.compile(r"\b(?:sum|max|min|count|absent)\(")  # an aggregation that keeps no label


def known(spec):
    """name -> labels of every series that a scrape or a recording rule of `spec` makes."""
    series = {"up": TARGET}
    for name, kind, labels, _ in reference.metrics(reference.NAMES.read_text()):
        parts = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        series |= {name + part: TARGET | set(labels) | ({"le"} if part == "_bucket" else set()) for part in parts}
    for rule in (rule for group in spec["groups"] for rule in group["rules"] if "record" in rule):
        series[rule["record"]] = labels_of(rule["expr"], series)
    return series


def _bare(expr):
    return re.sub(r'"[^"]*"', '""', expr)


def names(expr):
    return set(NAME.findall(re.sub(r"\{[^}]*\}", "", LABELS.sub("", _bare(expr)))))


def labels_of(expr, series):
    """The labels that the answer may have."""
    by = [_split(inside) for word, inside in LABELS.findall(_bare(expr)) if word == "by"]
    if not by and ALL_IN_ONE.search(_bare(expr)):
        return set()
    labels = set().union(*(by or [series.get(name, set()) for name in names(expr)]))
    return labels - {"le"} if "histogram_quantile" in expr else labels


def faults(expr, series):
    """Metrics that nobody makes, and labels that their metrics do not have."""
    expr = _bare(expr)
    if unknown := names(expr) - set(series):
        yield f"nobody makes {', '.join(sorted(unknown))}"
    for name, matchers in SELECTOR.findall(expr):
        if missing := set(re.findall(r"(\w+)\s*(?:=|!)", matchers)) - series.get(name, set()):
            yield f"{name} has no label {', '.join(sorted(missing))}"
    for found in LABELS.finditer(expr):
        inside = _argument(expr, found.end()) if found[1] == "by" else expr
        if missing := _split(found[2]) - set().union(*(series.get(name, set()) for name in names(inside))):
            yield f"{found[0]}: no such label {', '.join(sorted(missing))}"


def _split(text):
    return set(re.findall(r"\w+", text))


def _argument(expr, start):
    """What stands between the next parenthesis and the one that closes it."""
    depth = 0
    for end in range(start, len(expr)):
        depth += {"(": 1, ")": -1}.get(expr[end], 0)
        if expr[end] == ")" and depth == 0:
            return expr[start:end]
    return expr[start:]
