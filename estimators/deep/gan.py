"""Generative adversarial network, dense or convolutional."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from torch import nn

from estimators.deep._adversarial import Game
from estimators.deep._adversarial_layers import SMALLEST, nets
from estimators.deep._adversarial_rows import extent, to_game
from estimators.deep._data import as_tensor
from estimators.deep._drawing import Drawing
from estimators.deep._gan_params import GANParams
from estimators.deep._inputs import ImageInput
from estimators.deep._precision import loading_device, place, resolve_device
from estimators.deep._processes import ACCELERATE
from estimators.params import check_params, domains_of, estimator
from estimators.rows import check_differ
from estimators.seeds import generator_of
from estimators.spec import Spec


@estimator
class GAN(Drawing, GANParams, ImageInput, BaseEstimator):
    """Generative adversarial network.

    A generator makes rows of standard normal codes; a discriminator learns to tell them from the
    training rows, and the generator to deceive it.

    {parameters}

    Attributes
    ----------
    generator_ : torch module
        From codes to rows in [-1, 1]; with ``ema``, the average over the training.
    history_ : list of dict
        One row per epoch: epoch, train_loss (of the generator), discriminator_loss,
        discriminator_accuracy (share of real and drawn rows that it tells right; none with
        "wgan-gp", whose scores have no zero), diversity (spread of the drawn rows by that of the
        training rows), lr, seconds; valid_loss, train_score and valid_score are None.
    n_parameters_ : int
        Number of weights of both nets.
    n_features_in_ : int
        Number of features, or of pixels times channels.

    Warns
    -----
    ConvergenceWarning
        If one side has won at the end of the training, or the drawn rows are nearly all the same.

    References
    ----------
    .. [1] I. Goodfellow et al., Generative adversarial nets, NeurIPS 2014.
    .. [2] A. Radford, L. Metz, S. Chintala, Unsupervised representation learning with deep
       convolutional generative adversarial networks, ICLR 2016: the layers of "conv".
    .. [3] L. Mescheder, A. Geiger, S. Nowozin, Which training methods for GANs do actually
       converge?, ICML 2018: the penalty (R1) of "non-saturating" and "hinge".
    .. [4] I. Gulrajani et al., Improved training of Wasserstein GANs, NeurIPS 2017: "wgan-gp".
    .. [5] T. Karras et al., Progressive growing of GANs for improved quality, stability, and
       variation, ICLR 2018: the spread of the batch, which the discriminator of "conv" sees.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from estimators import GAN
    >>> images = load_digits().images
    >>> gan = GAN(latent_dim=8, max_epochs=3, random_state=0).fit(images)
    >>> gan.sample(5, random_state=0).shape
    (5, 8, 8)
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train both nets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images (n, h, w) or (n, h, w, c)
            Training rows.
        y : ignored
            Not used.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter or ``X`` is not legal.
        """
        check_params(self, domains_of(type(self)))
        form = tuple(np.shape(X)[1:])
        X = self._read(X, reset=True, ensure_min_samples=2)
        self._check_rows(X)
        self._row_form, self._dtype = form, str(X.dtype)
        self._low, self._span = extent(X)
        device = self._one_device()
        rng = generator_of(self.random_state)
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else ()):
            torch.manual_seed(int(rng.randint(2**31 - 1)))
            self._train(X, device)
        return self

    def _one_device(self) -> torch.device:
        """Return where to compute; several processes would each play a game of their own."""
        if self.device == ACCELERATE:
            raise ValueError(
                f"{type(self).__name__}: device must be a single one, got device={self.device!r}."
            )
        return resolve_device(self.device, type(self).__name__)

    def _check_rows(self, X: np.ndarray) -> None:
        """Refuse rows that do not fit the layers, or of which there is nothing to learn."""
        owner = type(self).__name__
        if self.architecture == "conv" and min(X.shape[1:3]) < SMALLEST:
            raise ValueError(
                f"{owner}: architecture='conv' needs images of {SMALLEST} x {SMALLEST} pixels or "
                f"more, got {X.shape[1]} x {X.shape[2]}; say image_shape=, or take 'dense'."
            )
        check_differ(X, owner)

    def _nets(self) -> tuple[nn.Module, nn.Module]:
        """Return both nets, untrained."""
        height, width, channels = self._image_shape
        return nets(self.architecture, self.latent_dim, (channels, height, width), self.width)

    def _train(self, X: np.ndarray, device: torch.device) -> None:
        pair: tuple[Any, Any] = self._nets()  # torch's types know no memory_format of modules
        placement = place(pair[1], device, self.precision)
        layout = torch.channels_last if placement.channels_last else torch.preserve_format
        for net in pair:
            net.to(memory_format=layout).to(device)
        generator, discriminator = pair
        game = Game(generator, discriminator, self, placement)
        self.history_ = game.play(
            as_tensor(X).to(device), partial(to_game, low=self._low, span=self._span)
        )
        self.generator_ = generator
        self.n_parameters_ = sum(p.numel() for net in pair for p in net.parameters())
        for fault in game.faults(self.history_[-1]):
            warnings.warn(f"{type(self).__name__}: {fault}.", ConvergenceWarning, stacklevel=3)

    def __getstate__(self) -> dict[str, Any]:
        """Return parameters and plain arrays: no torch object, no device."""
        state = dict(super().__getstate__())
        generator = state.pop("generator_", None)
        if generator is not None:
            weights = generator.state_dict()
            state["_weights"] = {name: value.cpu().numpy() for name, value in weights.items()}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Build the generator again, on the CPU where its device is not there."""
        state = dict(state)
        weights = state.pop("_weights", None)
        super().__setstate__(state)
        if weights is None:
            return
        with torch.random.fork_rng(devices=()):
            generator, _ = self._nets()
        generator.load_state_dict({name: torch.from_numpy(v) for name, v in weights.items()})
        self.generator_ = generator.to(loading_device(self.device)).eval()


SPEC = Spec(
    title="generative adversarial network",
    summary="Two nets against each other: sharp new rows, at the price of a delicate training.",
    tasks={"generation": GAN},
    kinds=frozenset({"table", "image"}),
    prepare="minmax",
    params=domains_of(GAN),
    fast={
        "latent_dim": 4,
        "width": 4,
        "max_epochs": 25,
        "batch_size": 64,
        "lr": 0.003,
        "random_state": 0,
    },
    reference="I. Goodfellow et al., Generative adversarial nets, NeurIPS (2014), arXiv:1406.2661.",
)
