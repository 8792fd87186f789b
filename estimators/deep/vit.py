"""The vision transformer."""

from __future__ import annotations

import torch
from einops import rearrange, repeat
from torch import Tensor, nn

from estimators.deep._attention import EncoderBlock
from estimators.deep._base import DeepClassifier, ImageInput
from estimators.deep._layers import Dropout
from estimators.params import Int, domains_of, estimator, param
from estimators.spec import Spec


class VisionTransformer(nn.Module):
    """Patches as tokens, a class token in front, encoder blocks, a linear layer.

    Shape: ``(b, c, h, w)`` -> ``(b, n_outputs)``. Images are filled up with zeros, at the right and
    at the bottom, to a multiple of the patch size.

    >>> net = VisionTransformer((3, 10, 10), 5, dim=8, depth=1, heads=2, mlp_dim=16, patch_size=4)
    >>> net(torch.zeros(2, 3, 10, 10)).shape
    torch.Size([2, 5])
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        n_outputs: int,
        *,
        dim: int,
        depth: int,
        heads: int,
        mlp_dim: int,
        patch_size: int,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        c, h, w = shape
        self.fill = nn.ZeroPad2d((0, -w % patch_size, 0, -h % patch_size))
        n_patches = -(-h // patch_size) * -(-w // patch_size)
        self.embed = nn.Conv2d(c, dim, patch_size, stride=patch_size)
        self.class_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = nn.Parameter(0.02 * torch.randn(1, n_patches + 1, dim))
        self.dropout = Dropout(dropout)
        blocks = [EncoderBlock(dim, heads, mlp_dim, dropout) for _ in range(depth)]
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, n_outputs))

    def forward(self, x: Tensor) -> Tensor:
        patches = rearrange(self.embed(self.fill(x)), "b d h w -> b (h w) d")
        first = repeat(self.class_token, "1 1 d -> b 1 d", b=len(x))
        tokens = torch.cat([first, patches], dim=1) + self.positions
        return self.head(self.blocks(self.dropout(tokens))[:, 0])


@estimator
class ViTClassifier(ImageInput, DeepClassifier):
    """Vision transformer.

    The image is cut into patches, each patch is a token, and a transformer encoder reads them.

    {parameters}

    {attributes}

    Notes
    -----
    As in the paper, but for small images trained from scratch: the defaults are small, and an
    image that the patches do not divide is filled up with zeros.

    References
    ----------
    .. [1] A. Dosovitskiy et al., "An image is worth 16x16 words: Transformers for image recognition
       at scale", ICLR 2021.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from estimators import ViTClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> net = ViTClassifier(dim=32, depth=1, max_epochs=10, image_shape=(8, 8, 1), random_state=0)
    >>> net.fit(X[:1000], y[:1000]).score(X[1000:], y[1000:]) > 0.8
    True
    """

    dim: int = param(default=64, domain=Int(1), doc="Width of a token; a multiple of ``heads``.")
    depth: int = param(default=6, domain=Int(1, search=(2, 8)), doc="Number of encoder blocks.")
    heads: int = param(default=4, domain=Int(1), doc="Number of attention heads in a block.")
    mlp_dim: int = param(
        default=128,
        domain=Int(1, search=(64, 512), log=True),
        doc="Width of the hidden layer of a block's perceptron.",
    )
    patch_size: int = param(
        default=4, domain=Int(1, search=(2, 7)), doc="Width and height of a patch in pixels."
    )

    def build_module(self, shape: tuple[int, int, int], n_outputs: int) -> nn.Module:
        if self.dim % self.heads:
            raise ValueError(
                f"ViTClassifier: heads must divide dim, got dim={self.dim}, heads={self.heads}."
            )
        return VisionTransformer(
            shape,
            n_outputs,
            dim=self.dim,
            depth=self.depth,
            heads=self.heads,
            mlp_dim=self.mlp_dim,
            patch_size=self.patch_size,
            dropout=self.dropout,
        )


SPEC = Spec(
    title="vision transformer",
    summary="Attention among the patches of an image; wants many images or much augmentation.",
    tasks={"classification": ViTClassifier},
    kinds=frozenset({"image"}),
    prepare="image",
    params=domains_of(ViTClassifier),
    fast={
        "dim": 16,
        "depth": 1,
        "heads": 2,
        "mlp_dim": 32,
        "patch_size": 2,
        "max_epochs": 10,
        "lr": 0.01,
        "precision": "float32",
        "random_state": 0,
    },
    reference="Dosovitskiy et al., An image is worth 16x16 words (ICLR 2021)",
)
