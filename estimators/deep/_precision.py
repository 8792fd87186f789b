"""Where to compute, and in which number format and memory layout."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import nn

from estimators.deep._processes import ACCELERATE, accelerator


@dataclass(frozen=True)
class Placement:
    """Device, number format of the heavy layers, and memory layout of images."""

    device: torch.device
    dtype: torch.dtype = torch.float32
    channels_last: bool = False

    def autocast(self) -> AbstractContextManager[None]:
        """Return the context in which the net computes one batch."""
        if self.dtype is torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=self.dtype)


def resolve_device(name: str, owner: str) -> torch.device:
    """Return the device that ``name`` means here, or raise a ValueError."""
    if name == "auto":
        return torch.device(_best_device())
    if name == ACCELERATE:
        device: torch.device = accelerator(owner).device
        return device
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ValueError(
            f"{owner}: device must be 'auto', 'accelerate' or the name of a torch device, got "
            f"device={name!r}."
        ) from error
    if not _is_usable(device):
        raise ValueError(
            f"{owner}: device must be one that this machine has, got device={name!r}; 'auto' takes "
            "what there is."
        )
    return device


def loading_device(name: str) -> torch.device:
    """Return the device for a model that was fitted with ``device=name``, the CPU if it is gone."""
    device = torch.device(_best_device() if name in ("auto", ACCELERATE) else name)
    return device if _is_usable(device) else torch.device("cpu")


def place(module: nn.Module, device: torch.device, precision: str) -> Placement:
    """Choose format and layout for ``module``: bfloat16 where the device has it and it pays.

    It pays for nets over images, which have convolutions, not for the small matrices of a net over
    table rows, whose time is spent elsewhere.
    """
    has_convolutions = any(isinstance(m, nn.Conv2d) for m in module.modules())
    wanted = precision == "bfloat16" or (
        precision == "auto" and has_convolutions and _has_fast_bfloat16(device)
    )
    return Placement(device, torch.bfloat16 if wanted else torch.float32, has_convolutions)


def _best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _is_usable(device: torch.device) -> bool:
    if device.type == "cuda":
        return (device.index or 0) < torch.cuda.device_count()
    return device.type == "cpu" or (device.type == "mps" and torch.backends.mps.is_available())


def _has_fast_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()  # newer torch
    return device.type == "cpu" and any(
        capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16")
    )
