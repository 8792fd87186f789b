"""How a net is trained: the parameters that all deep estimators share, each declared once."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence as SequenceOf
from typing import Any

from estimators.deep.watching import MOST_EPOCHS
from estimators.params import (
    AnyOf,
    Bool,
    Choice,
    Float,
    Instance,
    Int,
    Sequence,
    estimator,
    param,
    seed,
)

OPTIMIZERS = ("adamw", "adam", "sgd", "rmsprop", "adadelta", "lbfgs", "muon")
SCHEDULES = ("cosine", "onecycle", "plateau")
AUGMENTATIONS = ("flip", "shift", "crop", "cutout", "mixup")
VIEWS = ("flip", "shift")


def _names(options: tuple[str, ...]) -> AnyOf:
    """Return the domain "one of these names, or several of them"."""
    return AnyOf((Choice(options), Sequence(Choice(options))), none=True)


@estimator
class TrainingParams:
    """The parameters of training; estimators inherit them, the engine reads them."""

    max_epochs: int | None = param(
        default=None,
        domain=Int(1, none=True),
        doc="Passes over the training data, at most. None makes some 1,500 steps of them, "
        "but 5 to 300 epochs.",
    )
    max_seconds: float | None = param(
        default=None,
        domain=Float(0, open_low=True, none=True),
        doc="Seconds of training, at most; the learning rate schedule is pressed into them.",
    )
    batch_size: int | None = param(
        default=None,
        domain=Int(1, none=True),
        doc="Rows per step of the optimiser. None is the power of two next to a 32nd of all rows, "
        "but 16 to 128.",
    )
    optimizer: str = param(
        default="adamw",
        domain=Choice(OPTIMIZERS),
        doc="The optimiser: 'adamw', 'adam', 'sgd', 'rmsprop', 'adadelta', 'lbfgs' (all rows in "
        "every step, an epoch is up to 20 iterations) or 'muon' (updates of matrices and kernels "
        "made orthogonal, everything else by AdamW).",
    )
    lr: float | None = param(
        default=None,
        domain=Float(0, open_low=True, none=True, search=(3e-4, 1e-1), log=True),
        doc="Learning rate, the highest one where there is a schedule. None takes what suits the "
        "optimiser: 0.003 for 'adamw', 'adam' and 'rmsprop', 0.05 for 'sgd', 0.02 for 'muon', 1 "
        "for 'adadelta' and 'lbfgs'.",
    )
    momentum: float = param(
        default=0.9,
        domain=Float(0, 1, open_high=True),
        doc="Momentum of 'sgd', 'rmsprop' and 'muon'.",
    )
    nesterov: bool = param(
        default=True,
        domain=Bool(),
        doc="Whether the momentum of 'sgd' and 'muon' looks ahead.",
    )
    weight_decay: float | None = param(
        default=None,
        domain=Float(0, none=True),
        doc="Weight decay; decoupled in 'adamw' and 'muon', an L2 penalty elsewhere. Biases and "
        "the parameters of normalisation layers are spared. None is 0.01 where it is decoupled and "
        "0.0001 as a penalty.",
    )
    lr_schedule: str | None = param(
        default="onecycle",
        domain=Choice(SCHEDULES, none=True),
        doc="Course of the learning rate: 'cosine' (down to zero), 'onecycle' (up, then linearly "
        "down to zero), 'plateau' (a fifth each time that the validation loss has not fallen for "
        "half of `patience` epochs) or None (constant).",
    )
    warmup: float | None = param(
        default=None,
        domain=Float(0, 1, open_high=True, none=True),
        doc="Share of the training in which the learning rate rises linearly from zero. None is a "
        "quarter for 'onecycle' and nothing elsewhere.",
    )
    clip_grad_norm: float | None = param(
        default=None,
        domain=Float(0, open_low=True, none=True),
        doc="Longest gradient: a longer one is scaled down to this norm.",
    )
    ema: float | None = param(
        default=None,
        domain=Float(0, 1, open_low=True, open_high=True, none=True),
        doc="Decay per step of an exponential moving average of the weights, such as 0.999; it is "
        "the averaged weights that are validated and kept.",
    )
    dropout: float = param(
        default=0.0,
        domain=Float(0, 1, open_high=True, search=(0.0, 0.5)),
        doc="Share of the hidden units left out at random in training.",
    )
    augment: str | SequenceOf[str] | None = param(
        default=None,
        domain=_names(AUGMENTATIONS),
        doc="Random changes of every training batch, one name or several: 'flip' (left to right), "
        "'shift' (up to a twelfth of the height and width, edges repeated), 'crop' (up to an "
        "eighth, edges mirrored), 'cutout' (a square of half the width replaced by the mean), "
        "'mixup' (convex mixtures of two rows and their targets; the only one for rows that are "
        "no images).",
    )
    tta: str | SequenceOf[str] | None = param(
        default=None,
        domain=_names(VIEWS),
        doc="Test-time augmentation: predictions are averaged over the image and its 'flip', its "
        "four 'shift's by one pixel, or both.",
    )
    early_stopping: bool = param(
        default=False,
        domain=Bool(),
        doc="Whether to stop when the validation score has not risen for `patience` epochs, and to "
        "go back to the weights of the best epoch. It sets rows apart: see `validation_fraction`.",
    )
    patience: int = param(
        default=10,
        domain=Int(1),
        doc="Epochs without improvement after which `early_stopping` stops.",
    )
    validation_fraction: float | None = param(
        default=None,
        domain=Float(0, 1, open_low=True, open_high=True, none=True),
        doc="Share of the training rows (of every class) set apart to follow the validation loss "
        "and score. None is a tenth where `early_stopping` or lr_schedule='plateau' ask for it and "
        "nothing elsewhere.",
    )
    device: str = param(
        default="auto",
        domain=Instance(
            (str,), "'auto', 'accelerate' or the name of a torch device such as 'cpu' or 'cuda:0'"
        ),
        doc="Where to compute; 'auto' takes a GPU if there is one, 'accelerate' all processes that "
        "`accelerate launch` has started: each has all rows and computes its share of every batch.",
    )
    precision: str = param(
        default="auto",
        domain=Choice(("auto", "float32", "bfloat16")),
        doc="Number format of the heavy layers; weights are always float32. 'auto' takes bfloat16 "
        "where the device computes it faster and the scores do not suffer.",
    )
    compile: bool = param(
        default=False,
        domain=Bool(),
        doc="Whether to compile the net with torch.compile. Warns and goes on without it where "
        "there is no compiler.",
    )
    warm_start: bool = param(
        default=False,
        domain=Bool(),
        doc="Whether `fit` goes on from the weights of the fit before.",
    )
    callbacks: SequenceOf[Any] | None = param(
        default=None,
        domain=Instance((list, tuple), "a list of skorch callbacks", none=True),
        doc="skorch callbacks. After every epoch they find its row in ``net.history[-1]``.",
    )
    verbose: int = param(
        default=0,
        domain=AnyOf((Int(0), Bool())),
        doc="Above 0, print a row per epoch.",
    )
    random_state: Any = param(
        default=None,
        domain=seed(),
        doc="Seed of weights, batches, dropout, augmentation and validation rows. The global "
        "generators are left alone; None takes fresh entropy.",
    )


def batch_size_of(params: TrainingParams, n_rows: int) -> int:
    """Return the rows per step in a training on ``n_rows``.

    >>> [batch_size_of(TrainingParams(), n) for n in (10, 1_000, 60_000)]
    [16, 32, 128]
    """
    if params.batch_size is not None:
        return int(params.batch_size)
    return int(min(128, max(16, 2 ** round(math.log2(n_rows / 32)))))


def epochs_of(params: TrainingParams, n_rows: int) -> int:
    """Return the epochs, at most, of a training on ``n_rows``.

    >>> [epochs_of(TrainingParams(), n) for n in (10, 1_000, 60_000)]
    [300, 47, 5]
    """
    if params.max_epochs is not None:
        return int(params.max_epochs)
    steps = math.ceil(n_rows / batch_size_of(params, n_rows))
    return min(MOST_EPOCHS, max(5, round(1500 / steps)))


def shared(name: str, *, default: Any, search: tuple[Any, ...] | None = None) -> Any:
    """Declare a shared parameter again, with this model's own default or search range."""
    return redeclared(TrainingParams, name, default=default, search=search)


def redeclared(cls: type, name: str, *, default: Any, search: tuple[Any, ...] | None = None) -> Any:
    """Declare the parameter ``name`` of ``cls`` again, with another default or search range."""
    field = next(f for f in dataclasses.fields(cls) if f.name == name)
    domain = field.metadata["domain"]
    if search is not None:
        domain = dataclasses.replace(domain, search=search)
    return param(default=default, domain=domain, doc=field.metadata["doc"])
