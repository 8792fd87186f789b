"""A guard: the rows of a forecast must not hold what is to be forecast."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_FEWEST_ROWS = 50  # with fewer, a column may equal the target by chance
_AHEAD = range(8)  # steps: the value itself and the week after it
_BEHIND = range(-8, 0)
_SAME, _OTHER = 1e-9, 1e-6  # shares of the variance that are not explained


def future_columns(
    X: np.ndarray, y: np.ndarray, before: Sequence[int] | np.ndarray, others: Sequence[int] = ()
) -> dict[int, int]:
    """Return the columns that hold the value to forecast or a later one, and how much later.

    A column does if it is a copy of the target up to a factor and a shift, and is not explained
    by the past just as well (as in a series that repeats itself exactly). Noise hides a leak.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Rows that follow each other in time.
    y : ndarray of shape (n_rows,)
        The values to forecast.
    before : sequence of int
        Columns that claim to be the value so many steps before, less one: column 0 the last value.
    others : sequence of int, default=()
        Further columns to look at.

    Returns
    -------
    dict of int to int
        Column -> steps ahead, 0 for the target itself.

    Examples
    --------
    >>> y = np.random.default_rng(0).normal(size=100)
    >>> X = np.column_stack([np.roll(y, 1), np.roll(y, -2)])
    >>> future_columns(X[1:-2], y[1:-2], before=[0], others=[1])
    {1: 2}
    """
    found: dict[int, int] = {}
    if len(y) < _FEWEST_ROWS:
        return found
    claimed = [(int(c), [-int(c) - 1]) for c in before] + [(int(c), _BEHIND) for c in others]
    for column, past in claimed:
        ahead = [_unexplained(X[:, column], y, shift) for shift in _AHEAD]
        if min(ahead) < _SAME and min(_unexplained(X[:, column], y, s) for s in past) > _OTHER:
            found[column] = int(np.argmin(ahead))
    return found


def refuse_future(
    X: np.ndarray,
    y: np.ndarray,
    before: Sequence[int] | np.ndarray,
    others: Sequence[int] | np.ndarray,
    names: Sequence[str] | np.ndarray | None = None,
) -> None:
    """Raise a ValueError that names the first column that holds the future.

    Parameters
    ----------
    X, y, before, others
        As in :func:`future_columns`.
    names : sequence of str or None, default=None
        Names of the columns.
    """
    for column, steps in future_columns(X, y, before, list(others)).items():
        name = f"column {column}" if names is None else f"column {column} ({names[column]})"
        when = "the value to forecast itself" if steps == 0 else f"the value {steps} steps later"
        raise ValueError(
            f"LagForecaster: X must hold only what is known before the value to forecast, but its "
            f"{name} holds {when}; leave it out or shift it (check_leaks=False takes it)."
        )


def _unexplained(column: np.ndarray, y: np.ndarray, shift: int) -> float:
    """Return the share of variance of y, ``shift`` rows later, that the column leaves open."""
    n_rows = len(y) - abs(shift)
    if n_rows < _FEWEST_ROWS // 2:
        return 1.0
    x = column[:n_rows] if shift >= 0 else column[-n_rows:]
    z = y[-n_rows:] if shift >= 0 else y[:n_rows]
    x, z = x - x.mean(), z - z.mean()
    spread = float((x @ x) * (z @ z))
    return 1.0 if spread == 0 else float(1.0 - (x @ z) ** 2 / spread)
