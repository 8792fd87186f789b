"""Restricted Boltzmann machine, scikit-learn's own, with functions to sample and to fill gaps."""

from __future__ import annotations

from sklearn.neural_network import BernoulliRBM

from estimators.params import Float, Int
from estimators.spec import Spec

from ._rbm_answers import rbm_inpaint, rbm_pseudo_likelihood, rbm_reconstruction_error, rbm_sample

__all__ = [
    "SPEC",
    "BernoulliRBM",
    "rbm_inpaint",
    "rbm_pseudo_likelihood",
    "rbm_reconstruction_error",
    "rbm_sample",
]

SPEC = Spec(
    title="restricted Boltzmann machine",
    summary="Learns which values occur together; draws new rows, fills gaps, makes features.",
    tasks={"generation": BernoulliRBM},
    kinds=frozenset({"table", "image"}),
    prepare="minmax",
    params={
        "n_components": Int(1, search=(16, 512), log=True),
        "learning_rate": Float(0, open_low=True, search=(1e-3, 0.3), log=True),
        "batch_size": Int(1, search=(8, 128), log=True),
        "n_iter": Int(0, search=(5, 100), log=True),
    },
    fast={"n_components": 16, "n_iter": 20, "learning_rate": 0.05},
    reference="T. Tieleman, Training restricted Boltzmann machines using approximations to the "
    "likelihood gradient, International Conference on Machine Learning (2008) 1064-1071.",
)
