"""How far apart groups are: one measure per file."""

from core.fairness.gaps.registry import gap, gap_measure, gap_measures

__all__ = ["gap", "gap_measure", "gap_measures"]
