"""The parameters of a deep Boltzmann machine, each declared once."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator

from estimators.params import Float, Int, Sequence, estimator, param, seed


@estimator
class MachineParams(BaseEstimator):
    """The parameters of the layers and of their training."""

    layer_sizes: tuple[int, ...] = param(
        default=(128, 64),
        domain=Sequence(Int(1), min_length=1, search=((64, 32), (128, 64), (256, 128))),
        doc="Hidden units of every layer, from below.",
    )
    lr: float = param(
        default=0.1,
        domain=Float(0, open_low=True, search=(0.01, 0.2), log=True),
        doc="Learning rate; in the common training it falls linearly to zero.",
    )
    pretrain_iter: int = param(
        default=20,
        domain=Int(0),
        doc="Passes over the rows for each layer alone.",
    )
    n_iter: int = param(
        default=30,
        domain=Int(0, search=(10, 100), log=True),
        doc="Passes over the rows for all layers together.",
    )
    n_mean_field: int = param(
        default=5, domain=Int(1), doc="Steps of mean field, in the training and for features."
    )
    n_gibbs: int = param(
        default=2, domain=Int(1), doc="Steps of the persistent chains for one of the training."
    )
    batch_size: int = param(default=16, domain=Int(1), doc="Rows per step.")
    n_chains: int = param(default=64, domain=Int(1), doc="Persistent Gibbs chains.")
    random_state: Any = param(
        default=None, domain=seed(), doc="Seed of weights, chains and the order of the rows."
    )
