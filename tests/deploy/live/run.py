#!/usr/bin/env python3
"""A real Prometheus with the chart's rules scrapes real gateways while scenarios.py happens to them. Every panel's query must have
data, every alert that waits at most five minutes must fire by its scenario and clear, at the windows that are installed; all others
must stay silent. Takes about seven minutes, nearly all of it waiting. Prints a table.

    run.py --gateway BINARY [--draw FOLDER]    --draw also draws the panels, one picture a dashboard; needs install.sh --draw
"""
import argparse
import contextlib
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
from table import Report  # noqa: E402
from upstream import Upstream  # noqa: E402

LIVE_SECONDS, FIRE_SECONDS, CLEAR_SECONDS = 300, 420, 420
VALUES = rules.RULES % ", namespacePattern: live, jobPattern: 'sluice.*'"


def unfinished(annotations):
    """What a receiver reads where a template asks for a label that the alert does not have."""
    return [text for text in annotations.values() if "<no value>" in text or "{{" in text or "/:" in text or " :" in text or not text.strip()]


def live(scenario, alerts, began, report):
    """Begins a scenario, waits for its alerts, clears them, and tells what came of it."""

    def wait(names, cleared, seconds):
        """One deadline for all of them."""
        deadline = time.monotonic() + seconds
        return {name: alerts.wait({"alertname": name, **scenario.alerts[name]}, cleared, deadline - time.monotonic()) for name in names}

    try:
        scenario.begin()
        fired = wait(scenario.alerts, False, FIRE_SECONDS)
        scenario.clear()
        cleared = wait([name for name, seen in fired.items() if seen], True, CLEAR_SECONDS)
        for name, seen in fired.items():
            end = cleared.get(name)
            words = unfinished(seen[1]["annotations"]) if seen else []
            told = ", ".join(f"{what} {at[0] - began:.0f} s" if at else f"{what}: NEVER" for what, at in (("fired", seen), ("cleared", end)))
            report.line(end is not None and not words, f"alert       {name}", told, words)
    except Exception as error:  # a scenario that breaks is a failure with a name, and the others go on
        report.line(False, f"scenario    {type(scenario).__name__}", repr(error))


class Stage:
    """A world of its own in which scenarios happen, all at one time, from its making on. `stack` ends it."""

    def __init__(self, kinds, binary, folder, rules_text, report, stack):
        folder.mkdir()
        self.kinds = kinds
        self.alerts = stack.enter_context(contextlib.closing(Alerts()))
        self.prometheus = stack.enter_context(Prometheus(folder / "prometheus", rules_text, self.alerts))
        self.world = scenarios.World(binary, folder, stack.enter_context(Upstream()), self.prometheus)
        stack.callback(self.world.close)
        self.began = time.time()
        self._threads = [
            threading.Thread(target=live, args=(kind(self.world), self.alerts, self.began, report), daemon=True) for kind in kinds
        ]  # fmt: skip
        for thread in self._threads:
            thread.start()

    def wait(self):
        for thread in self._threads:
            thread.join()

    def surprises(self):
        """The labels of alerts that fired and that no scenario here is made for."""
        ours = [{"alertname": name, **labels} for kind in self.kinds for name, labels in kind.alerts.items()]
        return [fired for fired in self.alerts.fired() if not any(each.items() <= fired.items() for each in ours + scenarios.BESIDE)]


def short(dashboard):
    return dashboard["uid"].removeprefix("sluice-")


def drawer(folder):
    """Draws a dashboard into a folder. What it needs is installed for those only who draw, and missed here rather than in the end."""
    import draw

    folder.mkdir(exist_ok=True)
    return lambda dashboard, answers, start: draw.draw(dashboard, answers, start, folder / f"{short(dashboard)}.png")


def look_at_panels(prometheus, began, report, draw):
    for dashboard in panels.dashboards():
        answers = {panel["id"]: panels.look(prometheus, panel, began, time.time()) for panel in panels.panels(dashboard)}
        for panel in panels.panels(dashboard):
            seen = panels.judge(answers[panel["id"]])
            told = f"{seen[0]} series, up to {seen[1]:.4g} {panel['fieldConfig']['defaults']['unit']}" if seen else "NO DATA"
            report.line(seen is not None, f"{short(dashboard):12}{panel['title']}", told)
        if draw:
            draw(dashboard, answers, began)


def check_metrics(gateway, report):
    done = subprocess.run([render.PROMTOOL, "check", "metrics"], input=gateway.metrics(), capture_output=True)
    told = (done.stdout + done.stderr).decode().strip()
    report.line(done.returncode == 0 and not told, "metrics     promtool check metrics", told or "nothing to say")


def waits(alert):
    """Seconds that an alert waits, or looks back over: its own windows, and those that the recording rules' names tell."""
    windows = re.findall(r"\[(\d+[smhd])\]|(?:rate|_)(\d+[smhd])\b", alert["expr"])
    return max(map(rules.seconds, [alert["for"], *("".join(window) for window in windows)]))


def check_known(spec, report):
    """Every alert that waits at most five minutes has a scenario here; those that wait longer may be on promtool's clock only."""
    here = {name for kind in scenarios.TOGETHER + scenarios.ALONE for name in kind.alerts}
    rules_of = {alert["alert"]: alert for alert in rules.alerts(spec)}
    for name in {name for name, alert in rules_of.items() if waits(alert) <= LIVE_SECONDS} - here:
        report.line(False, f"alert       {name}", "has no scenario")
    for name in here - rules_of.keys():
        report.line(False, f"alert       {name}", "is not in the rules")


def run(binary, root, draw, report, stack):
    spec = rules.rendered(VALUES)
    check_known(spec, report)
    together, alone = (
        Stage(kinds, binary, root / name, yaml.safe_dump(spec), report, stack)
        for name, kinds in (("together", scenarios.TOGETHER), ("alone", scenarios.ALONE))
    )  # fmt: skip
    for stage in (together, alone):
        stage.wait()
        for labels in stage.surprises():
            report.line(False, f"alert       {labels['alertname']}", f"fired without a scenario: {labels}")
    check_metrics(together.world.gateways["sluice"], report)
    look_at_panels(together.prometheus, together.began, report, draw)
    for job, alive, status in together.world.stop() + alone.world.stop():
        report.line(alive and status == 0, f"gateway     {job}", f"{'alive' if alive else 'DEAD'} to the end, exit status {status}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gateway", required=True, type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("--draw", type=pathlib.Path)
    arguments, report = parser.parse_args(), Report()
    draw = drawer(arguments.draw) if arguments.draw else None
    with tempfile.TemporaryDirectory() as temporary, contextlib.ExitStack() as stack:
        run(arguments.gateway, pathlib.Path(temporary), draw, report, stack)
    told = f"{report.failed} failed" if report.failed else "every panel has data, every alert fired and cleared"
    print(f"{report.lines} rows: {told}")
    report.exit()


if __name__ == "__main__":
    main()
