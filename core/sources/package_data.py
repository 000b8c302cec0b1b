"""What a data set that comes in a package yields, and where the package lies."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from core.contracts import SplitSpec
from core.errors import ImportRefused


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
    groups: tuple[str, ...] = ()
    """Columns that `split.group` may name; none where each case is its own group."""
    notes: tuple[str, ...] = ()
    """What a person who imports it should know of it."""


def package_file(dataset: str, package: str, distribution: str, name: str) -> Path:
    """Return the path of a file inside an installed package, without importing the package.

    Parameters
    ----------
    dataset : str
        The data set that is read from it, for the message.
    package : str
        Name that Python imports it by.
    distribution : str
        Name that pip installs it by.
    name : str
        The file, relative to the package.

    Raises
    ------
    ImportRefused
        When the package is not installed or has no such file.
    """
    found = find_spec(package)
    for root in (found.submodule_search_locations or ()) if found else ():
        if (path := Path(root) / name).is_file():
            return path
    lacks = f"the file {name} of" if found else ""
    raise ImportRefused(
        f"The data set {dataset} needs {lacks + ' ' if lacks else ''}the package {distribution}, which is not here. "
        "Install the requirements and try again."
    )
