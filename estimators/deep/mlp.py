"""Multi-layer perceptrons."""

from __future__ import annotations

from torch import nn

from estimators.deep._base import DeepClassifier, DeepRegressor, VectorInput
from estimators.deep._layers import ACTIVATIONS, dense
from estimators.deep._params import TrainingParams, shared
from estimators.params import Bool, Choice, Int, Sequence, domains_of, estimator, param
from estimators.spec import Spec


@estimator
class _MLPParams(VectorInput, TrainingParams):
    """What both perceptrons share: their parameters and their layers."""

    hidden_layer_sizes: tuple[int, ...] = param(
        default=(128,),
        domain=Sequence(Int(1), search=((64,), (128,), (256,), (64, 64), (256, 256))),
        doc="Units of every hidden layer; an empty tuple is a linear model.",
    )
    activation: str = param(
        default="relu",
        domain=Choice(tuple(ACTIVATIONS), search=("relu", "gelu", "tanh")),
        doc="Activation of the hidden units: 'relu', 'leaky_relu', 'elu', 'gelu', 'silu', 'tanh', "
        "'sigmoid' or 'identity'.",
    )
    batch_norm: bool = param(
        default=False,
        domain=Bool(search=(False, True)),
        doc="Whether batch normalisation stands before every activation.",
    )

    dropout: float = shared("dropout", default=0.2, search=(0.0, 0.5))

    def build_module(self, shape: tuple[int, ...], n_outputs: int) -> nn.Module:
        sizes = (shape[0], *self.hidden_layer_sizes)
        hidden = dense(sizes, self.activation, batch_norm=self.batch_norm, drop=self.dropout)
        return nn.Sequential(*hidden, nn.Linear(sizes[-1], n_outputs))


@estimator
class TorchMLPClassifier(_MLPParams, DeepClassifier):
    """Multi-layer perceptron for classes.

    Dense layers over the features, trained with cross-entropy. It wants features of about zero
    mean and unit variance.

    {parameters}

    {attributes}

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.preprocessing import scale
    >>> from estimators import TorchMLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> TorchMLPClassifier(random_state=0).fit(scale(X), y).score(scale(X), y) > 0.95
    True
    """


@estimator
class TorchMLPRegressor(_MLPParams, DeepRegressor):
    """Multi-layer perceptron for numbers.

    Dense layers over the features, trained with the squared error of the standardised targets. It
    wants features of about zero mean and unit variance.

    {parameters}

    {attributes}

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.preprocessing import scale
    >>> from estimators import TorchMLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> TorchMLPRegressor(random_state=0).fit(scale(X), y).score(scale(X), y) > 0.5
    True
    """


SPEC = Spec(
    title="multi-layer perceptron",
    summary="Dense layers, trained by gradient descent; good for tables of some thousand rows.",
    tasks={
        "classification": TorchMLPClassifier,
        "regression": TorchMLPRegressor,
        "forecasting": TorchMLPRegressor,
    },
    kinds=frozenset({"table", "image", "series"}),
    prepare="scale",
    params=domains_of(TorchMLPClassifier),
    fast={"max_epochs": 20, "hidden_layer_sizes": (32,), "lr": 0.01, "random_state": 0},
    reference="C. Bishop, Pattern Recognition and Machine Learning, chapter 5 (2006)",
)
