"""Sleeps 1 ms again and again until SIGTERM, then prints how late the sleeps ended, in microseconds.

Runs ahead of everything else on its core where that is allowed, so that what it sees are pauses of the machine and not
its turn after our own processes.
"""

import os
import signal
import time

SLEEP_NS = 1_000_000


def main() -> None:
    ended = False

    def end(*_: object) -> None:
        nonlocal ended
        ended = True

    signal.signal(signal.SIGTERM, end)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        realtime = 1
    except OSError:
        realtime = 0
    print("ready", flush=True)
    late = []
    before = time.monotonic_ns()
    while not ended:
        time.sleep(SLEEP_NS / 1e9)
        now = time.monotonic_ns()
        late.append(now - before - SLEEP_NS)
        before = time.monotonic_ns()
    late.sort()
    at = [late[min(len(late) - 1, int(len(late) * share))] / 1000 if late else 0 for share in (0.5, 0.99, 0.999, 1)]
    print(f"p50={at[0]:.0f} p99={at[1]:.0f} p999={at[2]:.0f} max={at[3]:.0f} sleeps={len(late)} realtime={realtime}",
          flush=True)


if __name__ == "__main__":
    main()
