"""Embeddings of frozen encoders, kept in blobs by content, so that each input is looked at once."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from core.contracts import Progress
from core.models.embedding import Caches
from core.services.runtime import Runtime
from core.storage import cache

Vectors = NDArray[np.float32]


class StoredEmbeddings:
    """The `EmbeddingCache` of `core.models.embedding` on the database and its blobs."""

    def __init__(self, runtime: Runtime, encoder_key: str) -> None:
        self._runtime = runtime
        self._key = encoder_key

    def get(self, keys: Sequence[str]) -> Mapping[str, Vectors]:
        """Return the vectors that are stored, by key."""
        with self._runtime.database.read() as tx:
            places = cache.embeddings(tx, self._key, keys)
        tables = {blob: load(self._runtime.blobs.get(blob))["rows"] for blob in {blob for blob, _ in places.values()}}
        return {key: tables[blob][row] for key, (blob, row) in places.items()}

    def put(self, keys: Sequence[str], vectors: Vectors) -> None:
        """Store row i under `keys[i]`."""
        blob = self._runtime.blobs.put(save({"rows": np.ascontiguousarray(vectors)}))
        with self._runtime.database.write() as tx:
            cache.put_embeddings(tx, self._key, keys, blob)


def stored_embeddings(runtime: Runtime) -> Caches:
    """Return what finds the stored vectors of each frozen encoder."""
    return lambda encoder_key: StoredEmbeddings(runtime, encoder_key)


class Silent:
    """A progress reporter that nobody listens to."""

    def report(self, progress: Progress) -> None:
        """Ignore it."""
