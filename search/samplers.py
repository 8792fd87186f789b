"""Samplers by name, seeded so that an interrupted study goes on as if nothing had happened."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from optuna import samplers
from optuna.distributions import BaseDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from search.space import Space

if TYPE_CHECKING:
    from optuna import Study

_BY_NAME: dict[str, Callable[..., BaseSampler]] = {
    "tpe": samplers.TPESampler,
    "random": samplers.RandomSampler,
    "gp": samplers.GPSampler,
    "nsga2": samplers.NSGAIISampler,
}
SAMPLERS = (*_BY_NAME, "qmc", "grid")


class SeededSampler(BaseSampler):
    """A sampler whose draws depend on the seed, the history, the trial and the parameter only.

    Optuna's own samplers go through one stream of random numbers, so a study that is interrupted
    and resumed continues elsewhere than an undisturbed one. Here every draw has its own seed.

    Parameters
    ----------
    make : callable
        ``make(seed=seed)`` returns the sampler that draws.
    seed : int
        Seed of the study.
    """

    def __init__(self, make: Callable[..., BaseSampler], seed: int) -> None:
        self._make = make
        self._seed = seed

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self._of(trial).infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self._of(trial).sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, distribution: BaseDistribution
    ) -> Any:
        sampler = self._of(trial, param_name)
        return sampler.sample_independent(study, trial, param_name, distribution)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        self._of(trial).before_trial(study, trial)

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        self._of(trial).after_trial(study, trial, state, values)

    def _of(self, trial: FrozenTrial, param: str = "") -> BaseSampler:
        key = [self._seed, trial.number, zlib.crc32(param.encode())]
        return self._make(seed=int(np.random.SeedSequence(key).generate_state(1)[0]))


def as_sampler(sampler: str | BaseSampler, space: Space, seed: int) -> BaseSampler:
    """Return the sampler of that name; an object is returned as it is.

    Parameters
    ----------
    sampler : {"tpe", "random", "gp", "nsga2", "qmc", "grid"} or optuna sampler
        "qmc" and "grid" go through one sequence, the others are seeded for every trial.
    space : Space
        What a grid is made of.
    seed : int
        Seed of the study.
    """
    if isinstance(sampler, BaseSampler):
        return sampler
    if sampler == "grid":
        return samplers.GridSampler(space.options(), seed=seed)
    if sampler == "qmc":
        with warnings.catch_warnings():
            # Optuna marks it as experimental: its interface, which is used here alone.
            warnings.simplefilter("ignore", ExperimentalWarning)
            return samplers.QMCSampler(seed=seed)
    return SeededSampler(_BY_NAME[sampler], seed)
