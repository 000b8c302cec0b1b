"""What a check gets, and how an interval becomes a verdict."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.contracts import Check, CheckVerdict, ProgressReporter, WorkspaceSpec
from core.learning.behaviour import probabilities
from core.learning.marks import MarkedExamples
from core.learning.statistics import Array, Difference, Resampler, share_beyond
from core.models.examples import Examples
from core.models.registry import LoadedModel

SIGNIFICANCE = 0.025
"""One-sided level of a failed check: the counterpart of a two-sided 95 % interval."""


@dataclass(frozen=True, slots=True)
class GateContext:
    """Everything that is measured: the ledger, both models, their answers, and the marks."""

    spec: WorkspaceSpec
    ledger: Examples
    attributes: Sequence[Mapping[str, str]]
    champion: LoadedModel
    candidate: LoadedModel
    answers: tuple[Mapping[str, Tensor], Mapping[str, Tensor]]
    """Logits [n, K] per target of champion and candidate."""
    resampler: Resampler
    marked: MarkedExamples
    device: torch.device
    seed: int
    reporter: ProgressReporter | None = None

    def judged(self, target: str) -> "TargetAnswers":
        """Return both models' calibrated answers on the ledger cases that have a reference label."""
        labels = self.ledger.labels[target].cpu().numpy()
        known = labels >= 0
        before = probabilities(self.champion, self.answers[0], target)[known]
        after = probabilities(self.candidate, self.answers[1], target)[known]
        attributes = [row for row, keep in zip(self.attributes, known, strict=True) if keep]
        return TargetAnswers(labels[known], before, after, attributes, self.resampler.subset(known))

    def check_name(self, name: str, target: str) -> str:
        """Return the check's name; with several targets it says which."""
        return name if len(self.spec.targets) == 1 else f"{name}@{target}"


@dataclass(frozen=True, slots=True)
class TargetAnswers:
    """Reference labels [n] and calibrated probabilities [n, K] of champion and candidate."""

    labels: NDArray[np.int64]
    champion: Array
    candidate: Array
    attributes: Sequence[Mapping[str, str]]
    resampler: Resampler


class GateCheck(Protocol):
    """One question to a candidate; gives one line per class, group or artefact."""

    name: str

    def run(self, context: GateContext) -> tuple[Check, ...]:
        """Measure and judge."""


@dataclass(frozen=True, slots=True)
class Line:
    """A measured line before it is judged."""

    name: str
    title: str
    champion: float
    candidate: float
    difference: Difference
    limit: float
    better: str


def needed_cases(difference: Difference, limit: float) -> int | None:
    """Return how many cases would settle it, if the difference stayed: the half-width shrinks with sqrt(n)."""
    distance = abs(difference.value - limit)
    half = (difference.high - difference.low) / 2
    if distance < 1e-9 or not math.isfinite(half):
        return None
    return max(difference.n + 1, math.ceil(difference.n * (half / distance) ** 2))


def _verdict(line: Line, adjusted_p: float) -> CheckVerdict:
    low, high = line.difference.low, line.difference.high
    good = low > line.limit if line.better == "higher" else high < line.limit
    no_change = line.difference.low == line.difference.high == 0.0
    inside = line.limit <= 0.0 if line.better == "higher" else line.limit >= 0.0
    if good or (no_change and inside):
        return "pass"
    return "fail" if adjusted_p < SIGNIFICANCE else "not assessable"


def _reason(line: Line, verdict: CheckVerdict, needed: int | None) -> str:
    d = line.difference
    span = f"change {d.value:+.3f} [{d.low:+.3f} to {d.high:+.3f}], limit {line.limit:+.3f}, n = {d.n}"
    if verdict == "pass":
        return f"{span}: the interval lies on the good side of the limit."
    if verdict == "fail":
        return f"{span}: the interval lies on the bad side of the limit."
    more = f" About {needed} cases would settle it." if needed else ""
    return f"{span}: the interval holds the limit, so this can't be told.{more}"


def judge(line: Line, adjusted_p: float | None = None) -> Check:
    """Turn a measured line into a check: pass, fail, or not assessable with the n that would settle it.

    `adjusted_p` is the Holm-corrected p-value of a family of lines; a lone line uses its own.
    """
    p = share_beyond(line.difference.draws, line.limit, better=line.better) if adjusted_p is None else adjusted_p
    verdict = _verdict(line, p)
    needed = needed_cases(line.difference, line.limit) if verdict == "not assessable" else None
    d = line.difference
    return Check(
        name=line.name,
        title=line.title,
        champion=line.champion,
        candidate=line.candidate,
        difference=d.value,
        low=d.low,
        high=d.high,
        limit=line.limit,
        better=line.better,
        n=d.n,
        verdict=verdict,
        reason=_reason(line, verdict, needed),
        needed=needed,
    )


def not_assessable(name: str, title: str, limit: float, better: str, n: int, reason: str) -> Check:
    """Return a check that could not be measured, with the reason in words."""
    return Check(name, title, None, None, None, None, None, limit, better, n, "not assessable", reason)
