"""A program as a process of a test. Its output is kept, and it does not outlive a failure."""
import os
import pathlib
import re
import subprocess
import threading

START_SECONDS, STOP_SECONDS = 120, 30


class Process:
    """Runs from its making to close(). It is ready once its output matches `ready`; else nothing of it is left, and its making raises."""

    def __init__(self, command, ready, **more):
        self._name = pathlib.Path(command[0]).name
        self._said, self._over, self._changed = b"", False, threading.Condition()
        self._process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
        self.pid = self._process.pid
        self._follower = threading.Thread(target=self._follow, daemon=True)
        self._follower.start()
        try:
            self.ready = self.expect(ready, START_SECONDS)
        except BaseException:
            self.close()
            raise

    def _follow(self):
        """To the end, or a full pipe would block it."""
        while data := self._process.stdout.read1():
            with self._changed:
                self._said += data
                self._changed.notify_all()
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def output(self):
        """All of it so far; after close(), all there is."""
        return self._said.decode(errors="replace")

    def expect(self, pattern, seconds):
        """Waits until the output has this; raises where it ends, or has had its time, without."""

        def find():
            return re.search(pattern, self.output())

        with self._changed:
            self._changed.wait_for(lambda: find() or self._over, seconds)
        if found := find():
            return found
        raise RuntimeError(f"{self._name} {'ended' if self._over else f'ran for {seconds} s'} without {pattern!r}: {self.output()[-2000:]}")

    def tell(self, line):
        """Writes to its standard input, where it was made with a pipe for that."""
        os.write(self._process.stdin.fileno(), line.encode() + b"\n")

    def finish(self, seconds):
        """Its exit status, once it has ended by itself."""
        status = self._process.wait(seconds)
        self._follower.join()
        return status

    def close(self):
        """Its exit status after SIGTERM; it has half a minute for what it still has to do."""
        self._process.terminate()
        try:
            return self.finish(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self.finish(None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def check_output(*command, **more):
    """What a program says; raises with its complaint."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {(done.stdout + done.stderr).strip()[-3000:]}")
    return done.stdout.strip()
