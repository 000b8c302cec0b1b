"""What a data set that comes in a package yields."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from core.contracts import SplitSpec


@dataclass(frozen=True, slots=True)
class PackageCase:
    """One case of a package data set: text by column, file bytes by column."""

    name: str
    cells: Mapping[str, str]
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class PackageDataset:
    """A data set that comes in a package: the columns it offers and how to read it."""

    name: str
    columns: tuple[str, ...]
    size: int
    """Cases that it yields, for progress."""
    read: Callable[[SplitSpec], Iterator[PackageCase]]
