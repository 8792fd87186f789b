"""A study in an SQLite file: a log while it is written, one whole file before and after."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

from optuna.storages import RDBStorage
from optuna.trial import TrialState

WAIT = 30.0  # seconds that a write waits for other writers


class SQLiteStorage(RDBStorage):
    """Optuna's storage in a file, quick for many small writes.

    Every commit of Optuna (some ten in a trial) would wait for the disk four times. With a
    write-ahead log it survives the end of the process at once without waiting; after the last
    commit of a trial the log is flushed, so that a finished trial survives a power cut too.

    Parameters
    ----------
    path : Path
        The file; made if there is none.

    Raises
    ------
    sqlite3.DatabaseError
        If the file is damaged; it is left as it is.
    """

    def __init__(self, path: Path) -> None:
        _check(path)
        self.path = path
        self.connect = _Connect(path)
        super().__init__(f"sqlite:///{path}", engine_kwargs={"creator": self.connect})

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """Set state and values; a finished trial is on the disk when this returns."""
        done = super().set_trial_state_values(trial_id, state, values)
        if state.is_finished():
            self._flush()
        return done

    def settle(self) -> None:
        """Take the log over into the file, unless someone else is using it."""
        self.connect.logs_ahead = False
        self.engine.dispose()
        with suppress(sqlite3.Error), closing(sqlite3.connect(self.path, timeout=0)) as connection:
            connection.execute("pragma journal_mode = delete")

    def _flush(self) -> None:
        with suppress(FileNotFoundError):  # someone else took the log over into the file
            log = os.open(f"{self.path}-wal", os.O_RDONLY)
            try:
                os.fsync(log)
            finally:
                os.close(log)


class _Connect:
    """Opens connections."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.logs_ahead = True

    def __call__(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=WAIT, check_same_thread=False)
        if self.logs_ahead:
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = normal")
        return connection


def _check(path: Path) -> None:
    """Read the whole file before anything is written."""
    if not path.exists() or path.stat().st_size == 0:
        return
    address = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=WAIT)) as connection:
        (found,) = connection.execute("pragma quick_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(f"malformed: {' '.join(found.split())}")
