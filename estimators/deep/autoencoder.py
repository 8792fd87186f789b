"""Dense autoencoder."""

from __future__ import annotations

from torch import nn

from estimators.deep._inputs import VectorInput
from estimators.deep._layers import ACTIVATIONS, dense
from estimators.deep._reconstruction import EncoderDecoder, Reconstructor
from estimators.params import Choice, Int, Sequence, domains_of, estimator, param
from estimators.spec import Spec


@estimator
class Autoencoder(VectorInput, Reconstructor):
    """Autoencoder of dense layers.

    The narrowest hidden layer is the code. It wants features of about zero mean and unit variance,
    or in [0, 1] with ``output_activation="sigmoid"``. Rows that it gives back badly are abnormal.

    {parameters}

    {attributes}

    References
    ----------
    .. [1] G. Hinton, R. Salakhutdinov, Reducing the dimensionality of data with neural networks,
       Science 313 (2006).
    .. [2] P. Vincent, H. Larochelle, Y. Bengio, P.-A. Manzagol, Extracting and composing robust
       features with denoising autoencoders, ICML 2008.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from estimators import Autoencoder
    >>> X = load_digits().data / 16
    >>> model = Autoencoder(hidden_layer_sizes=(64, 16, 64), random_state=0).fit(X)
    >>> model.transform(X).shape, model.inverse_transform(model.transform(X)).shape
    ((1797, 16), (1797, 64))
    >>> model.score(X) > -0.02
    True
    """

    hidden_layer_sizes: tuple[int, ...] = param(
        default=(64, 16, 64),
        domain=Sequence(
            Int(1), min_length=1, search=((8,), (32,), (64, 16, 64), (128, 32, 128), (128, 8, 128))
        ),
        doc="Units of every hidden layer of encoder and decoder; the narrowest one (of equals, the "
        "first) is the code.",
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

    def build_module(self, shape: tuple[int, ...], n_outputs: int) -> EncoderDecoder:
        sizes = self.hidden_layer_sizes
        n_encoder = sizes.index(min(sizes)) + 1
        encoder = dense((shape[0], *sizes[:n_encoder]), self.activation, drop=self.dropout)
        decoder = dense(tuple(sizes[n_encoder - 1 :]), self.activation, drop=self.dropout)
        last = [nn.Linear(sizes[-1], shape[0]), ACTIVATIONS[self.output_activation]()]
        return EncoderDecoder(
            nn.Sequential(*encoder), nn.Sequential(*decoder, *last), self._corruption()
        )


SPEC = Spec(
    title="autoencoder",
    summary="Learns to give normal rows back through a narrow layer; what it cannot is abnormal.",
    tasks={"anomaly": Autoencoder},
    kinds=frozenset({"table", "image", "series"}),
    prepare="scale",
    params=domains_of(Autoencoder),
    fast={"max_epochs": 20, "hidden_layer_sizes": (16, 2, 16), "lr": 0.01, "random_state": 0},
    reference="G. Hinton and R. Salakhutdinov, Reducing the dimensionality of data with neural "
    "networks, Science 313 (2006) 504-507.",
)
