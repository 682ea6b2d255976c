#!/usr/bin/env python3
"""The README's metrics table: every metric is in it, and a stale one is noticed."""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
TOOL = ROOT / "server" / "telemetry" / "reference.py"
NAMES = ROOT / "server" / "telemetry" / "names.h"


def run(*args):
    return subprocess.run([sys.executable, TOOL, *map(str, args)], capture_output=True, text=True, check=False)


class Reference(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.readme = pathlib.Path(folder.name) / "README.md"
        self.names = pathlib.Path(folder.name) / "names.h"
        self.readme.write_text("before\n<!-- metrics:begin -->\nstale row\n<!-- metrics:end -->\nafter\n", encoding="utf-8")

    def test_every_definition_has_a_row_and_is_in_the_list_of_all(self):
        source = NAMES.read_text(encoding="utf-8")
        defined = re.findall(r"constexpr MetricInfo (k\w+)", source)
        listed = re.findall(r"&(k\w+)", source)
        self.assertEqual(defined, listed)
        rows = run().stdout.splitlines()[2:]
        self.assertEqual(len(rows), len(defined))
        for row in rows:
            name, kind, _, text = re.match(r"\| `(\w+)` \| (\w+) \| (.*?) \| (.+) \|$", row).groups()
            self.assertIn(f'"{name}"', source)
            self.assertIn(kind, ("counter", "gauge", "histogram"))
            self.assertRegex(text, r"\.$")

    def test_labels_and_joined_strings_are_read(self):
        self.assertIn("| `sluice_tokens_total` | counter | `upstream`, `model`, `type` |", run().stdout)

    def test_a_stale_table_fails_the_check_until_it_is_written(self):
        stale = run("--check", self.readme)
        self.assertEqual(stale.returncode, 1)
        self.assertIn("--write", stale.stderr)
        self.assertEqual(run("--write", self.readme).returncode, 0)
        self.assertEqual(run("--check", self.readme).returncode, 0)
        text = self.readme.read_text(encoding="utf-8")
        self.assertTrue(text.startswith("before\n<!-- metrics:begin -->\n| metric |"), text)
        self.assertTrue(text.endswith("|\n<!-- metrics:end -->\nafter\n"), text)
        self.assertNotIn("stale row", text)

    def test_a_changed_help_is_noticed(self):
        run("--write", self.readme)
        source = NAMES.read_text(encoding="utf-8")
        self.names.write_text(source.replace("Threads running now.", "Threads."), encoding="utf-8")
        self.assertEqual(run("--names", self.names, "--check", self.readme).returncode, 1)

    def test_a_definition_it_cannot_read_is_an_error(self):
        source = NAMES.read_text(encoding="utf-8")
        self.names.write_text(source + "inline constexpr MetricInfo kOdd = Make(1);\n", encoding="utf-8")
        self.assertEqual(run("--names", self.names).returncode, 1)

    def test_a_file_without_the_marks_is_refused(self):
        self.readme.write_text("nothing here\n", encoding="utf-8")
        self.assertEqual(run("--check", self.readme).returncode, 1)
        self.assertEqual(run("--write", self.readme).returncode, 1)
        self.assertEqual(self.readme.read_text(encoding="utf-8"), "nothing here\n")


if __name__ == "__main__":
    unittest.main()
