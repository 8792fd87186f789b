"""The parameters of a generative adversarial network, each declared once."""

from __future__ import annotations

from typing import Any

from estimators.params import Choice, Float, Instance, Int, estimator, param, seed


@estimator
class GANParams:
    """The parameters of the two nets and of their game."""

    latent_dim: int = param(
        default=64, domain=Int(1, search=(8, 128), log=True), doc="Numbers of the code."
    )
    architecture: str = param(
        default="dense",
        domain=Choice(("dense", "conv")),
        doc="Layers: 'dense' or, for images, 'conv' (DCGAN).",
    )
    loss: str = param(
        default="non-saturating",
        domain=Choice(
            ("non-saturating", "hinge", "wgan-gp"), search=("non-saturating", "hinge", "wgan-gp")
        ),
        doc="What both sides minimise: 'non-saturating', 'hinge' or 'wgan-gp'.",
    )
    width: int = param(
        default=32,
        domain=Int(1),
        doc="Feature maps of the layers: 2 and 4 times as many; of dense layers 4 and 8 times.",
    )
    lr: float = param(
        default=1e-3,
        domain=Float(0, open_low=True, search=(1e-4, 2e-3), log=True),
        doc="Learning rate of the generator.",
    )
    discriminator_lr: float = param(
        default=1e-3,
        domain=Float(0, open_low=True, search=(1e-4, 2e-3), log=True),
        doc="Learning rate of the discriminator.",
    )
    n_discriminator_steps: int | None = param(
        default=None,
        domain=Int(1, none=True),
        doc="Steps of the discriminator for one of the generator; None is 5 for 'wgan-gp', else 1.",
    )
    ema: float | None = param(
        default=0.995,
        domain=Float(0, 1, open_low=True, open_high=True, none=True),
        doc="Decay per step of an exponential moving average of the generator's weights, which is "
        "what draws the rows in the end; None takes the last weights.",
    )
    max_epochs: int = param(default=50, domain=Int(1), doc="Passes over the training rows.")
    max_seconds: float | None = param(
        default=None,
        domain=Float(0, open_low=True, none=True),
        doc="Seconds of training, at most.",
    )
    batch_size: int | None = param(
        default=None,
        domain=Int(2, none=True),
        doc="Rows per step. None is 64, of less than 4,096 rows fewer, 16 at least: an epoch shall "
        "have steps enough.",
    )
    device: str = param(
        default="auto",
        domain=Instance((str,), "'auto' or the name of a torch device such as 'cpu' or 'cuda:0'"),
        doc="Where to compute; 'auto' takes a GPU if there is one.",
    )
    precision: str = param(
        default="auto",
        domain=Choice(("auto", "float32", "bfloat16")),
        doc="Number format of the heavy layers; 'auto' takes bfloat16 for 'conv' where the device "
        "computes it faster.",
    )
    random_state: Any = param(
        default=None, domain=seed(), doc="Seed of weights, codes and the order of the rows."
    )
