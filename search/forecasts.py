"""What is said of forecasts beside the forecasts: the unit of their errors, and intervals."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from sklearn.base import clone

from pipelines.conformal import calibration_errors, conformal_quantile
from pipelines.dataset import Dataset
from pipelines.lags import seasons_of
from search.statistics import interval, time_blocks
from search.validation import take

COVERAGE = 0.9
_FOLDS = 3
_STEPS = 7  # that a forecast looks ahead where the times know no season
_MOST_STEPS = 31
_FEWEST_ERRORS = math.ceil(COVERAGE / (1 - COVERAGE) - 1e-9)


def naive_error(data: Dataset) -> float | None:
    """Return how far the training values are from the value before, on average.

    It is the unit of the mean absolute scaled error (MASE): below 1 a forecast errs less on the
    test part than the naive one did on the training part.

    Parameters
    ----------
    data : Dataset
        Only its training part is looked at.

    Returns
    -------
    float or None
        None where the task is no forecasting, or the series does not move.

    References
    ----------
    R. J. Hyndman and A. B. Koehler, Another look at measures of forecast accuracy, International
    Journal of Forecasting 22 (2006) 679-688.

    Examples
    --------
    >>> naive_error(Dataset(name="tiny", task="forecasting", kind="series",
    ...                     X_train=np.zeros((3, 1)), y_train=np.array([1.0, 2.0, 4.0]),
    ...                     X_test=np.zeros((1, 1)), y_test=np.array([5.0])))
    1.5
    """
    if data.task != "forecasting" or len(data.y_train) < 2:
        return None
    error = float(np.abs(np.diff(np.asarray(data.y_train, dtype=float))).mean())
    return error or None


def describe_forecasts(pipeline: Any, data: Dataset, y_pred: np.ndarray) -> dict[str, Any]:
    """Return the intervals of the forecasts, and the time and the unit of error of their rows.

    The intervals are as wide as the errors of three models of the same kind were, each fitted on
    earlier training rows, half of them at least, and asked for later ones (split conformal
    prediction). The test part says where they lie and has no part in their width.

    Parameters
    ----------
    pipeline : estimator
        The model, fitted or not: copies of it are fitted.
    data : Dataset
        What was forecast.
    y_pred : ndarray of shape (n_test,)
        Forecasts of the test rows.

    Returns
    -------
    dict
        ``scale``, ``time``, and ``low``, ``high`` and ``coverage`` where there are training rows
        enough; empty where the task is no forecasting.

    Raises
    ------
    ValueError
        If the model cannot be fitted on part of the training rows.
    """
    if data.task != "forecasting":
        return {}
    n_train = len(data.y_train)
    found: dict[str, Any] = {"scale": naive_error(data), "time": _times(data)}
    if _FOLDS * (n_train // (2 * _FOLDS)) < _FEWEST_ERRORS:
        return found

    def forecast(rows: np.ndarray, y: np.ndarray, later: np.ndarray) -> np.ndarray:
        model = clone(pipeline).fit(take(data.X_train, rows), y)
        return np.reshape(model.predict(take(data.X_train, later)), (-1, 1))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the final fit has said what there is to say
        errors = calibration_errors(forecast, np.arange(n_train), data.y_train, _FOLDS)
    width = conformal_quantile(errors[:, 0], COVERAGE, "compare")
    return found | {"low": y_pred - width, "high": y_pred + width, "coverage": COVERAGE}


def errors_by_horizon(pipeline: Any, data: Dataset) -> list[list[float]] | None:
    """Return how far forecasts of the test part are off, from one step ahead on.

    A forecast of several steps takes the forecasts of those before it for values that came; what is
    measured beside the series stays as it was known last.

    Parameters
    ----------
    pipeline : fitted estimator
        Answers rows as :func:`pipelines.loaders.series.history_rows` makes them.
    data : Dataset
        What is forecast.

    Returns
    -------
    list of [float, float, float], or None
        For every step the mean absolute error and the ends of its 95 % interval. As many steps as
        the shortest season has, 7 where there is none or it has more than 31. None where rows are
        of another form, or the test part is shorter than twice the steps.
    """
    if data.task != "forecasting" or not data.n_lags:
        return None
    truth = np.asarray(data.y_test, dtype=float)
    seasons = [] if data.time_index is None else seasons_of(data.time_index)
    n_steps = next((season for season in seasons if season <= _MOST_STEPS), _STEPS)
    if len(truth) < 2 * n_steps:
        return None
    rows = np.array(data.X_test, dtype=float)
    a_step = np.median(np.diff(np.asarray(data.X_train, dtype=float)[:, -1]))
    errors = []
    for ahead in range(n_steps):
        forecast = np.asarray(pipeline.predict(rows), dtype=float).ravel()
        came, said = truth[ahead:], forecast[: len(truth) - ahead]
        low, high = interval("mae", came, said, groups=time_blocks(len(came)))  # losses negated
        errors.append([float(np.abs(came - said).mean()), -high, -low])
        rows[:, 1 : data.n_lags] = rows[:, : data.n_lags - 1].copy()
        rows[:, 0] = forecast
        rows[:, -1] += a_step
    return errors


def _times(data: Dataset) -> np.ndarray | None:
    """Return dates or numbers of the test rows, None where nothing is known of their time."""
    if data.time_index is None:
        return None
    times = np.asarray(data.time_index)[len(data.y_train) :]
    return times.astype("datetime64[s]") if times.dtype.kind == "M" else times
