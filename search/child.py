"""A function in a process of its own: ended at its limits, and never outliving its parent.

The process is a fresh interpreter, not a fork (threads of BLAS and torch do not survive one) and
not ``multiprocessing``'s spawn (it would run the user's script again where that has no
``if __name__ == "__main__"``).
"""

from __future__ import annotations

import json
import math
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import cloudpickle
import psutil

Message = dict[str, Any]
Send = Callable[[Message], None]

_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[2]); "
    "from search.child import main; main(sys.argv[1])"
)
_TICK = 0.1  # seconds between two looks at clock and memory


@dataclass(frozen=True)
class Limits:
    """What a child may use: ``seconds`` and ``memory`` (bytes), None for no limit."""

    seconds: float | None = None
    memory: int | None = None


@dataclass(frozen=True)
class Outcome:
    """How a child ended: status, one sentence if it did not end well, peak memory in bytes."""

    status: str
    error: str | None
    peak_memory: int


def run_in_child(
    function: Callable[[Any, Send], None],
    argument: Any,
    receive: Callable[[Message], None],
    *,
    limits: Limits,
    inherit: tuple[int, ...] = (),
) -> Outcome:
    """Call ``function(argument, send)`` in a child and hand on what it sends.

    Parameters
    ----------
    function : callable
        Any picklable function, also one of the user's script.
    argument : object
        Its first argument.
    receive : callable
        Called here with every message (a dictionary that JSON can hold) that the child sends.
    limits : Limits
        The child is killed when it passes one.
    inherit : tuple of int, default=()
        File descriptors that the child keeps open, such as that of a lock.

    Returns
    -------
    Outcome
        Its status is "complete", "timed out", "out of memory" or "failed". Memory is what was
        resident in the child and in its own children: interpreter, libraries and data included.
    """
    with tempfile.TemporaryDirectory(prefix="bakeoff-") as folder:
        job = Path(folder) / "job.pickle"
        job.write_bytes(cloudpickle.dumps((function, argument)))
        with _started(job, inherit) as process:
            return _watch(process, receive, limits)


@contextmanager
def _started(job: Path, inherit: tuple[int, ...]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-c", _BOOT, str(job), json.dumps(sys.path)],
        stdin=subprocess.PIPE,  # never written: it closes when we end, however we end
        stdout=subprocess.PIPE,
        pass_fds=inherit,
        start_new_session=True,  # Ctrl-C in the terminal is for the parent
    )
    try:
        yield process
    finally:
        _kill(process.pid)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _watch(
    process: subprocess.Popen[bytes], receive: Callable[[Message], None], limits: Limits
) -> Outcome:
    messages: queue.Queue[Message | None] = queue.Queue()
    assert process.stdout is not None
    threading.Thread(target=_read, args=(process.stdout, messages), daemon=True).start()
    memory = _Memory(process.pid)
    deadline = math.inf if limits.seconds is None else time.monotonic() + limits.seconds
    while True:
        with suppress(queue.Empty):
            message = messages.get(timeout=_TICK)
            if message is None:
                return _ended(process, memory.peak)
            receive(message)
        if memory.now() > (limits.memory or math.inf):
            error = f"ended at its memory limit of {(limits.memory or 0) / 2**20:.0f} MiB"
            return Outcome("out of memory", error, memory.peak)
        if time.monotonic() > deadline:
            error = f"ended at its time limit of {limits.seconds:g} s"
            return Outcome("timed out", error, memory.peak)


def _read(pipe: IO[bytes], messages: queue.Queue[Message | None]) -> None:
    """Queue the messages of a child, then None; an unfinished last one is dropped."""
    with suppress(ValueError):  # the pipe was closed, or the last line is torn
        for line in pipe:
            messages.put(json.loads(line))
    messages.put(None)


def _ended(process: subprocess.Popen[bytes], peak: int) -> Outcome:
    code = process.wait()
    if code == 0:
        return Outcome("complete", None, peak)
    if code == -signal.SIGKILL:
        error = "killed by the system, as it does when memory runs out"
        return Outcome("out of memory", error, peak)
    how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
    return Outcome("failed", f"its process ended with {how}", peak)


class _Memory:
    """Resident memory of a process and of its children: now, and at its highest."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.peak = self._last = 0
        self._next_look = 0.0

    def now(self) -> int:
        """Return what is resident, looked up at most once per tick."""
        if time.monotonic() < self._next_look:
            return self._last
        total = 0
        for process in _tree(self.pid):
            with suppress(psutil.Error):
                total += process.memory_info().rss
        self._last, self.peak = total, max(self.peak, total)
        self._next_look = time.monotonic() + _TICK
        return total


def peak_memory() -> int:
    """Return the highest resident memory of this process so far, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # getrusage would do, but counts what the parent held before it became this program.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    import resource  # not on Windows

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main(job: str) -> None:
    """Be the child: read the job, watch the parent, call the function."""
    lock = threading.Lock()
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as channel:
        os.dup2(2, 1)  # what the models print must not mix with the messages
        threading.Thread(target=_die_with_parent, daemon=True).start()

        def send(message: Message) -> None:
            with lock:
                channel.write(json.dumps(message) + "\n")
                channel.flush()

        function, argument = cloudpickle.loads(Path(job).read_bytes())
        function(argument, send)


def _die_with_parent() -> None:
    """Wait until the parent's end of our standard input closes, then end at once."""
    os.read(0, 1)
    _kill(os.getpid())


def _kill(pid: int) -> None:
    """Kill a process after all that it has started."""
    for process in reversed(_tree(pid)):
        with suppress(psutil.Error):
            process.kill()


def _tree(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []
