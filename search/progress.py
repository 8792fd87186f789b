"""What a comparison tells whoever watches it: small events, in the order they happen."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class DataGuarded:
    """The data were looked at before anything is trained; every warning in words."""

    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ModelStarted:
    """A model begins: the ``position``-th (from 0) of ``n_models``, ``n_done`` trials stand."""

    model: str
    title: str
    position: int
    n_models: int
    n_trials: int
    n_done: int = 0


@dataclass(frozen=True, kw_only=True)
class StageStarted:
    """A model begins a stage: ``search``, ``nested``, ``refit``, ``test`` or ``repeat``."""

    model: str
    stage: str


@dataclass(frozen=True, kw_only=True)
class TrialFinished:
    """A trial ended: its score and the best so far, None where there is none."""

    model: str
    trial: int
    status: str
    value: float | None
    best: float | None
    seconds: float


@dataclass(frozen=True, kw_only=True)
class EpochFinished:
    """A net finished an epoch (from 1); ``n_epochs`` is the most it may take."""

    model: str
    epoch: int
    n_epochs: int
    train_loss: float | None
    valid_loss: float | None
    valid_score: float | None


@dataclass(frozen=True, kw_only=True)
class ModelFinished:
    """A model ended: ``complete``, ``failed``, ``timed out`` or ``out of memory``."""

    model: str
    status: str
    error: str | None
    seconds: float
    value: float | None = None
    metric: str | None = None


Event = DataGuarded | ModelStarted | StageStarted | TrialFinished | EpochFinished | ModelFinished

_EVENTS: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        DataGuarded,
        ModelStarted,
        StageStarted,
        TrialFinished,
        EpochFinished,
        ModelFinished,
    )
}


def to_plain(event: Event) -> dict[str, Any]:
    """Return an event as a dictionary that JSON can hold.

    >>> to_plain(StageStarted(model="knn", stage="refit"))
    {'event': 'StageStarted', 'model': 'knn', 'stage': 'refit'}
    """
    return {"event": type(event).__name__, **dataclasses.asdict(event)}


def from_plain(plain: dict[str, Any]) -> Event:
    """Return the event that :func:`to_plain` made into a dictionary."""
    fields = dict(plain)
    event: Event = _EVENTS[fields.pop("event")](**fields)
    return event
