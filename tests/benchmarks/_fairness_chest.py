"""Chest radiographs."""

from collections.abc import Mapping

from core.contracts import BenchOptions, Figure


def chest_figures(options: BenchOptions) -> Mapping[str, Figure]:
    """Return nothing yet."""
    return {}
