"""The table that a script prints: what was shown, and what was seen."""


class Report:
    def __init__(self):
        self.failed = 0

    def line(self, ok, what, seen):
        self.failed += not ok
        print(f"{'ok' if ok else 'FAILED':6}  {what:68}  {seen}", flush=True)
