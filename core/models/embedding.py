"""Vectors of frozen fields, kept so that a frozen encoder sees each input once."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from core.contracts import Progress, ProgressReporter
from core.models.batching import cases_per_pass, passes
from core.models.examples import Examples
from core.models.network import Inputs, TandemNetwork

FloatArray = npt.NDArray[np.float32]
KEEP_EVERY = 64
"""Cases after which new vectors are handed to the cache, so that interrupted work is not lost."""


class EmbeddingCache(Protocol):
    """Keeps vectors by key."""

    def get(self, keys: Sequence[str]) -> Mapping[str, FloatArray]:
        """Return the vectors [dim] that it has, by key; absent keys are left out."""

    def put(self, keys: Sequence[str], vectors: FloatArray) -> None:
        """Keep row i of `vectors` [keys, dim] under `keys[i]`."""


Caches = Callable[[str], EmbeddingCache]
"""Encoder key -> its cache."""


def embedding_keys(network: TandemNetwork, field: str, *prepared: Tensor) -> list[str]:
    """Return the cache key of each case: a hash of encoder, preparation and all prepared inputs that it reads."""
    prefix = network.encoder_key(field).encode()
    rows = zip(*(tensor.contiguous().numpy() for tensor in prepared), strict=True)
    return [hashlib.sha256(b"".join([prefix, *(part.tobytes() for part in row)])).hexdigest() for row in rows]


def condense(
    network: TandemNetwork,
    examples: Examples,
    device: torch.device,
    reporter: ProgressReporter | None = None,
    caches: Caches | None = None,
) -> Examples:
    """Return `examples` whose frozen fields are replaced by their vectors: float32 [cases, dim] on the CPU.

    Only what a cache does not have is computed; it is handed to the cache every 64 cases, so that cancelled work goes
    on where it stopped. Rows without a value are not-a-number.

    Raises
    ------
    core.errors.Cancelled
        When `reporter` says so.
    """
    inputs = dict(examples.inputs)
    for field in network.frozen_fields:
        if not network.holds_vectors(field, inputs[field]):
            cache = caches(network.encoder_key(field)) if caches is not None else None
            inputs[field] = _embed(network, field, examples.inputs, device, reporter, cache)
    return replace(examples, inputs=inputs)


def _embed(
    network: TandemNetwork,
    field: str,
    inputs: Inputs,
    device: torch.device,
    reporter: ProgressReporter | None,
    cache: EmbeddingCache | None,
) -> Tensor:
    prepared = {name: inputs[name] for name in network.read_with(field)}
    count = len(prepared[field])
    keys = embedding_keys(network, field, *prepared.values()) if cache is not None else []
    vectors = torch.empty(count, network.encoder(field).dim)
    missing = _fill_known(vectors, keys, cache)
    network.to(device).eval()
    started = time.monotonic()
    for first in range(0, len(missing), KEEP_EVERY):
        rows = missing[first : first + KEEP_EVERY]
        _report(reporter, count - len(missing) + first, count, first, started)
        vectors[rows] = embed_inputs(network, field, {name: item[rows] for name, item in prepared.items()}, device)
        if cache is not None:
            cache.put([keys[row] for row in rows], vectors[rows].numpy())
    _report(reporter, count, count, len(missing), started)
    return vectors


def _fill_known(vectors: Tensor, keys: list[str], cache: EmbeddingCache | None) -> list[int]:
    """Fill in what the cache has and return the rows that it has not."""
    if cache is None:
        return list(range(len(vectors)))
    known = cache.get(keys)
    for row, key in enumerate(keys):
        if key in known:
            vectors[row] = torch.from_numpy(np.array(known[key], dtype=np.float32))
    return [row for row, key in enumerate(keys) if key not in known]


def embed_field(network: TandemNetwork, field: str, prepared: Tensor, device: torch.device) -> Tensor:
    """Return one frozen field's vectors [cases, dim] on the CPU, in passes of a good size."""
    return embed_inputs(network, field, {field: prepared}, device)


def embed_inputs(network: TandemNetwork, field: str, inputs: Inputs, device: torch.device) -> Tensor:
    """Return the vectors kept under one frozen field, of the inputs that are read with it; as `embed_field`."""
    parts = []
    with torch.no_grad():
        for part in passes(len(inputs[field]), cases_per_pass(inputs, device)):
            batch = {name: tensor[part].to(device) for name, tensor in inputs.items()}
            parts.append(network.vectors(field, batch).float().cpu())
    return torch.cat(parts) if parts else torch.empty(0, network.encoder(field).dim)


def _report(reporter: ProgressReporter | None, done: int, total: int, computed: int, started: float) -> None:
    if reporter is None:
        return
    seconds = time.monotonic() - started
    left = seconds / computed * (total - done) if computed else None
    reporter.report(Progress(stage="Reading the inputs", done=done, total=total, seconds_left=left))
