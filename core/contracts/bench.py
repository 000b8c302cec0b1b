"""What a benchmark is given and what it returns."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """How to run a benchmark."""

    quick: bool = False
    """A small version that shows that it works; its figures prove nothing."""
    data: str | None = None
    """Name of the data set, where a benchmark has several."""
    data_root: Path | None = None
    """Folder that holds real data sets, or None."""
    seeds: int = 3
    """How many seeds a mean is taken over."""
    masks: tuple[int, ...] = ()
    """How many marks, where a benchmark is about marks; its own numbers when empty."""
    artefact: str | None = None
    """Which planted shortcut, where there are several."""
    strategy: str | None = None
    """Which retraining strategy; `all` for every one."""
    simulate: bool = False
    """Measure on simulated people, whose skill is known."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number; interval and n where it is a statistic. Rates are 0 to 1, times are seconds."""

    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
