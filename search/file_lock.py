"""One writer at a time: a file lock that dies with its holder, and with the holder's children."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # the module or None

# An orphaned child ends within milliseconds of its parent; a busy machine may take longer.
_PATIENCE = 10.0


@contextmanager
def hold_lock(path: Path) -> Iterator[tuple[int | None, int | None]]:
    """Take the lock in ``path`` and yield ``(descriptor, None)``, or ``(None, holder's pid)``.

    The system frees the lock when every process that holds the descriptor has ended, however it
    ended: there is no stale lock. A dead holder's child may hold it for another moment, which is
    waited for.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        deadline = time.monotonic() + _PATIENCE
        while not (taken := _try_lock(descriptor)) and time.monotonic() < deadline:
            if psutil.pid_exists(_holder(descriptor)):
                break
            time.sleep(0.05)
        if taken:
            os.truncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            yield descriptor, None
        else:
            yield None, _holder(descriptor)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    if fcntl is None:  # no inherited locks there: trust the process number in the file
        holder = _holder(descriptor)
        return holder in (0, os.getpid()) or not psutil.pid_exists(holder)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(descriptor: int) -> int:
    """Return the process number in the file, 0 where it holds none."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    text = os.read(descriptor, 20)
    return int(text) if text.isdigit() else 0
