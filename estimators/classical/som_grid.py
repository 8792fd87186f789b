"""The grid of a self-organising map: where units lie, which are neighbours, how far a hit reaches.

Unit ``i`` of a map of ``shape = (rows, columns)`` stands in row ``i // columns``, column
``i % columns``, as in MiniSom.
"""

from __future__ import annotations

import numpy as np

_ROW_HEIGHT = np.sqrt(3) / 2  # of a hexagonal grid whose neighbours are one apart
_REACH = {"rectangular": 1.42, "hexagonal": 1.01}  # eight and six neighbours


def positions(shape: tuple[int, int], topology: str) -> np.ndarray:
    """Return where the units lie in the plane. Shape: ``(rows * columns, 2)``.

    >>> positions((2, 2), "rectangular")
    array([[0., 0.],
           [0., 1.],
           [1., 0.],
           [1., 1.]])
    """
    row, column = np.divmod(np.arange(shape[0] * shape[1]), shape[1])
    if topology == "rectangular":
        return np.stack([row, column], axis=1).astype(float)
    shifted = (shape[1] - 1 - column) % 2 == 0
    return np.stack([row - 0.5 * shifted, column * _ROW_HEIGHT], axis=1)


def adjacency(shape: tuple[int, int], topology: str) -> np.ndarray:
    """Tell which units touch: boolean, symmetric, of shape ``(units, units)``.

    >>> adjacency((3, 3), "rectangular").sum(axis=0).reshape(3, 3)
    array([[3, 5, 3],
           [5, 8, 5],
           [3, 5, 3]])
    """
    where = positions(shape, topology)
    apart = np.linalg.norm(where[:, None] - where, axis=-1)
    return (apart > 0) & (apart < _REACH[topology])


class Neighborhood:
    """How strongly a hit of one unit pulls every other one.

    Parameters
    ----------
    kind : {"gaussian", "bubble", "triangle"}
        The formulas are MiniSom's: the first looks at the plane, the others at rows and columns.
    shape, topology
        Of the grid.
    """

    def __init__(self, kind: str, shape: tuple[int, int], topology: str) -> None:
        plain = "rectangular" if kind != "gaussian" else topology
        where = positions(shape, plain)
        self.kind = kind
        self.apart = np.abs(where[:, None] - where)  # (units, units, 2)
        self.squared = (self.apart**2).sum(axis=-1)

    def __call__(self, sigma: float) -> np.ndarray:
        """Return the pull of each unit on each. Shape: ``(units, units)``, symmetric."""
        if self.kind == "gaussian":
            return np.exp(self.squared / (-2 * sigma**2))
        if self.kind == "bubble":
            return (self.apart < sigma).all(axis=-1).astype(float)
        return np.maximum(sigma - self.apart, 0).prod(axis=-1)


def u_matrix(weights: np.ndarray, topology: str) -> np.ndarray:
    """Return the mean distance of every unit to those it touches. Shape: ``(rows, columns)``.

    >>> u_matrix(np.array([[[0.0], [1.0], [5.0]]]), "rectangular")
    array([[1. , 2.5, 4. ]])
    """
    shape = weights.shape[:2]
    flat = weights.reshape(-1, weights.shape[2])
    touching = adjacency(shape, topology)
    first, second = np.nonzero(touching)
    distance = np.linalg.norm(flat[first] - flat[second], axis=1)
    total = np.bincount(first, weights=distance, minlength=len(flat))
    return (total / np.maximum(touching.sum(axis=1), 1)).reshape(shape)
