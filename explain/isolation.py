"""A private, frozen, full-precision view of a shared module, so that explaining never disturbs anybody."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from explain.base import Subject
from explain.errors import ExplainError

HALF_PRECISIONS = (torch.float16, torch.bfloat16)


def _alias(tensor: Tensor) -> Tensor:
    """Return a tensor of the same storage without gradient; half precision and inference tensors are copied."""
    alias = tensor.detach()
    if alias.dtype in HALF_PRECISIONS:
        return alias.float()
    return alias.clone() if alias.is_inference() else alias


def _uncompiled(module: nn.Module) -> nn.Module:
    """Return what `torch.compile` wrapped, at any depth: compiled gradients can be wrong silently."""
    inner = getattr(module, "_orig_mod", None)
    if isinstance(inner, nn.Module):
        return _uncompiled(inner)
    for name, child in module.named_children():
        setattr(module, name, _uncompiled(child))
    return module


def private_view(subject: Subject) -> nn.Module:
    """Return a copy of the module's structure that shares its weights, in eval mode and frozen.

    Hooks, modes and `requires_grad` of the view are the caller's own; the weights take no memory again.

    Raises
    ------
    ExplainError
        When the module holds something that can't be copied.
    """
    module = subject.module
    memo: dict[int, Any] = {}
    try:
        with subject.lock, torch.inference_mode(False):
            for parameter in module.parameters():
                memo[id(parameter)] = nn.Parameter(_alias(parameter), requires_grad=False)
            memo |= {id(buffer): _alias(buffer) for buffer in module.buffers()}
            view = copy.deepcopy(module, memo)
    except (TypeError, RuntimeError) as error:
        raise ExplainError(
            f"{type(module).__name__} can't be explained: its structure can't be copied ({error}). "
            "Keep locks, open files and tensors with a graph out of the module."
        ) from error
    return _uncompiled(view).eval()


def device_of(module: nn.Module) -> torch.device | None:
    """Return the device of the module's first tensor, or None when it has no tensors."""
    first = next(chain(module.parameters(), module.buffers()), None)
    return None if first is None else first.device


@contextmanager
def full_precision(device: torch.device) -> Iterator[None]:
    """Allow gradients and switch autocast off, whatever the caller had on."""
    with torch.inference_mode(False), torch.enable_grad(), torch.autocast(device.type, enabled=False):
        yield
