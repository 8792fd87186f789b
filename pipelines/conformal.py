"""How far forecasts went astray where they could be checked: the widths of intervals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipelines.backtesting import Backtest

Forecast = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def calibration_errors(
    forecast: Forecast, X: np.ndarray, y: np.ndarray, n_folds: int
) -> np.ndarray:
    """Return absolute errors of forecasts of later rows by models of earlier ones.

    Parameters
    ----------
    forecast : callable
        ``forecast(X_train, y_train, X_test)`` returns forecasts of shape (n_rows, horizon).
    X : ndarray of shape (n_rows, n_features)
        Rows in the order of time.
    y : ndarray of shape (n_rows,)
        The values to forecast.
    n_folds : int
        Number of folds that the later half of the rows is divided into: a model of less than half
        of them says little of the one of all.

    Returns
    -------
    ndarray of shape (n_errors, horizon)
        NaN where a forecast goes beyond the end of its fold.
    """
    errors = []
    size = max(1, len(X) // (2 * n_folds))
    for train, test in Backtest(n_folds, refit_every=size).split(X):
        found = forecast(X[train], y[train], X[test])
        rows = test[:, None] + np.arange(found.shape[1])
        truth = np.where(rows <= test[-1], y[np.minimum(rows, test[-1])], np.nan)
        errors.append(np.abs(found - truth))
    return np.concatenate(errors)


def conformal_quantile(errors: np.ndarray, coverage: float, owner: str) -> float:
    """Return the error that a new one exceeds with probability 1 - coverage at most.

    Parameters
    ----------
    errors : ndarray of shape (n_errors,)
        NaN are left out.
    coverage : float
        Between 0 and 1.
    owner : str
        What the message calls the model.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If there are too few errors for this coverage.

    Examples
    --------
    >>> conformal_quantile(np.arange(1.0, 20.0), 0.9, "model")
    18.0
    """
    known = np.sort(errors[np.isfinite(errors)])
    # the epsilon: (19 + 1) * 0.9 must be 18, and not a little more
    rank = int(np.ceil((len(known) + 1) * coverage - 1e-9))
    if rank > len(known):
        raise ValueError(
            f"{owner}: coverage must be at most {len(known) / (len(known) + 1):.3f} with "
            f"{len(known)} errors to go by, got {coverage=}."
        )
    return float(known[rank - 1])
