"""The parameters of a self-organising map, each declared once, and their legal combinations."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from estimators.params import (
    Choice,
    Float,
    Instance,
    Int,
    Sequence,
    check_params,
    domains_of,
    estimator,
    param,
    seed,
)
from estimators.rows import check_differ

DECAYS = ("asymptotic", "linear", "inverse")


@estimator
class MapParams(BaseEstimator):
    """The parameters of a map; the map and its classifier inherit them."""

    shape: tuple[int, int] = param(
        default=(10, 10),
        domain=Sequence(Int(1), length=2, search=((3, 3), (5, 5), (8, 8), (12, 12))),
        doc="Rows and columns of units.",
    )
    algorithm: str = param(
        default="batch",
        domain=Choice(("batch", "online")),
        doc="'batch' moves all units at once after each pass (Kohonen's batch map, vectorised); "
        "'online' is MiniSom: one row at a time, for an integer `random_state` its very weights.",
    )
    topology: str = param(
        default="rectangular",
        domain=Choice(("rectangular", "hexagonal"), search=("rectangular", "hexagonal")),
        doc="Eight neighbours of a unit, or six.",
    )
    neighborhood: str = param(
        default="gaussian",
        domain=Choice(("gaussian", "bubble", "triangle", "mexican_hat")),
        doc="How the pull of a hit falls with the distance on the grid; 'mexican_hat' with "
        "algorithm='online' only.",
    )
    distance: str = param(
        default="euclidean",
        domain=Choice(("euclidean", "cosine", "manhattan", "chebyshev")),
        doc="Distance between rows and units.",
    )
    sigma: float | None = param(
        default=None,
        domain=Float(0, open_low=True, none=True),
        doc="Width of the neighbourhood at the start, in units; None is half of the longer side.",
    )
    final_sigma: float | None = param(
        default=None,
        domain=Float(0, open_low=True, none=True, search=(0.3, 1.5)),
        doc="Width at the end of the 'exponential' decay: less brings units nearer to the rows and "
        "loosens the order of the grid; 0.3 suits a map of a few units, one per cluster. None is "
        "0.8 and a fortieth of the longer side: maps of 10 x 10 and 30 x 30 units are then nearer "
        "to the images of MNIST and better ordered than MiniSom's.",
    )
    sigma_decay: str | None = param(
        default=None,
        domain=Choice((*DECAYS, "exponential"), none=True),
        doc="How the width falls: 'asymptotic' (to a third), 'linear' and 'inverse' (to one), or "
        "'exponential' (to `final_sigma`, with algorithm='batch' only). None is 'exponential' for "
        "'batch' and 'linear' for 'online'.",
    )
    lr: float = param(
        default=0.5,
        domain=Float(0, open_low=True),
        doc="Learning rate at the start; a 'batch' of all rows needs none.",
    )
    lr_decay: str = param(
        default="asymptotic",
        domain=Choice(DECAYS),
        doc="How it falls: 'asymptotic' (to a third), 'linear' or 'inverse' (to zero).",
    )
    n_iter: int = param(
        default=100,
        domain=Int(1, search=(10, 200), log=True),
        doc="Passes over the training rows.",
    )
    init: str = param(
        default="pca",
        domain=Choice(("pca", "sample", "random")),
        doc="Where units start: spread over the plane of the first two principal components, on "
        "rows drawn at random, or at random.",
    )
    batch_size: int | None = param(
        default=None,
        domain=Int(1, none=True),
        doc="Rows per step of algorithm='batch'; None takes all of them. Of many rows, half as "
        "many as units, with `lr=0.2` and `lr_decay='linear'`, order the map better, slower.",
    )
    device: str = param(
        default="cpu",
        domain=Instance((str,), "'cpu' or the name of a torch device such as 'cuda'"),
        doc="Where algorithm='batch' computes: numpy on the CPU, torch elsewhere.",
    )
    random_state: Any = param(
        default=None, domain=seed(), doc="Seed of the start and of the order of the rows."
    )


def check_map(model: MapParams, X: np.ndarray) -> None:
    """Raise a ValueError where parameters or rows cannot make a map; warn of units in vain."""
    check_params(model, domains_of(type(model)))
    owner, algorithm = type(model).__name__, model.algorithm
    if algorithm == "batch" and model.neighborhood == "mexican_hat":
        raise ValueError(
            f"{owner}: neighborhood must be 'gaussian', 'bubble' or 'triangle' with "
            f"{algorithm=}, got neighborhood='mexican_hat'; take algorithm='online'."
        )
    if algorithm == "online" and model.sigma_decay == "exponential":
        raise ValueError(
            f"{owner}: sigma_decay must be one of {DECAYS} with {algorithm=}, got "
            "sigma_decay='exponential'."
        )
    check_differ(X, owner)
    n_units = model.shape[0] * model.shape[1]
    if n_units > len(X):
        warnings.warn(
            f"{owner}: shape={tuple(model.shape)} has {n_units} units for {len(X)} rows, so at "
            f"least {n_units - len(X)} of them stay empty; a smaller shape says more.",
            UserWarning,
            stacklevel=4,
        )
