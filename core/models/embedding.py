"""Embeddings of cases, kept so that a frozen encoder sees each input once."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from core.contracts import Progress, ProgressReporter
from core.models.batching import cases_per_pass, passes
from core.models.examples import Examples
from core.models.network import TandemNetwork
from core.models.preparation import to_tensor

FloatArray = npt.NDArray[np.float32]
KEEP_EVERY = 64
"""Cases after which new embeddings are handed to the cache, so that interrupted work is not lost."""


class EmbeddingCache(Protocol):
    """Keeps embeddings by key."""

    def get(self, keys: Sequence[str]) -> Mapping[str, FloatArray]:
        """Return the vectors [dim] that it has, by key; absent keys are left out."""

    def put(self, keys: Sequence[str], vectors: FloatArray) -> None:
        """Keep row i of `vectors` [keys, dim] under `keys[i]`."""


def embedding_keys(network: TandemNetwork, examples: Examples) -> list[str]:
    """Return the cache key of each case: a hash of encoder, preparation and prepared input."""
    prefix = network.embedding_key.encode()
    arrays = [examples.inputs[name].contiguous().numpy() for name in network.fields]
    return [_key(prefix, [array[row] for array in arrays]) for row in range(len(examples))]


def _key(prefix: bytes, arrays: Sequence[npt.NDArray[np.uint8]]) -> str:
    digest = hashlib.sha256(prefix)
    for array in arrays:
        digest.update(array.tobytes())
    return digest.hexdigest()


def embed_all(
    network: TandemNetwork,
    examples: Examples,
    device: torch.device,
    reporter: ProgressReporter | None = None,
    cache: EmbeddingCache | None = None,
) -> Tensor:
    """Return the embeddings of all `examples`, before standardisation: float32 [cases, dim] on the CPU.

    Only what `cache` does not have is computed; it is handed to the cache every 64 cases, so that cancelled work
    goes on where it stopped.

    Raises
    ------
    core.errors.Cancelled
        When `reporter` says so.
    """
    keys = embedding_keys(network, examples) if cache is not None and network.frozen else None
    vectors = torch.empty(len(examples), network.dim)
    missing = list(range(len(examples)))
    if cache is not None and keys is not None:
        known = cache.get(keys)
        missing = [row for row, key in enumerate(keys) if key not in known]
        for row in set(range(len(examples))) - set(missing):
            vectors[row] = torch.from_numpy(np.array(known[keys[row]], dtype=np.float32))
    network.to(device).eval()
    started = time.monotonic()
    for first in range(0, len(missing), KEEP_EVERY):
        rows = missing[first : first + KEEP_EVERY]
        _report(reporter, len(examples) - len(missing) + first, len(examples), first, started)
        vectors[rows] = embed_inputs(network, examples.select(rows).inputs, device)
        if cache is not None and keys is not None:
            cache.put([keys[row] for row in rows], vectors[rows].numpy())
    _report(reporter, len(examples), len(examples), len(missing), started)
    return vectors


def embed_inputs(network: TandemNetwork, inputs: Mapping[str, Tensor], device: torch.device) -> Tensor:
    """Return embeddings [cases, dim] of prepared uint8 inputs by field, on the CPU, in passes of a good size."""
    count = len(next(iter(inputs.values())))
    parts = []
    with torch.no_grad():
        for part in passes(count, cases_per_pass(inputs, device)):
            batch = {name: to_tensor(tensor[part], device) for name, tensor in inputs.items()}
            parts.append(network.embed(batch).float().cpu())
    return torch.cat(parts) if parts else torch.empty(0, network.dim)


def _report(reporter: ProgressReporter | None, done: int, total: int, computed: int, started: float) -> None:
    if reporter is None:
        return
    seconds = time.monotonic() - started
    left = seconds / computed * (total - done) if computed else None
    reporter.report(Progress(stage="Reading the images", done=done, total=total, seconds_left=left))
