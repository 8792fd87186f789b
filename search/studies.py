"""Studies on disk: one owner at a time, one question per study, and no trial left hanging."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import optuna
from optuna import Study
from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from search.address import with_driver, without_password
from search.file_lock import hold_lock
from search.server import ServerStorage, alone, requeue
from search.sqlite import SQLiteStorage

Direction = Literal["minimize", "maximize"]
_FINISHED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)


class StudyError(RuntimeError):
    """A study that cannot be opened, read or written; the message says what to do."""


@dataclass(frozen=True)
class Place:
    """Where a study stands.

    Parameters
    ----------
    storage : None, str, Path or optuna storage
        Nothing (memory), an SQLite file, a database URL, or a storage object.
    name : str
        Name of the study.
    """

    storage: Any
    name: str

    @property
    def file(self) -> Path | None:
        """The SQLite file, None where it is something else."""
        if isinstance(self.storage, Path):
            return self.storage
        if not isinstance(self.storage, str):
            return None
        if self.storage.startswith("sqlite:///") and ":memory:" not in self.storage:
            return Path(self.storage.removeprefix("sqlite:///"))
        return None if "://" in self.storage else Path(self.storage)

    @property
    def url(self) -> str | None:
        """Address of the database server, None where it is something else."""
        if self.file is not None or not isinstance(self.storage, str):
            return None
        return None if self.storage.startswith("sqlite:") else with_driver(self.storage)

    @property
    def shown(self) -> str:
        """What messages call it."""
        return str(self.storage) if self.url is None else without_password(self.storage)

    def alone(self) -> AbstractContextManager[None]:
        """Keep the other workers of a study on a server waiting meanwhile."""
        return nullcontext() if self.url is None else alone(self.url, self.name)

    @property
    def lock_file(self) -> Path | None:
        """The file whose lock the owner of the study holds."""
        if self.file is None:
            return None
        name = re.sub(r"[^\w-]", "_", self.name)
        return self.file.with_name(f".{self.file.name}.{name}.lock")


@contextmanager
def open_study(
    place: Place, question: Mapping[str, str], directions: Sequence[Direction]
) -> Iterator[Study]:
    """Yield the study of that name, made or resumed.

    A file is owned by this process alone; on a server other processes may work on it too.

    Parameters
    ----------
    place : Place
        Where it stands.
    question : mapping of str to str
        What it is about (data, space, ...), by fingerprint; a study is resumed for the same
        question only.
    directions : sequence of {"maximize", "minimize"}
        One for each objective.

    Raises
    ------
    StudyError
        If another process owns it, if it is about another question or goes in another direction,
        or if the file is damaged or cannot be written.
    """
    with _quiet(), _owned(place), storage_errors(place), _storage(place) as storage:
        with place.alone():
            study = optuna.create_study(
                storage=storage, study_name=place.name, directions=directions, load_if_exists=True
            )
            _check_directions(study, place, directions)
            _check_question(study, place, question)
        if place.file is not None:
            requeue_interrupted(study)
        yield study


def finished_trials(study: Study) -> list[FrozenTrial]:
    """Return the trials that count, by number: not those that another one has replaced."""
    trials = study.get_trials(deepcopy=False)
    replaced = {t.system_attrs.get("retry_history", [None])[-1] for t in trials}
    return [t for t in trials if t.state in _FINISHED and t.number not in replaced]


def requeue_interrupted(study: Study) -> None:
    """Put the trials that a dead process left running back into the queue."""
    storage: Any = study._storage  # the study's own; Optuna offers no public way to it
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        requeue(storage, trial)


def keep_copy(study: Study, storage: str, name: str) -> None:
    """Write the finished trials of a study on a server into an SQLite file, as ``name``."""
    place = Place(storage, name)
    with _quiet(), storage_errors(place), _storage(place) as file:
        assert file is not None
        with suppress(KeyError):  # of an earlier try
            optuna.delete_study(study_name=name, storage=file)
        copy = optuna.create_study(storage=file, study_name=name, directions=study.directions)
        copy.add_trials(finished_trials(study))


def seed_of(study: Study, random_state: Any) -> int:
    """Return the seed of a study's sampler: as given, else drawn once and kept with the study."""
    if isinstance(random_state, (int, np.integer)):
        return int(random_state)
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    if "seed" not in study.user_attrs:
        study.set_user_attr("seed", int(np.random.SeedSequence().generate_state(1)[0]))
    return int(study.user_attrs["seed"])


@contextmanager
def storage_errors(place: Place) -> Iterator[None]:
    """Turn what a database says into one sentence that names the file and what to do."""
    try:
        yield
    except (SQLAlchemyError, StorageInternalError, sqlite3.Error, OSError) as error:
        cause = error.__cause__ or error
        if isinstance(error, OSError) and not _is_about_place(error, place):
            raise
        raise StudyError(f"{place.shown}: {_advice(str(cause))}") from error
    except ModuleNotFoundError as error:
        if place.url is None:
            raise
        raise StudyError(
            f"{place.shown}: its driver {error.name} is not installed; for PostgreSQL it comes "
            "with bakeoff[postgresql]."
        ) from error


def is_storage_error(error: BaseException | None) -> bool:
    """Tell whether it was the database that failed, not the model."""
    return isinstance(error, (SQLAlchemyError, StorageInternalError))


def _is_about_place(error: OSError, place: Place) -> bool:
    return place.file is not None and str(place.file.parent) in str(error.filename)


def _advice(text: str) -> str:
    text = text.splitlines()[0]
    for words, advice in (
        ("connection ", "no database server answers there, or it does not let you in"),
        ("malformed", "the study is damaged; restore the file from a copy, or move it away"),
        ("not a database", "this is no study; restore the file from a copy, or move it away"),
        ("locked", "another program keeps the database locked; end it and start again"),
        ("full", "the disk is full; make room and start again"),
        ("readonly", "the file cannot be written; change its permissions or choose another one"),
        ("Read-only", "the file cannot be written; choose another folder"),
        ("Permission denied", "the file cannot be written; choose another folder"),
        ("unable to open", "the file cannot be opened; its folder must exist and be writable"),
        ("No such file", "the folder does not exist; make it first"),
    ):
        if words in text:
            return f"{advice} ({text}). Finished trials are kept."
    return f"the study cannot be used ({text}). Finished trials are kept."


@contextmanager
def _owned(place: Place) -> Iterator[None]:
    if place.lock_file is None:
        yield
        return
    with storage_errors(place), hold_lock(place.lock_file) as (descriptor, holder):
        if descriptor is None:
            raise StudyError(
                f"{place.shown}: study {place.name!r} is being run by process {holder}; wait "
                "until it ends, or choose another study_name."
            )
        yield


@contextmanager
def _storage(place: Place) -> Iterator[BaseStorage | None]:
    """Yield the storage.

    An SQLite file is written fast meanwhile, and one file again after it; what was taken from a
    server and not finished is put back.
    """
    if place.url is not None:
        server = ServerStorage(place.url)
        try:
            yield server
        finally:
            server.release()
        return
    if place.file is None:
        yield place.storage
        return
    storage = SQLiteStorage(place.file)
    try:
        yield storage
    finally:
        storage.settle()


def _check_directions(study: Study, place: Place, directions: Sequence[Direction]) -> None:
    """Refuse a study that was made elsewhere, for losses say."""
    known = [direction.name.lower() for direction in study.directions]
    if known != list(directions):
        raise StudyError(
            f"{place.shown}: study {place.name!r} was made to {' and '.join(known)}, here it is to "
            f"{' and '.join(directions)}; choose another study_name."
        )


def _check_question(study: Study, place: Place, question: Mapping[str, str]) -> None:
    """Refuse a study about something else; write the question into a new one."""
    if not question:
        return
    known = study.user_attrs.get("question")
    if known is None:
        if study.get_trials(deepcopy=False):
            raise StudyError(
                f"{place.shown}: study {place.name!r} was not made by OptunaSearchCV; choose "
                "another study_name."
            )
        study.set_user_attr("question", dict(question))
        return
    other = [part for part in question if known.get(part) != question[part]]
    if other:
        raise StudyError(
            f"{place.shown}: study {place.name!r} has another {' and another '.join(other)}; "
            "resume it with the same ones, or choose another study_name."
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence Optuna's line per trial: failures are recorded, progress is shown by callbacks."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
