"""What a part of verify.py prints: a table of what was shown and what was seen, and what it has left out."""
import sys
import threading

SKIPPED, LEFT_OUT = 77, "NOT RUN: "


class Report:
    def __init__(self):
        self.lines, self.failed, self._lock = 0, 0, threading.Lock()

    def line(self, ok, what, seen, details=()):
        """`details` stand below, a line each. From any thread."""
        with self._lock:
            self.lines, self.failed = self.lines + 1, self.failed + (not ok)
            print(f"{'ok' if ok else 'FAILED':6}  {what:68}  {seen}", *(f"        {detail}" for detail in details), sep="\n", flush=True)

    def exit(self):
        sys.exit(1 if self.failed else 0)


def left_out(what):
    print(LEFT_OUT + what)


def skip(reason):
    """Ends a part that cannot be run here."""
    print(" ".join(reason.split()))
    sys.exit(SKIPPED)
