"""Random numbers that depend on what they are for, not on what ran before."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor


def generator_for(seed: int, *purpose: str | int) -> torch.Generator:
    """Return a CPU generator that depends on `seed` and `purpose` alone.

    Work that draws each step's numbers from its own generator can be interrupted anywhere and resumed exactly.

    Examples
    --------
    >>> torch.rand(1, generator=generator_for(0, "order", 3)) == torch.rand(1, generator=generator_for(0, "order", 3))
    tensor([True])
    """
    digest = hashlib.sha256(repr((seed, *purpose)).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


@contextmanager
def seeded(device: torch.device, seed: int, *purpose: str | int) -> Iterator[None]:
    """Let layers that draw from the global random state (dropout) depend on `seed` and `purpose` alone.

    The state is put back at the end. `torch.manual_seed` would seed devices that take no part, too, and keep where it
    was called from for each that was never used: a sixth of the time of a small training.
    """
    number = generator_for(seed, *purpose).initial_seed()
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.default_generator.manual_seed(number)
        if devices:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(number)
        yield


def epoch_rows(count: int, batch_size: int, step: int, seed: int) -> Tensor:
    """Return the rows of mini-batch `step`: every epoch is a new order of all `count` rows, cut into batches.

    Batches of an epoch are as even as possible, none larger than `batch_size`.
    """
    batches = -(-count // batch_size)
    epoch, batch = divmod(step, batches)
    order = torch.randperm(count, generator=generator_for(seed, "epoch", epoch))
    return order.tensor_split(batches)[batch]
