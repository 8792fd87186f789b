"""``OptunaSearchCV``: a scikit-learn search whose candidates Optuna chooses."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from optuna import Study
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial
from sklearn.base import clone, is_classifier
from sklearn.utils import get_tags, indexable
from sklearn.utils.validation import _check_method_params

from estimators.params import (
    AnyOf,
    Bool,
    Choice,
    Domain,
    Float,
    Instance,
    Int,
    check_params,
    seed,
)
from search.choosing import ChoosingSearch
from search.evaluation import Evaluator
from search.folds import splits_of
from search.objective import COSTS, Objective
from search.pruning import PRUNERS, epochs_of
from search.question import question_of
from search.running import run_study
from search.samplers import SAMPLERS
from search.sharing import Sharing, can_pay
from search.space import Space, as_space, space_of_estimator

_DOMAINS: dict[str, Domain] = {
    "n_trials": Int(1, none=True),
    "timeout": Float(0, open_low=True, none=True),
    "n_jobs": AnyOf((Int(1), Choice(options=(-1,))), none=True),
    "sampler": AnyOf((Choice(options=SAMPLERS), Instance((BaseSampler,), "an optuna sampler"))),
    "pruner": AnyOf(
        (Choice(options=PRUNERS), Instance((BasePruner,), "an optuna pruner")), none=True
    ),
    "storage": Instance((str, Path, BaseStorage), "a file, a URL or an optuna storage", none=True),
    "study_name": Instance((str,), "a text", none=True),
    "backend": Instance((str,), "an address as dask://HOST:PORT", none=True),
    "patience": Int(1, none=True),
    "error_score": AnyOf((Choice(options=("raise",)), Instance((float,), "nan"))),
    "share": Bool(),
    "verbose": Int(0),
    "random_state": seed(),
}


class OptunaSearchCV(ChoosingSearch):
    """Search for hyper-parameters with Optuna; what it finds is used as scikit-learn's searches.

    Every finished fold is written to the storage at once. A study that was killed goes on where it
    stopped, and ends as it would have ended undisturbed. Work that candidates have in common
    (prepared data, neighbours, components, trees) is done once; scores are those of a plain loop.

    Parameters
    ----------
    estimator : estimator
        A scikit-learn estimator or pipeline.
    space : mapping, callable, Space or None, default=None
        What to search: parameter names with domains (``estimators.params``), Optuna distributions
        or lists of values; or ``function(trial) -> params``, which may choose conditionally. An
        empty one is a single trial of the estimator as it is. None takes what the registry knows
        of the model.
    n_trials : int or None, default=20
        Number of finished trials of the study, those of earlier runs included. None goes on until
        ``timeout``, ``patience`` or the end of a grid.
    timeout : float or None, default=None
        Seconds after which no new trial is started.
    cv : None, int, splitter, iterable, float or pair of ndarray, default=None
        As in scikit-learn; a number between 0 and 1 holds that part out once, a pair of index
        arrays is one split into training and validation rows.
    scoring : str, callable, list, tuple, dict or None, default=None
        As in scikit-learn.
    refit : bool, str or callable, default=True
        As in scikit-learn; the metric that it names is what is optimised.
    objectives : sequence of str or None, default=None
        What is optimised, where that is not the metric of ``refit``: metrics (greater is better)
        and costs (``"fit_time"``, ``"score_time"`` in seconds, ``"size"`` in bytes; less is
        better). With several the study finds their Pareto front (``study_.best_trials``).
    sampler : {"tpe", "random", "gp", "nsga2", "qmc", "grid"} or optuna sampler, default="tpe"
        Chooses the candidates.
    pruner : {"median", "halving", "hyperband", "wilcoxon"}, optuna pruner or None, default=None
        Ends hopeless trials between folds; those of nets, if ``n_jobs`` is one, also between
        epochs, by the score of the validation rows so far, after a quarter of the epochs. They are
        marked in ``cv_results_["state"]``, have no mean score and are never the best.
    storage : str, Path, optuna storage or None, default=None
        An SQLite file or a database URL where the study stands; None keeps it in memory.
    study_name : str or None, default=None
        Name of the study in the storage.
    n_jobs : int or None, default=None
        Number of processes that fit; -1 for one per processor. With several, trials run side by
        side and do not see each other's results.
    backend : str or None, default=None
        "dask://HOST:PORT" sends the folds to the workers of a Dask cluster (``bakeoff[dask]``),
        where ``n_jobs=None`` is as many trials at a time as it has threads; None fits here.
    enqueue : sequence of mapping or Study, default=()
        Points to try before all others; of an earlier study its five best.
    patience : int or None, default=None
        Stop when so many trials in a row brought nothing better.
    callbacks : sequence of callable, default=()
        ``callback(study, trial)`` after each trial; ``study.stop()`` ends the search.
    error_score : "raise" or nan, default=nan
        Whether a trial that fails ends the search, or is recorded with its error.
    share : bool, default=True
        Whether candidates share work.
    random_state : int, RandomState instance or None, default=None
        Seed of the sampler.
    verbose : int, default=0
        1 prints a line per trial.

    Attributes
    ----------
    cv_results_ : dict of str to ndarray
        As in scikit-learn, one row per finished trial, those of a grid in its order; also
        ``trial`` (number), ``state`` ("complete", "pruned", "failed") and ``error``.
    best_estimator_, best_params_, best_score_, best_index_, refit_time_, scorer_, n_splits_, \
multimetric_
        As in scikit-learn.
    study_ : optuna.Study
        The study.

    References
    ----------
    T. Akiba et al., Optuna: a next-generation hyperparameter optimization framework, KDD 2019.

    Examples
    --------
    >>> import optuna
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"C": optuna.distributions.FloatDistribution(0.1, 100, log=True)}
    >>> search = OptunaSearchCV(SVC(), space, n_trials=5, random_state=0).fit(X, y)
    >>> bool(search.best_score_ > 0.95)
    True
    """

    def __init__(
        self,
        estimator: Any,
        space: Any = None,
        *,
        n_trials: int | None = 20,
        timeout: float | None = None,
        cv: Any = None,
        scoring: Any = None,
        refit: Any = True,
        objectives: Sequence[str] | None = None,
        sampler: str | BaseSampler = "tpe",
        pruner: str | BasePruner | None = None,
        storage: Any = None,
        study_name: str | None = None,
        n_jobs: int | None = None,
        backend: str | None = None,
        enqueue: Any = (),
        patience: int | None = None,
        callbacks: Sequence[Callable[[Study, FrozenTrial], None]] = (),
        error_score: Any = np.nan,
        share: bool = True,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.space = space
        self.n_trials = n_trials
        self.timeout = timeout
        self.cv = cv
        self.scoring = scoring
        self.refit = refit
        self.objectives = objectives
        self.sampler = sampler
        self.pruner = pruner
        self.storage = storage
        self.study_name = study_name
        self.n_jobs = n_jobs
        self.backend = backend
        self.enqueue = enqueue
        self.patience = patience
        self.callbacks = callbacks
        self.error_score = error_score
        self.share = share
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags = get_tags(self.estimator).target_tags
        return tags

    def fit(self, X: Any, y: Any = None, **params: Any) -> OptunaSearchCV:
        """Search, then fit the best candidate on all rows.

        Parameters
        ----------
        X : array-like of n rows
            What the estimator takes.
        y : array-like of n rows or None, default=None
            Targets.
        **params : object
            Metadata for estimator, splitter and scorer, as in scikit-learn's searches: routed if
            ``enable_metadata_routing`` is set, else ``groups`` for the splitter, and the rest for
            ``fit`` of the estimator.

        Returns
        -------
        OptunaSearchCV
            Itself.
        """
        check_params(self, _DOMAINS)
        owner, model = type(self).__name__, self.estimator
        if not hasattr(model, "fit"):
            raise TypeError(f"{owner}: estimator must be a scikit-learn estimator, got {model!r}.")
        self._check_end()
        scorer, metric = self._get_scorers()
        if y is None and get_tags(model).target_tags.required:
            raise ValueError(
                f"This {owner} estimator requires y to be passed, but the target y is None."
            )
        X, y = indexable(X, y)
        params = _check_method_params(X, params=params)
        routed = self._get_routed_params_for_fit(params)
        space = self._space()
        evaluator = self._evaluator(X, y, scorer, routed, space)
        n_epochs = epochs_of(model.get_params(), space.largest())
        objective = Objective(
            space, evaluator, len(evaluator.splits), self._objective_names(), n_epochs
        )
        self.n_splits_ = objective.n_folds
        question = {}
        if self.storage is not None:
            question = question_of(evaluator, objective, [X, y, params], self.scoring)
        self.study_ = run_study(self, evaluator, objective, question)
        self.cv_results_ = self._results(objective)
        self._choose(metric)
        if self.refit:
            self._refit(dataclasses.replace(evaluator, sharing=None))
        # As in scikit-learn: a scorer of several metrics shows them as a dictionary.
        self.scorer_ = getattr(scorer, "_scorers", scorer)
        return self

    def _check_end(self) -> None:
        """Refuse a search without an end."""
        limits = (self.n_trials, self.timeout, self.patience)
        if limits == (None, None, None) and self.sampler != "grid":
            raise ValueError(
                f"{type(self).__name__}: n_trials, timeout or patience must end the search, "
                "got None for each."
            )
        if len(self.objectives or ()) > 1 and (self.patience, self.pruner) != (None, None):
            raise ValueError(
                f"{type(self).__name__}: patience and pruner must be None with several objectives, "
                f"got patience={self.patience!r}, pruner={self.pruner!r}."
            )

    def _evaluator(self, X: Any, y: Any, scorer: Any, routed: Any, space: Space) -> Evaluator:
        # Shared work would make times and sizes wrong, and metadata belongs to single rows.
        shares = self.share and can_pay(self.estimator) and not routed.estimator.fit
        shares = shares and not set(self._objective_names()) & set(COSTS)
        return Evaluator(
            estimator=clone(self.estimator),
            X=X,
            y=y,
            splits=splits_of(
                self.cv,
                X,
                y,
                classifier=is_classifier(self.estimator),
                seed=self.random_state if isinstance(self.random_state, int) else 0,
                split_params=routed.splitter.split,
            ),
            scorer=scorer,
            fit_params=routed.estimator.fit,
            score_params=routed.scorer.score,
            weigh="size" in self._objective_names(),
            sharing=Sharing(space.largest()) if shares else None,
        )

    def _space(self) -> Space:
        if self.space is None:
            return space_of_estimator(self.estimator)
        return as_space(self.space).check_names(self.estimator)

    def _objective_names(self) -> tuple[str | None, ...]:
        if self.objectives is not None:
            return tuple(self.objectives)
        return (self.refit if isinstance(self.refit, str) else None,)
