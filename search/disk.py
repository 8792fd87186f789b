"""Files that survive accidents: whole lines appended, whole files replaced, refusals in words."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO


class RunError(RuntimeError):
    """A run directory cannot be used, or a run was stopped; the message says what to do."""


def append_lines(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """Append JSON lines, all or none, and wait until they are on disk.

    An unfinished last line, left by a process that was killed, is cut off first.
    """
    if not lines:
        return
    rest = memoryview("".join(json.dumps(line, allow_nan=False) + "\n" for line in lines).encode())
    # Without a buffer: one would write what is left of refused lines when it is closed.
    with refusals_in_words(path), path.open("ab", buffering=0) as file:
        end = _end_of_whole_lines(path)
        file.truncate(end)
        try:
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        except OSError:
            os.truncate(path, end)
            raise


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the JSON lines of a file, forgiving an unfinished last one and nothing else."""
    if not path.exists():
        return []
    *lines, _unfinished = path.read_bytes().split(b"\n")
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(json.loads(line))
        except ValueError:
            raise RunError(
                f"{path} is damaged in line {number}; restore it from a copy, or delete that "
                "line to do without what it said."
            ) from None
    return found


def write_at_once(path: Path, content: Callable[[BinaryIO], Any]) -> None:
    """Write a file so that readers see the old one or the whole new one, never a part."""
    temporary = path.with_name(f".{path.name}.tmp")
    with refusals_in_words(path):
        try:
            with temporary.open("wb") as file:
                content(file)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:  # nothing is there any more but after a failure
            temporary.unlink(missing_ok=True)


@contextmanager
def refusals_in_words(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals into one sentence that says what to do."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f"cannot write {path}: {error.strerror or error}; make room or choose another folder. "
            "What was finished is kept, and resume=True (--resume) goes on from there."
        ) from error


def _end_of_whole_lines(path: Path) -> int:
    """Return where the last whole line of a file ends: 0 if there is none."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - 65_536)
            file.seek(start)
            newline = file.read(end - start).rfind(b"\n")
            if newline >= 0:
                return start + newline + 1
            end = start
    return 0
