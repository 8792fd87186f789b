"""One candidate on one fold: fit on its training rows, score on its validation rows."""

from __future__ import annotations

import dataclasses
import pickle
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.metaestimators import _safe_split  # knows pairwise kernels, sparse, data frames
from sklearn.utils.validation import _check_method_params

from search.folds import Split
from search.sharing import Sharing

Fold = dict[str, Any]


@dataclass
class Evaluator:
    """Fits and scores; training scores are never computed.

    Parameters
    ----------
    estimator : estimator
        What the parameters are set on.
    X, y : array-like of n rows, y or None
        All rows that the search may see.
    splits : sequence of (ndarray, ndarray)
        Training and validation rows of every fold.
    scorer : callable
        ``scorer(estimator, X, y, **params)`` returns a number or a mapping of numbers.
    fit_params, score_params : mapping, default={}
        Routed metadata; what has n rows is split with the rows.
    weigh : bool, default=False
        Whether to measure the size of the fitted model.
    sharing : Sharing or None, default=None
        What candidates have in common; None fits each on its own.
    """

    estimator: Any
    X: Any
    y: Any
    splits: Sequence[Split]
    scorer: Callable[..., Any]
    fit_params: Mapping[str, Any] = field(default_factory=dict)
    score_params: Mapping[str, Any] = field(default_factory=dict)
    weigh: bool = False
    sharing: Sharing | None = None
    _current: tuple[Any, Any, Any] | None = field(default=None, init=False, repr=False)

    def __call__(self, params: Mapping[str, Any], fold: int) -> Fold:
        """Return scores, seconds and number of validation rows, as JSON can hold them."""
        estimator = self.candidate(params)
        train, valid = self.splits[fold]
        started = time.perf_counter()
        X_train, y_train, X_valid, y_valid = self._rows(estimator, fold)
        self._current = (estimator, X_valid, y_valid)
        if self.sharing is not None:
            estimator = self.sharing.fit(estimator, X_train, y_train)
        else:
            fit_params = _check_method_params(self.X, params=self.fit_params, indices=train)
            estimator.fit(X_train, *_given(y_train), **fit_params)
        fitted = time.perf_counter()
        score_params = _check_method_params(self.X, params=self.score_params, indices=valid)
        scores = self.scorer(estimator, X_valid, *_given(y_valid), **score_params)
        scored = time.perf_counter()
        found = {"fit_time": fitted - started, "score_time": scored - fitted, "n_test": len(valid)}
        if self.weigh:
            found["size"] = len(pickle.dumps(estimator))
        return {"scores": _numbers(scores), **found}

    def score_epoch(self, model: Any) -> float | dict[str, float] | None:
        """Return the scores of a net between two epochs of the fit that is going on.

        They are those of the fold's validation rows. None if the net is not what is to be judged,
        but a part of it.
        """
        if self._current is None:
            return None
        estimator, X, y = self._current
        if isinstance(estimator, Pipeline):
            *steps, (_, estimator) = estimator.steps
            for _, step in steps:
                X = step.transform(X) if hasattr(step, "transform") else X
            estimator = getattr(estimator, "model", estimator)
        return _numbers(self.scorer(model, X, *_given(y))) if model is estimator else None

    def candidate(self, params: Mapping[str, Any]) -> Any:
        """Return the unfitted estimator with ``params`` set."""
        # Values may be estimators themselves, and those must not be fitted in the space.
        return clone(self.estimator).set_params(**clone(dict(params), safe=False))

    def _rows(self, estimator: Any, fold: int) -> tuple[Any, Any, Any, Any]:
        """Return training and validation rows, the very same objects for every candidate."""
        if self.sharing is None:
            return self._split(estimator, fold)
        return self.sharing.cache.get(("rows", fold), (), lambda: self._split(estimator, fold))

    def _split(self, estimator: Any, fold: int) -> tuple[Any, Any, Any, Any]:
        train, valid = self.splits[fold]
        X_train, y_train = _safe_split(estimator, self.X, self.y, train)
        return X_train, y_train, *_safe_split(estimator, self.X, self.y, valid, train)

    def without_rows(self) -> Evaluator:
        """Return a copy that lacks the data."""
        return dataclasses.replace(self, X=None, y=None, splits=())


def _given(y: Any) -> tuple[Any, ...]:
    return () if y is None else (y,)


def _numbers(scores: Any) -> float | dict[str, float]:
    """Return a scorer's answer as plain numbers; a metric that failed is not a number."""
    if not isinstance(scores, Mapping):
        return _number(scores, "score")
    # scikit-learn's scorer of several metrics answers with a traceback where one fails.
    return {n: float("nan") if isinstance(v, str) else _number(v, n) for n, v in scores.items()}


def _number(score: Any, name: str) -> float:
    try:
        return float(score)
    except (TypeError, ValueError):
        raise ValueError(
            f"scoring must return a number, got {score} ({type(score)}) instead. (scorer={name})"
        ) from None
