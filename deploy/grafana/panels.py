"""Grafana's JSON for the few kinds of panel that the dashboards use. Queries may hold $S for the label matchers that
every query shares."""

SCOPE = 'namespace=~"$namespace",job=~"$job"'
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


def query(expr, legend=""):
    return {"expr": expr.replace("$S", SCOPE), "legendFormat": legend or "__auto", "datasource": DATASOURCE}


# Series of rare causes stand at 0 from the start, for the alerts; in a legend they would hide the one that moves. Not for lines
# whose 0 is what somebody looks for: those have zeros=True.
HIDE_ZEROS = {
    "matcher": {"id": "byValue", "options": {"reducer": "allIsZero", "op": "gte", "value": 0}},
    "properties": [{"id": "custom.hideFrom", "value": {"legend": True, "tooltip": True, "viz": False}}],
}


def _panel(kind, title, description, queries, unit, width, options, custom=None, limit=None, overrides=()):
    steps = [{"color": "green", "value": None}]
    if limit is not None:
        steps.append({"color": "red", "value": limit})
    defaults = {"unit": unit, "custom": custom or {}, "thresholds": {"mode": "absolute", "steps": steps}}
    targets = [dict(target, refId=chr(ord("A") + i)) for i, target in enumerate(queries)]
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "targets": targets,
        "fieldConfig": {"defaults": defaults, "overrides": list(overrides)},
        "options": options,
        "gridPos": {"w": width},
    }


def lines(title, description, queries, unit, width=12, limit=None, stack=False, zeros=False):
    """Values over time; `limit` draws the line above which something is wrong; `zeros` names in the legend what is 0 all the time."""
    custom = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 20 if stack else 0, "showPoints": "never"}
    if stack:
        custom["stacking"] = {"mode": "normal", "group": "A"}
    if limit is not None:
        custom["thresholdsStyle"] = {"mode": "dashed"}
    options = {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}, "tooltip": {"mode": "multi", "sort": "desc"}}
    return _panel("timeseries", title, description, queries, unit, width, options, custom, limit, () if zeros else (HIDE_ZEROS,))


def number(title, description, expr, unit, width=4, limit=None):
    """One figure of now."""
    options = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "colorMode": "value", "graphMode": "area"}
    return _panel("stat", title, description, [query(expr)], unit, width, options, limit=limit)


def heat(title, description, expr, unit, width=12):
    """A histogram over time; `expr` is a rate of buckets by le."""
    options = {
        "calculate": False,
        "cellGap": 1,
        "color": {"mode": "scheme", "scheme": "Blues", "steps": 64, "exponent": 0.5, "fill": "blue", "reverse": False},
        "yAxis": {"unit": unit},
        "tooltip": {"mode": "single", "yHistogram": False},
    }
    panel = _panel("heatmap", title, description, [dict(query(expr, "{{le}}"), format="heatmap")], unit, width, options)
    return panel


def row(title):
    return {"type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": {"w": 24}}


def _variable(name, label, metric, selector=""):
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": f"label_values({metric}{selector},{name})", "refId": name},
        "refresh": 2,
        "includeAll": True,
        "allValue": ".*",
        "multi": True,
        "sort": 1,
        "current": {"text": ["All"], "value": ["$__all"]},
    }


LINK = {
    "type": "dashboards",
    "title": "Sluice",
    "tooltip": "The other dashboards of the gateway",
    "icon": "dashboard",
    "tags": ["sluice"],
    "asDropdown": True,
    "keepTime": True,
    "includeVars": True,
    "targetBlank": False,
}
HEIGHTS = {"row": 1, "stat": 4}


def _place(panels):
    """Ids, and places from left to right in rows of 24 columns."""
    x = y = height = 0
    for number_, panel in enumerate(panels, 1):
        panel["id"] = number_
        width, tall = panel["gridPos"]["w"], HEIGHTS.get(panel["type"], 8)
        if x + width > 24:
            x, y, height = 0, y + height, 0
        panel["gridPos"] = {"x": x, "y": y, "w": width, "h": tall}
        x, height = x + width, max(height, tall)
    return panels


def dashboard(uid, title, description, panels, upstream=False):
    variables = [
        {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"},
        _variable("namespace", "Namespace", "sluice_build_info"),
        _variable("job", "Job", "sluice_build_info", '{namespace=~"$namespace"}'),
    ]
    if upstream:
        variables.append(_variable("upstream", "Upstream", "sluice_attempts_total", f"{{{SCOPE}}}"))
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["sluice"],
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": variables},
        "links": [LINK],
        "panels": _place(panels),
    }
