"""Stacked autoencoder: trained layer by layer, then as a whole."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from estimators.deep._data import Rows
from estimators.deep._inputs import VectorInput
from estimators.deep._layers import ACTIVATIONS, dense
from estimators.deep._params import TrainingParams
from estimators.deep._reconstruction import EncoderDecoder, Reconstructor
from estimators.deep.autoencoder import Autoencoder
from estimators.params import Choice, Int, Sequence, domains_of, estimator, param
from estimators.spec import Spec


@estimator
class StackedAutoencoder(VectorInput, Reconstructor):
    """Autoencoder whose layers are trained one after the other, then all at once.

    Every hidden layer of the encoder is first trained as an autoencoder of its own, on the codes of
    the layer below. Their halves are stacked, and the whole is trained on (fine-tuning). What the
    stack gave back before that is kept: ``pretrained_reconstruction``.

    {parameters}

    {attributes}

    References
    ----------
    .. [1] Y. Bengio, P. Lamblin, D. Popovici, H. Larochelle, Greedy layer-wise training of deep
       networks, NIPS 2006.
    .. [2] P. Vincent et al., Stacked denoising autoencoders, JMLR 11 (2010).

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from estimators import StackedAutoencoder
    >>> X = load_digits().data / 16
    >>> model = StackedAutoencoder(hidden_layer_sizes=(32, 16), random_state=0).fit(X)
    >>> before = ((model.pretrained_reconstruction(X) - X) ** 2).mean()
    >>> bool(-model.score(X) < before)
    True
    """

    ATTRIBUTES: ClassVar = {
        "layers_": (
            "list of Autoencoder",
            "The autoencoders of the layers as they were before fine-tuning, each with its "
            "``history_``.",
        ),
        "history_": (
            "list of dict",
            "One row per epoch of the fine-tuning: epoch, train_loss, valid_loss, train_score, "
            "valid_score, lr, seconds.",
        ),
    }

    hidden_layer_sizes: tuple[int, ...] = param(
        default=(64, 16),
        domain=Sequence(Int(1), min_length=1, search=((32, 8), (64, 16), (128, 64, 32))),
        doc="Units of the hidden layers of the encoder, the last one the code; the decoder has "
        "them in reverse order.",
    )
    activation: str = param(
        default="relu",
        domain=Choice(tuple(ACTIVATIONS), search=("relu", "gelu", "tanh")),
        doc="Activation of the hidden units: 'relu', 'leaky_relu', 'elu', 'gelu', 'silu', 'tanh', "
        "'sigmoid' or 'identity'.",
    )
    output_activation: str = param(
        default="identity",
        domain=Choice(tuple(ACTIVATIONS)),
        doc="Activation of the outputs; 'sigmoid' suits features in [0, 1].",
    )
    pretrain_epochs: int | None = param(
        default=None,
        domain=Int(1, none=True),
        doc="Epochs of every layer's own training; None is `max_epochs`, in its sense.",
    )

    def build_module(self, shape: tuple[int, ...], n_outputs: int) -> EncoderDecoder:
        sizes = (shape[0], *self.hidden_layer_sizes)
        encoder = dense(sizes, self.activation, drop=self.dropout)
        decoder = dense(sizes[:0:-1], self.activation, drop=self.dropout)
        last = [nn.Linear(sizes[1], shape[0]), ACTIVATIONS[self.output_activation]()]
        return EncoderDecoder(
            nn.Sequential(*encoder), nn.Sequential(*decoder, *last), self._corruption()
        )

    def pretrained_reconstruction(self, X: Any) -> np.ndarray:
        """Return the rows as the stack gave them back before fine-tuning.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of float32, shape (n_samples, n_features)
        """
        check_is_fitted(self)
        rows = self._read(X, reset=False)
        for layer in self.layers_:
            rows = layer.transform(rows)
        for layer in reversed(self.layers_):
            rows = layer.inverse_transform(rows)
        return rows

    def _new_module(self, rows: Rows, train: Tensor) -> nn.Module:
        module = super()._new_module(rows, train)
        self.layers_ = self._pretrained(rows.X[train.to(rows.X.device)].cpu().numpy())
        own = [[m for m in layer.net_.module.modules() if is_dense(m)] for layer in self.layers_]
        trained = [encoder for encoder, _ in own] + [decoder for _, decoder in reversed(own)]
        for fresh, layer in zip(filter(is_dense, module.modules()), trained, strict=True):
            fresh.load_state_dict(layer.state_dict())
        return module

    def _pretrained(self, rows: np.ndarray) -> list[Autoencoder]:
        """Return an autoencoder per layer, each trained on the codes of the one below."""
        layers: list[Autoencoder] = []
        shared = {f.name: getattr(self, f.name) for f in dataclasses.fields(TrainingParams)}
        shared["max_epochs"] = self.pretrain_epochs or self.max_epochs
        rng = check_random_state(int(torch.randint(2**31 - 1, ())))
        for i, size in enumerate(self.hidden_layer_sizes):
            shared["random_state"] = int(rng.randint(2**31 - 1))
            layer = Autoencoder(
                hidden_layer_sizes=(size,),
                activation=self.activation,
                output_activation=self.activation if i else self.output_activation,
                corruption=self.corruption,
                corruption_level=self.corruption_level,
                **{**shared, "warm_start": False},
            )
            layers.append(layer.fit(rows))
            rows = layer.transform(rows)
        return layers


def is_dense(module: nn.Module) -> bool:
    """Tell whether a module is one dense layer."""
    return isinstance(module, nn.Linear)


SPEC = Spec(
    title="stacked autoencoder",
    summary="An autoencoder trained layer by layer, then as a whole: for deep and narrow stacks.",
    tasks={"anomaly": StackedAutoencoder},
    kinds=frozenset({"table", "image", "series"}),
    prepare="scale",
    params=domains_of(StackedAutoencoder),
    fast={"max_epochs": 20, "hidden_layer_sizes": (16, 2), "lr": 0.01, "random_state": 0},
    reference="Y. Bengio et al., Greedy layer-wise training of deep networks, NIPS (2006).",
)
