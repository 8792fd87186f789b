"""Studies on a database server: many processes, on many machines, work on one of them together."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import sqlalchemy
from optuna.exceptions import (
    ExperimentalWarning,
    StorageInternalError,
    UpdateFinishedTrialError,
)
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

HEARTBEAT = 20  # seconds; a worker that misses three beats is taken for dead
MAX_STARTS = 5  # a fold that took its process with it so many times is not tried again


class EmptyQueueError(Exception):
    """No trial waits to be run."""


class ServerStorage(RDBStorage):
    """Optuna's storage on a server, where trials are taken from a queue and never made in passing.

    A trial that is taken is alive as long as its worker's heart beats; that of a dead worker goes
    back into the queue with its number, parameters and finished folds, so that the study ends as
    it would have ended undisturbed.

    Parameters
    ----------
    url : str
        Address of the database, with its driver.
    """

    def __init__(self, url: str) -> None:
        self._taken: set[int] = set()
        with alone(url, "tables"), warnings.catch_warnings():
            # Optuna marks heartbeats as experimental; they tell dead workers from slow ones.
            warnings.simplefilter("ignore", ExperimentalWarning)
            super().__init__(
                url,
                engine_kwargs={"pool_pre_ping": True},  # a fit may outlast an idle connection
                heartbeat_interval=HEARTBEAT,
                grace_period=3 * HEARTBEAT,
            )

    def _create_new_trial(
        self, study_id: int, template_trial: FrozenTrial | None = None
    ) -> FrozenTrial:
        """Add a trial to the queue; raise an EmptyQueueError instead of starting one beside it."""
        if template_trial is None:
            raise EmptyQueueError
        return super()._create_new_trial(study_id, template_trial)

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """Set state and values; the heart of a trial beats before it is taken."""
        if state == TrialState.RUNNING:
            self.record_heartbeat(trial_id)
        done = super().set_trial_state_values(trial_id, state, values)
        if done and state == TrialState.RUNNING:
            self._taken.add(trial_id)
        elif done:
            self._taken.discard(trial_id)
        return done

    def _get_stale_trial_ids(self, study_id: int) -> list[int]:
        """Put trials of dead workers back into the queue; none is left for Optuna to fail."""
        if super()._get_stale_trial_ids(study_id):
            with alone(self.url, f"stale {study_id}"):
                for trial_id in super()._get_stale_trial_ids(study_id):
                    self.record_heartbeat(trial_id)  # whoever takes it next is not stale
                    requeue(self, self.get_trial(trial_id))
        return []

    def release(self) -> None:
        """Put back the trials that were taken and not finished; keep no connection open.

        The study may still be read.
        """
        for trial_id in tuple(self._taken):
            # Another process may have finished it; without the server it will be found stale.
            with suppress(UpdateFinishedTrialError, SQLAlchemyError, StorageInternalError):
                self.set_trial_state_values(trial_id, TrialState.WAITING)
        self.scoped_session.remove()
        self.engine.dispose()
        self.engine = sqlalchemy.create_engine(self.url, poolclass=sqlalchemy.NullPool)
        self.scoped_session.configure(bind=self.engine)


def requeue(storage: RDBStorage, trial: FrozenTrial) -> None:
    """Put a trial whose process died back into the queue.

    It keeps number, parameters and finished folds. One that stopped at the same fold again and
    again fails instead: it may be what ends the process.
    """
    fold = len(trial.user_attrs.get("folds", ()))
    known, starts = trial.user_attrs.get("starts", (fold, 0))
    starts = starts + 1 if known == fold else 1
    if starts < MAX_STARTS:
        storage.set_trial_user_attr(trial._trial_id, "starts", (fold, starts))
        storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)
    else:
        text = f"the process ended {starts} times in fold {fold} (killed, out of memory?)"
        storage.set_trial_user_attr(trial._trial_id, "error", text)
        storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)


@contextmanager
def alone(url: str, name: str) -> Iterator[None]:
    """Keep other processes out of ``name`` meanwhile, on all machines; only PostgreSQL can."""
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    if engine.dialect.name != "postgresql":
        yield
        return
    key = zlib.crc32(f"bakeoff {name}".encode())
    with engine.connect() as connection:  # its end frees the lock, however it ends
        connection.execute(sqlalchemy.text("select pg_advisory_lock(:key)"), {"key": key})
        yield
