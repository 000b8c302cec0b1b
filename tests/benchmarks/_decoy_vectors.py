"""Vectors of frozen encoders, kept in files, so that the processes of a benchmark look at each input once."""

import os
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.models.embedding import EmbeddingCache, FloatArray, condense
from core.models.examples import Examples
from core.models.network import TandemNetwork
from tests.benchmarks._decoy_recipe import DEVICE

FOLDER = Path(tempfile.gettempdir()) / "tandem-benchmark-vectors"


@dataclass(frozen=True)
class FileVectors:
    """An `EmbeddingCache` with one file a vector; any number of processes may share the folder."""

    folder: Path

    def get(self, keys: Sequence[str]) -> Mapping[str, FloatArray]:
        """Return the vectors that there are, by key."""
        return {key: np.load(self._file(key), allow_pickle=False) for key in set(keys) if self._file(key).is_file()}

    def put(self, keys: Sequence[str], vectors: FloatArray) -> None:
        """Keep row i under `keys[i]`; a reader sees a whole file or none."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for key, vector in zip(keys, vectors, strict=True):
            part = self.folder / f"{uuid.uuid4().hex}.part"
            with part.open("wb") as file:
                np.save(file, vector, allow_pickle=False)
            os.replace(part, self._file(key))

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}.npy"


@dataclass(frozen=True)
class MemoryVectors:
    """An `EmbeddingCache` that lasts as long as it is held."""

    kept: dict[str, FloatArray] = field(default_factory=dict)

    def get(self, keys: Sequence[str]) -> Mapping[str, FloatArray]:
        """Return the vectors that there are, by key."""
        return {key: self.kept[key] for key in keys if key in self.kept}

    def put(self, keys: Sequence[str], vectors: FloatArray) -> None:
        """Keep row i under `keys[i]`."""
        self.kept.update(zip(keys, vectors, strict=True))


def vectors_of(encoder_key: str) -> EmbeddingCache:
    """Return where the vectors of an encoder are kept: in a folder for temporary files, from run to run."""
    return FileVectors(FOLDER / encoder_key)


def kept_condensed(network: TandemNetwork, examples: Examples) -> Examples:
    """Look through frozen encoders once, however many processes and runs ask."""
    return condense(network, examples, DEVICE, caches=vectors_of)
