"""Variational autoencoder, dense or convolutional."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from estimators.deep._inputs import ImageInput
from estimators.deep._layers import ACTIVATIONS
from estimators.deep._losses import Objective
from estimators.deep._reconstruction import EncoderDecoder, RangeScaling, Reconstructor
from estimators.deep._variational import (
    ELBOObjective,
    VariationalNet,
    conv_halves,
    dense_halves,
    elbo,
)
from estimators.params import Choice, Float, Int, Sequence, domains_of, estimator, param
from estimators.seeds import generator_of
from estimators.spec import Spec


@estimator
class VariationalAutoencoder(ImageInput, Reconstructor):
    """Autoencoder whose codes follow a normal distribution, so that new rows can be drawn.

    Trained is the evidence lower bound (ELBO), with weight ``beta`` on the distance of the codes
    from the standard normal. Values are scaled to [0, 1] by their range in the training rows.

    {parameters}

    {attributes}

    References
    ----------
    .. [1] D. Kingma, M. Welling, Auto-encoding variational Bayes, ICLR 2014.
    .. [2] I. Higgins et al., beta-VAE, ICLR 2017.
    .. [3] O. Rybkin et al., Simple and effective VAE training with calibrated decoders, ICML 2021.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from estimators import VariationalAutoencoder
    >>> images = load_digits().images
    >>> model = VariationalAutoencoder(latent_dim=8, max_epochs=5, random_state=0).fit(images)
    >>> model.sample(3, random_state=0).shape
    (3, 8, 8)
    """

    ATTRIBUTES: ClassVar = {
        "history_": (
            "list of dict",
            "One row per epoch, as of every net; the loss is minus the bound, in nats per row.",
        )
    }

    latent_dim: int = param(
        default=16, domain=Int(1, search=(2, 64), log=True), doc="Numbers of the code."
    )
    beta: float = param(
        default=1.0,
        domain=Float(0, search=(0.1, 10.0), log=True),
        doc="Weight of the distance of the codes from the normal distribution; 1 is the bound.",
    )
    reconstruction: str = param(
        default="gaussian",
        domain=Choice(("gaussian", "bernoulli")),
        doc="Distribution of the values: 'gaussian' of one learnt variance, or 'bernoulli'.",
    )
    architecture: str = param(
        default="dense", domain=Choice(("dense", "conv")), doc="'dense' or, for images, 'conv'."
    )
    hidden_layer_sizes: tuple[int, ...] = param(
        default=(256, 128),
        domain=Sequence(Int(1), search=((64,), (256,), (256, 128))),
        doc="Units of the dense layers of the encoder; the decoder has them in reverse order.",
    )
    channels: tuple[int, ...] = param(
        default=(32, 64),
        domain=Sequence(Int(1), min_length=1),
        doc="Feature maps of the convolutions, each of which halves the image; likewise.",
    )
    activation: str = param(
        default="relu",
        domain=Choice(tuple(ACTIVATIONS)),
        doc="Activation of the hidden units: 'relu', 'leaky_relu', 'elu', 'gelu', 'silu', 'tanh', "
        "'sigmoid' or 'identity'.",
    )

    def build_module(self, shape: tuple[int, int, int], n_outputs: int) -> EncoderDecoder:
        if self.architecture == "dense":
            sizes = tuple(self.hidden_layer_sizes)
            halves = dense_halves(shape, sizes, self.latent_dim, self.activation, self.dropout)
        else:
            halves = conv_halves(shape, tuple(self.channels), self.latent_dim, self.activation)
        return VariationalNet(*halves, self._corruption(), self.reconstruction)

    def sample(self, n: int = 1, random_state: Any = None) -> np.ndarray:
        """Draw new rows: what the decoder makes of standard normal codes.

        Parameters
        ----------
        n : int, default=1
            How many.
        random_state : int, RandomState or None
            Seed of the codes.

        Returns
        -------
        ndarray of float32
            Rows of the shape of those in ``fit``.
        """
        check_is_fitted(self)
        Int(1).check(n, "n", type(self).__name__)
        return self.inverse_transform(generator_of(random_state).normal(size=(n, self.latent_dim)))

    def interpolate(self, a: Any, b: Any, steps: int = 10) -> np.ndarray:
        """Return rows on the straight way between the codes of two rows.

        Parameters
        ----------
        a, b : array-like
            One row each, of the shape of those in ``fit``.
        steps : int, default=10
            How many, both ends included.

        Returns
        -------
        ndarray of float32
            ``steps`` rows of the shape of those in ``fit``.
        """
        check_is_fitted(self)
        Int(2).check(steps, "steps", type(self).__name__)
        first, last = self.transform(np.stack([np.asarray(a), np.asarray(b)]))
        return self.inverse_transform(np.linspace(first, last, steps))

    def elbo(self, X: Any, n_draws: int = 10, random_state: Any = None) -> np.ndarray:
        """Return the evidence lower bound of every row, at ``beta`` of 1.

        Parameters
        ----------
        X : array-like, as in ``fit``
            Rows.
        n_draws : int, default=10
            Codes drawn per row.
        random_state : int, RandomState or None, default=None
            Seed of the codes.

        Returns
        -------
        ndarray of shape (n_samples,)
            In nats, of values scaled to [0, 1].
        """
        check_is_fitted(self)
        Int(1).check(n_draws, "n_draws", type(self).__name__)
        rows = self._read(X, reset=False)
        scale, model = self._parts()
        generator = torch.Generator(self.net_.placement.device)
        generator.manual_seed(int(generator_of(random_state).randint(2**31 - 1)))

        def bounds(batch: Tensor) -> Tensor:
            x = scale(batch)
            draws = [elbo(model.draw(x, generator), self.reconstruction) for _ in range(n_draws)]
            return torch.stack(draws).mean(0)

        return self.net_.forward_rows(rows, bounds).astype(np.float64)

    def _objective(self) -> Objective:
        return ELBOObjective(self.reconstruction, self.beta)

    def _input_layer(self, shape: tuple[int, ...]) -> nn.Module:
        return RangeScaling(shape[0])


SPEC = Spec(
    title="variational autoencoder",
    summary="Learns a smooth map of the rows: finds those off it, and draws new ones.",
    tasks={"anomaly": VariationalAutoencoder, "generation": VariationalAutoencoder},
    kinds=frozenset({"table", "image", "series"}),
    prepare="minmax",
    params=domains_of(VariationalAutoencoder),
    fast={"max_epochs": 20, "hidden_layer_sizes": (32,), "latent_dim": 4, "lr": 0.01},
    reference="D. Kingma and M. Welling, Auto-encoding variational Bayes, ICLR (2014).",
)
