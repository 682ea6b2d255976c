#!/usr/bin/env python3
"""A real Prometheus with the chart's rules scrapes real gateways while scenarios.py happens to them. Every panel's query must have
data, every alert that waits at most five minutes must fire by its scenario and clear, at the windows that are installed; all others
must stay silent. Takes about seven minutes, nearly all of it waiting. Prints a table.

    run.py --gateway BINARY [--draw FOLDER]    --draw also draws the panels, one picture a dashboard
"""
import argparse
import collections
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True
import panels  # noqa: E402
import render  # noqa: E402
import rules  # noqa: E402
import scenarios  # noqa: E402
from prometheus import Alerts, Prometheus  # noqa: E402
from upstream import Upstream  # noqa: E402

LIVE_SECONDS, FIRE_SECONDS, CLEAR_SECONDS = 300, 420, 420
VALUES = rules.RULES % ", namespacePattern: live, jobPattern: 'sluice.*'"


class Row(collections.namedtuple("Row", "ok kind name told")):
    def __str__(self):
        return f"{'ok' if self.ok else 'FAILED':6}  {self.kind:10}  {self.name:50}  {self.told}"


def unfinished(annotations):
    """What a receiver reads where a template asks for a label that the alert does not have."""
    return [text for text in annotations.values() if "<no value>" in text or "{{" in text or "/:" in text or " :" in text or not text.strip()]


def live(scenario, alerts, began, rows):
    """Begins a scenario, waits for its alerts, clears them, and writes what came of it."""
    try:
        scenario.begin()
        fired = {name: alerts.wait({"alertname": name, **labels}, False, FIRE_SECONDS) for name, labels in scenario.alerts.items()}
        scenario.clear()
        for name, labels in scenario.alerts.items():
            cleared = alerts.wait({"alertname": name, **labels}, True, CLEAR_SECONDS) if fired[name] else None
            if fired[name] and (words := unfinished(fired[name][1]["annotations"])):
                rows.append(Row(False, "alert", name, f"says {words}"))
            told = ", ".join(f"{what} {seen[0] - began:.0f} s" if seen else f"{what}: NEVER" for what, seen in (("fired", fired[name]), ("cleared", cleared)))
            rows.append(Row(cleared is not None, "alert", name, told))
    except Exception as error:  # a scenario that breaks is a failure with a name, and the others go on
        rows.append(Row(False, "scenario", type(scenario).__name__, repr(error)))


class Stage:
    """A world of its own in which scenarios happen, all at one time, from its making on."""

    def __init__(self, kinds, binary, folder, rules_text, rows):
        folder.mkdir()
        self.kinds = kinds
        self.upstream, self.alerts = Upstream(), Alerts()
        self.prometheus = Prometheus(folder / "prometheus", rules_text, self.alerts)
        self.world = scenarios.World(binary, folder, self.upstream, self.prometheus)
        self.began = time.time()
        self._threads = [threading.Thread(target=live, args=(kind(self.world), self.alerts, self.began, rows)) for kind in kinds]
        for thread in self._threads:
            thread.start()

    def wait(self):
        for thread in self._threads:
            thread.join()

    def surprises(self):
        """Alerts that fired and have no scenario here."""
        return sorted(self.alerts.names() - {name for kind in self.kinds for name in kind.alerts} - scenarios.BESIDE)

    def close(self):
        self.world.close()
        self.upstream.close()
        self.prometheus.stop()
        self.alerts.close()


def look_at_panels(prometheus, began, rows, folder):
    for dashboard in panels.dashboards():
        answers = {panel["id"]: panels.look(prometheus, panel, began, time.time()) for panel in panels.panels(dashboard)}
        for panel in panels.panels(dashboard):
            seen = panels.judge(answers[panel["id"]])
            told = f"{seen[0]} series, up to {seen[1]:.4g} {panel['fieldConfig']['defaults']['unit']}" if seen else "NO DATA"
            rows.append(Row(seen is not None, dashboard["uid"].removeprefix("sluice-"), panel["title"], told))
        if folder:
            import draw

            folder.mkdir(exist_ok=True)
            draw.draw(dashboard, answers, began, folder / f"{dashboard['uid'].removeprefix('sluice-')}.png")


def check_metrics(gateway):
    done = subprocess.run([render.PROMTOOL, "check", "metrics"], input=gateway.metrics(), capture_output=True)
    told = (done.stdout + done.stderr).decode().strip()
    return Row(done.returncode == 0 and not told, "metrics", "promtool check metrics", told or "nothing to say")


def waits(alert):
    """Seconds that an alert waits, or looks back over: its own windows, and those that the recording rules' names tell."""
    windows = re.findall(r"\[(\d+[smhd])\]|(?:rate|_)(\d+[smhd])\b", alert["expr"])
    return max(map(rules.seconds, [alert["for"], *("".join(window) for window in windows)]))


def check_known(spec, rows):
    """Every alert has a scenario here, or waits longer than five minutes: those are on promtool's clock only, in tests/deploy/rules."""
    here = {name for kind in scenarios.TOGETHER + scenarios.ALONE for name in kind.alerts}
    for alert in {alert["alert"] for alert in rules.alerts(spec) if waits(alert) <= LIVE_SECONDS} ^ here:
        rows.append(Row(False, "alert", alert, "is in the rules or in the scenarios, not in both"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gateway", required=True, type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("--draw", type=pathlib.Path)
    arguments = parser.parse_args()
    spec, rows = rules.rendered(VALUES), []
    check_known(spec, rows)
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        stages = [
            Stage(kinds, arguments.gateway, root / name, yaml.safe_dump(spec), rows)
            for name, kinds in (("together", scenarios.TOGETHER), ("alone", scenarios.ALONE))
        ]
        try:
            for stage in stages:
                stage.wait()
                rows += [Row(False, "alert", name, "fired without a scenario") for name in stage.surprises()]
            together = stages[0]
            rows.append(check_metrics(together.world.gateways["sluice"]))
            look_at_panels(together.prometheus, together.began, rows, arguments.draw)
        finally:
            for stage in stages:
                stage.close()
    print(*rows, sep="\n")
    failed = sum(not row.ok for row in rows)
    print(f"{len(rows)} rows, {failed} failed" if failed else f"{len(rows)} rows: every panel has data, every alert fired and cleared")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
