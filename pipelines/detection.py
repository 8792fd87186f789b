"""``make_detector``: abnormal time stamps of a series, from windows that end with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

from estimators import registry
from estimators.params import Instance, Int, check_params, domains_of, estimator, param
from estimators.thresholds import ThresholdedDetector
from pipelines.readings import as_columns, check_even, stamps_of
from pipelines.windows import SlidingWindows


def make_detector(
    model: Any = "autoencoder",
    *,
    width: int = 30,
    params: Mapping[str, Any] | None = None,
    random_state: Any = None,
    threshold: str = "ksigma",
    k: float = 2.0,
    alarm_rate: float = 0.01,
) -> SeriesDetector:
    """Return an unfitted detector for a series: scaling, windows, model and threshold.

    Parameters
    ----------
    model : str or estimator, default="autoencoder"
        A name in the registry that serves anomaly detection, or any estimator with
        ``score_samples``.
    width : int, default=30
        Time stamps in a window.
    params : mapping or None, default=None
        Parameters of the model.
    random_state : int, RandomState or None, default=None
        Seed of the model.
    threshold : str, default="ksigma"
        How the threshold is taken from the errors on the past, as in :class:`SeriesDetector`.
    k : float, default=2.0
        Standard deviations of 'ksigma' and 'mad'.
    alarm_rate : float, default=0.01
        Share of false alarms that 'quantile' and 'pot' allow.

    Returns
    -------
    SeriesDetector
        Takes series of shape (n_rows,) or (n_rows, n_features).

    Raises
    ------
    ValueError
        If the model does not serve anomaly detection.

    Examples
    --------
    >>> from pipelines import make_detector
    >>> wave = np.sin(np.arange(700) / 5) + np.random.default_rng(0).normal(0, 0.1, 700)
    >>> wave[660] += 2
    >>> detector = make_detector("pca", width=20, k=6.0).fit(wave[:600])
    >>> detector.detect(wave[600:]).query("is_abnormal").index[0]
    60
    """
    built = registry.get(model).build("anomaly") if isinstance(model, str) else clone(model)
    given = dict(params or {})
    if random_state is not None and "random_state" in built.get_params():
        given.setdefault("random_state", random_state)
    return SeriesDetector(
        model=built.set_params(**given),
        width=width,
        threshold=threshold,
        k=k,
        alarm_rate=alarm_rate,
    )


@estimator
class SeriesDetector(ThresholdedDetector, BaseEstimator):
    """Detector of abnormal time stamps.

    The score of a time stamp is that of the window which ends there: no later value has a part in
    it. Scaling, model and threshold are fitted on the past alone.

    {parameters}

    Attributes
    ----------
    model_ : estimator
        The fitted model.
    scaler_ : StandardScaler
        Mean and spread of the past.
    threshold_ : float
        The greatest degree of abnormality that passes as normal.
    offset_ : float
        Minus the threshold: ``decision_function`` is ``score_samples`` minus it.
    thresholds_ : dict of str to float
        The thresholds that all rules would take from the same past.
    n_features_in_ : int
        Number of values at a time stamp.

    Examples
    --------
    >>> from estimators import IsolationForest
    >>> from pipelines import SeriesDetector
    >>> past = np.sin(np.arange(300) / 5)
    >>> detector = SeriesDetector(model=IsolationForest(random_state=0), width=10).fit(past)
    >>> stream = detector.stream()
    >>> stream.score(np.sin(60.0)) < stream.score(9.0)
    True
    """

    model: Any = param(
        default=None,
        domain=Instance((BaseEstimator,), "an estimator with score_samples", none=True),
        doc="The model of a window, any estimator with ``score_samples``; it is cloned. None is "
        "the registry's 'pca'.",
    )
    width: int = param(default=30, domain=Int(1), doc="Time stamps in a window.")

    def fit(self, X: Any, y: Any = None, *, times: Any = None) -> Self:
        """Learn what windows of the past look like.

        Parameters
        ----------
        X : array-like of shape (n_rows,) or (n_rows, n_features)
            The past, normal as far as is known, in the order of time.
        y : ignored
            Not used.
        times : array-like of shape (n_rows,), default=None
            Its time stamps, which are checked for gaps; those of a pandas index if there is one.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a value is missing, a time stamp is, the series is constant or no longer than a
            window, or the model gives no scores.
        """
        check_params(self, domains_of(type(self)))
        X = self._checked(X, times, ensure_min_samples=2)
        if len(X) <= self.width:
            raise ValueError(
                f"{type(self).__name__}: width must be less than the length of the past, got "
                f"width={self.width} for n_samples={len(X)}; take a shorter width or a longer past."
            )
        if not np.ptp(X, axis=0).any():
            raise ValueError(
                f"{type(self).__name__}: X must vary to learn what is normal, got a constant "
                f"series of {X[0].tolist()}."
            )
        model = registry.get("pca").build("anomaly") if self.model is None else clone(self.model)
        if not hasattr(model, "score_samples"):
            raise ValueError(
                f"{type(self).__name__}: model must have score_samples, got {model!r}; around a "
                "transformer, ReconstructionDetector has them."
            )
        self.scaler_: StandardScaler = StandardScaler().fit(X)
        scaled = self.scaler_.transform(X)
        windows = SlidingWindows(width=self.width).fit_transform(scaled)
        self.model_: Any = model.fit(windows)
        errors = -model.score_samples(windows)
        self._fit_threshold(errors)
        self._usual, self._tail = float(np.median(errors)), scaled[len(X) - self.width + 1 :]
        return self

    def __getattr__(self, name: str) -> Any:
        """Return what a report asks of a trained net."""
        if name in ("history_", "n_parameters_") and "model_" in vars(self):
            return getattr(self.model_, name)
        raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")

    def score_samples(self, X: Any) -> np.ndarray:
        """Return how normal every time stamp of a series is; low is abnormal.

        Parameters
        ----------
        X : array-like of shape (n_rows,) or (n_rows, n_features)
            A series, in the order of time.

        Returns
        -------
        ndarray of shape (n_rows,)
            Before the first window has ended nothing is known: there stands the median score of
            the past.
        """
        check_is_fitted(self)
        X = self.scaler_.transform(self._checked(X, None, reset=False))
        scores = np.full(len(X), -self._usual)
        if len(X) >= self.width:
            windows = SlidingWindows(width=self.width).fit_transform(X)
            scores[self.width - 1 :] = self.model_.score_samples(windows)
        return scores

    def detect(self, X: Any, times: Any = None) -> pd.DataFrame:
        """Return score and verdict for every time stamp of what follows the past.

        Parameters
        ----------
        X : array-like of shape (n_rows,) or (n_rows, n_features)
            The values that follow those of ``fit``, whose last ones open the first windows.
        times : array-like of shape (n_rows,), default=None
            Their time stamps, the index of the answer; those of a pandas index if there is one.

        Returns
        -------
        DataFrame of n_rows rows
            ``score``, the degree of abnormality, and ``is_abnormal``.

        Raises
        ------
        ValueError
            If a value or a time stamp is missing.
        """
        check_is_fitted(self)
        times = stamps_of(X, times)
        X = self._checked(X, times, reset=False)
        scaled = np.concatenate([self._tail, self.scaler_.transform(X)])
        windows = SlidingWindows(width=self.width).fit_transform(scaled)
        scores = -self.model_.score_samples(windows)
        index = pd.RangeIndex(len(X)) if times is None else pd.Index(times)
        verdict = {"score": scores, "is_abnormal": scores > self.threshold_}
        return pd.DataFrame(verdict, index=index)

    def _checked(self, X: Any, times: Any, **rules: Any) -> np.ndarray:
        """Return the values of a series without gaps."""
        owner, stamps = type(self).__name__, stamps_of(X, times)
        X = validate_data(self, as_columns(X, owner), dtype=np.float64, **rules)
        check_even(stamps, len(X), owner)
        return np.asarray(X)

    def stream(self) -> ScoreStream:
        """Return what scores new points one at a time, from the end of the past on.

        Returns
        -------
        ScoreStream
            Gives the scores of :meth:`detect`.
        """
        check_is_fitted(self)
        return ScoreStream(self.model_, self.scaler_, self._tail)


class ScoreStream:
    """Scores points of a series as they come, each by the window that ends with it.

    Parameters
    ----------
    model : fitted estimator
        Scores windows.
    scaler : StandardScaler
        Mean and spread of the past.
    tail : ndarray of shape (width - 1, n_features)
        The last points of the past, scaled.
    """

    def __init__(self, model: Any, scaler: StandardScaler, tail: np.ndarray) -> None:
        self._mean, self._scale = scaler.mean_, scaler.scale_
        # checks of a row take as long as a small net: they are made here, once per point
        self._score = getattr(model, "score_row", lambda row: model.score_samples(row[None])[0])
        self._window = np.concatenate([np.zeros((1, tail.shape[1])), tail])

    def score(self, point: Any) -> float:
        """Return the degree of abnormality of the next point.

        Parameters
        ----------
        point : float or array-like of shape (n_features,)
            The next value.

        Returns
        -------
        float

        Raises
        ------
        ValueError
            If the point is missing or of another width; the stream goes on without it.
        """
        point = np.asarray(point, dtype=float).ravel()
        if point.shape != self._mean.shape or not np.isfinite(point).all():
            raise ValueError(
                f"ScoreStream: point must have n_features={len(self._mean)} finite values, got "
                f"{point}; fill what is missing, or leave it out."
            )
        self._window[:-1] = self._window[1:]
        self._window[-1] = (point - self._mean) / self._scale
        return -float(self._score(self._window.ravel()))
