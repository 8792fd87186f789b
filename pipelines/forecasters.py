"""What a data set of forecasting says of a model: which columns it sees, and what to search."""

from __future__ import annotations

from typing import Any

import numpy as np

from estimators import Climatology, Persistence, SeasonalNaive
from estimators.params import Choice, Domain, Int
from estimators.spec import Spec
from pipelines.dataset import Dataset
from pipelines.forecasting import LagForecaster
from pipelines.history import CYCLES
from pipelines.lags import days_of, seasons_of

_USUAL_LAGS, _MOST_LAGS = 14, 30
_MEANS = (3, 7, 15, 30, 60, 90, 180, 365)


def as_forecaster(model: Any, spec: Spec | None, data: Dataset) -> Any:
    """Return a model that forecasts from the rows of a data set.

    Parameters
    ----------
    model : estimator
        A forecaster is returned as it is, but for the season that the data have; any other
        regressor within a :class:`LagForecaster`.
    spec : Spec or None
        What the registry knows of it.
    data : Dataset
        Says what the columns are.

    Returns
    -------
    estimator

    Examples
    --------
    >>> from estimators import SVR
    >>> y = np.sin(np.arange(60.0))
    >>> data = Dataset(name="sine", task="forecasting", kind="series", n_lags=2,
    ...                X_train=np.zeros((40, 3)), y_train=y[:40],
    ...                X_test=np.zeros((20, 3)), y_test=y[40:])
    >>> as_forecaster(SVR(), None, data)
    LagForecaster(lags=2, regressor=SVR(), time=-1)
    """
    if isinstance(model, SeasonalNaive) and model.period == 1:
        return model.set_params(period=(_seasons(data) or (1,))[-1])
    if isinstance(model, (LagForecaster, SeasonalNaive, Persistence, Climatology)):
        return model
    if data.n_lags is None:
        return LagForecaster(regressor=model)
    n_columns = np.shape(data.X_train)[1]
    return LagForecaster(
        regressor=model,
        lags=min(_USUAL_LAGS, data.n_lags),
        exogenous=tuple(range(data.n_lags - n_columns, -1)),
        time=-1,
        calendar=_calendars(data)[-1],
    )


def forecasting_domains(model: Any, data: Dataset) -> dict[str, Domain]:
    """Return what a search may change of a forecaster besides its regressor.

    Parameters
    ----------
    model : estimator
        As :func:`as_forecaster` returns it.
    data : Dataset
        What is known at a row; only that of the training part is looked at.

    Returns
    -------
    dict of str to Domain
        By parameter.
    """
    seasons = _seasons(data)
    if isinstance(model, SeasonalNaive) and model.period in seasons:
        return {"period": Choice(seasons, search=seasons)}
    if not isinstance(model, LagForecaster) or data.n_lags is None:
        return {}
    found: dict[str, Domain] = {
        "lags": Int(1, search=(1, min(_MOST_LAGS, data.n_lags)), log=True),
        "difference": Choice((False, True), search=(False, True)),
    }
    if "n_static" not in model.regressor.get_params():  # a recurrent net reads values one by one
        found["as_changes"] = Choice((False, True), search=(False, True))
    means = tuple(size for size in _MEANS if size <= data.n_lags)
    if means:
        found["means"] = Choice(((), means), search=((), means))
    calendars = _calendars(data)
    if len(calendars) > 1:
        found["calendar"] = Choice(calendars, search=calendars)
    return found


def _seasons(data: Dataset) -> tuple[int, ...]:
    """Return the lengths of the seasons, the longest last, that a row holds the values of."""
    return tuple(s for s in seasons_of(_train_times(data)) if s <= (data.n_lags or 0))


def _calendars(data: Dataset) -> tuple[tuple[str, ...], ...]:
    """Return what of the calendar can be told apart in the training part, nothing first."""
    times = _train_times(data)
    if times.dtype.kind != "M":
        return ((),)
    days = days_of(times)
    step, span = float(np.median(np.diff(days))), float(days[-1] - days[0])
    known = tuple(n for n, length in CYCLES.items() if 3 * step <= length and span >= 2 * length)
    alone = [(name,) for name in known]
    return ((), *alone[len(known) == 1 :], *([known] if known else []))


def _train_times(data: Dataset) -> np.ndarray:
    if data.time_index is None:
        return np.arange(len(data.y_train))
    return np.asarray(data.time_index)[: len(data.y_train)]
