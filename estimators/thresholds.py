"""From errors to alarms: rules for the threshold, fitted on the errors of training rows alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import OutlierMixin
from sklearn.utils.validation import check_is_fitted

from estimators.params import Choice, Float, estimator, param

TAIL = 0.98  # "pot" fits the tail above this quantile of the errors
FEWEST_IN_TAIL = 10  # or, of few rows, above the so many highest errors


def ksigma(errors: np.ndarray, k: float, alarm_rate: float) -> float:
    """Return mean plus ``k`` standard deviations."""
    return float(errors.mean() + k * errors.std())


def mad(errors: np.ndarray, k: float, alarm_rate: float) -> float:
    """Return median plus ``k`` robust standard deviations (1.4826 median absolute deviations)."""
    median = np.median(errors)
    return float(median + k * 1.4826 * np.median(np.abs(errors - median)))


def quantile(errors: np.ndarray, k: float, alarm_rate: float) -> float:
    """Return the error that a share ``alarm_rate`` of the training rows exceeds."""
    return float(np.quantile(errors, 1 - alarm_rate))


def peaks_over_threshold(errors: np.ndarray, k: float, alarm_rate: float) -> float:
    """Return the error exceeded with probability ``alarm_rate``, the tail extrapolated.

    What exceeds a high quantile follows a generalised Pareto distribution. It is fitted by
    probability-weighted moments, which have a closed form and bear few values.
    """
    n_tail = max(FEWEST_IN_TAIL, round((1 - TAIL) * len(errors)), int(alarm_rate * len(errors)) + 1)
    ordered = np.sort(errors)
    if n_tail >= len(ordered):
        return quantile(errors, k, alarm_rate)
    start, excesses = ordered[-n_tail - 1], ordered[-n_tail:] - ordered[-n_tail - 1]
    shape, scale = fit_pareto(excesses)
    ratio = alarm_rate * len(errors) / n_tail
    if abs(shape) < 1e-9:
        return float(start - scale * np.log(ratio))
    return float(start + scale / shape * (ratio**-shape - 1))


def fit_pareto(excesses: np.ndarray) -> tuple[float, float]:
    """Return shape and scale of a generalised Pareto distribution over ascending ``excesses``.

    Probability-weighted moments of J. Hosking and J. Wallis, Parameter and quantile estimation for
    the generalized Pareto distribution, Technometrics 29 (1987).
    """
    n = len(excesses)
    mean = excesses.mean()
    weighted = float(((n - np.arange(n) - 0.65) / n) @ excesses) / n
    if mean <= 2 * weighted or weighted == 0:  # all alike: no tail to speak of
        return 0.0, float(mean)
    ratio = mean / (mean - 2 * weighted)
    return float(2 - ratio), float(2 * weighted * ratio)


Rule = Callable[[np.ndarray, float, float], float]
RULES: dict[str, Rule] = {
    "ksigma": ksigma,
    "quantile": quantile,
    "mad": mad,
    "pot": peaks_over_threshold,
}


@estimator
class ThresholdedDetector(OutlierMixin):
    """Mixin for detectors that call abnormal what ``score_samples`` puts below a threshold.

    Attributes
    ----------
    threshold_ : float
        The greatest error that passes as normal.
    offset_ : float
        Minus the threshold: ``decision_function`` is ``score_samples`` minus it.
    thresholds_ : dict of str to float
        The thresholds that all rules would take from the same errors.
    """

    threshold: str = param(
        default="ksigma",
        domain=Choice(tuple(RULES)),
        doc="How the threshold is taken from the errors of the training rows: 'ksigma' (mean plus "
        "`k` standard deviations), 'mad' (median plus `k` robust standard deviations), 'quantile' "
        "(a share `alarm_rate` of them lies above it), 'pot' (peaks over threshold: the error of "
        "probability `alarm_rate` in a tail fitted by extreme value theory).",
    )
    k: float = param(
        default=2.0,
        domain=Float(0),
        doc="Standard deviations of 'ksigma' and 'mad'.",
    )
    alarm_rate: float = param(
        default=0.01,
        domain=Float(0, 1, open_low=True, open_high=True),
        doc="Share of false alarms that 'quantile' and 'pot' allow.",
    )

    def _fit_threshold(self, errors: np.ndarray) -> None:
        """Set the threshold from the errors of the training rows."""
        errors = np.asarray(errors, float)
        # all of them, for a report tells what the other rules would have cost
        self.thresholds_ = {n: rule(errors, self.k, self.alarm_rate) for n, rule in RULES.items()}
        self.threshold_ = self.thresholds_[self.threshold]
        self.offset_ = -self.threshold_

    def decision_function(self, X: Any) -> np.ndarray:
        """Return how far the score of every row lies above the threshold; negative is abnormal.

        Parameters
        ----------
        X : array-like, as in ``fit``
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        scores: np.ndarray = self.score_samples(X) - self.offset_
        return scores

    def predict(self, X: Any) -> np.ndarray:
        """Return 1 for normal rows and -1 for abnormal ones.

        Parameters
        ----------
        X : array-like, as in ``fit``
            Rows.

        Returns
        -------
        ndarray of int, shape (n_samples,)
        """
        return np.where(self.decision_function(X) >= 0, 1, -1)
