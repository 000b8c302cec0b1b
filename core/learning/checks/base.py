"""What a check gets, and how an interval becomes a verdict."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.contracts import Check, CheckVerdict, MarkWarning, ProgressReporter, WorkspaceSpec
from core.learning.behaviour import probabilities
from core.learning.marks import MarkedExamples
from core.learning.statistics import Array, Difference, Resampler
from core.models.deciding import decided
from core.models.examples import Examples
from core.models.registry import LoadedModel

Result = TypeVar("Result")
SIGNIFICANCE = 0.025
"""One-sided level of a failed check: the counterpart of a two-sided 95 % interval."""
MINIMUM_GROUPS = 5
"""With fewer independent groups (patients, say) the bootstrap's interval is too narrow; with one it has no width."""


@dataclass(frozen=True, slots=True)
class GateContext:
    """Everything that is measured: the ledger, the models, their answers, and the marks."""

    spec: WorkspaceSpec
    ledger: Examples
    attributes: Sequence[Mapping[str, str]]
    """What is known of each case besides its inputs (`core.models.deciding.known_of`)."""
    champion: LoadedModel
    candidate: LoadedModel
    answers: tuple[Mapping[str, Tensor], Mapping[str, Tensor]]
    """Logits [n, K] per target of champion and candidate."""
    resampler: Resampler
    marked: MarkedExamples
    device: torch.device
    seed: int
    reporter: ProgressReporter | None = None
    control: LoadedModel | None = None
    """Trained as the candidate was, without marks; None where there is none."""
    control_answers: Mapping[str, Tensor] | None = None
    """Logits [n, K] per target of the control."""
    strategy: str | None = None
    """What trained the candidate, where known: it may not be judged by an explainer that it trained on."""
    warnings: tuple[MarkWarning, ...] = ()
    """What was wrong with the marks when the candidate was trained."""
    kept: dict[tuple[str, ...], Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What several checks share; `dataclasses.replace` starts afresh."""

    def judged(self, target: str) -> "TargetAnswers":
        """Return the models' calibrated answers on the ledger cases that have a reference label."""
        labels = self.ledger.labels[target].cpu().numpy()
        known = labels >= 0
        answers = [probabilities(model, own, target)[known] for model, own in zip(self.models, self.plain, strict=True)]
        chosen = [self.answered(place, target)[known] for place in range(len(answers))]
        attributes = [row for row, keep in zip(self.attributes, known, strict=True) if keep]
        resampler = self.resampler.subset(known)
        return TargetAnswers(
            labels[known], answers[0], answers[1], attributes, resampler, (*answers, None)[2], tuple(chosen)
        )

    def answered(self, place: int, target: str) -> NDArray[np.int64]:
        """Return what a model answers to each ledger case as a class index, [n]: its own decision rules are applied."""
        model = self.models[place]
        item = model.manifest.target(target)
        scores = probabilities(model, self.plain[place], target)
        return decided(item.group_thresholds, item.classes, scores, self.attributes)

    @property
    def models(self) -> tuple[LoadedModel, ...]:
        """Champion, candidate and, where there is one, control."""
        return (self.champion, self.candidate, *(() if self.control is None else (self.control,)))

    @property
    def plain(self) -> tuple[Mapping[str, Tensor], ...]:
        """The models' logits, in the order of `models`."""
        return (*self.answers, *(() if self.control_answers is None else (self.control_answers,)))

    @property
    def artefacts(self) -> tuple[str, ...]:
        """Names of all artefacts with standing marks."""
        return tuple(sorted({artefact for artefact in self.marked.artefacts if artefact}))

    def once(self, key: tuple[str, ...], make: Callable[[], Result]) -> Result:
        """Return what was made under `key`, made at the first time."""
        if key not in self.kept:
            self.kept[key] = make()
        found: Result = self.kept[key]
        return found

    def check_name(self, name: str, target: str) -> str:
        """Return the check's name; with several targets it says which."""
        return name if len(self.spec.targets) == 1 else f"{name}@{target}"


@dataclass(frozen=True, slots=True)
class TargetAnswers:
    """Reference labels [n] and calibrated probabilities [n, K] of champion, candidate and control."""

    labels: NDArray[np.int64]
    champion: Array
    candidate: Array
    attributes: Sequence[Mapping[str, str]]
    resampler: Resampler
    control: Array | None = None
    chosen: tuple[NDArray[np.int64], ...] = ()
    """What each model answers, as class indexes [n]; the most probable labels when left out."""

    @property
    def answered(self) -> tuple[NDArray[np.int64], ...]:
        """What champion, candidate and, where there is one, control answer, each [n]."""
        models = (self.champion, self.candidate, *(() if self.control is None else (self.control,)))
        return self.chosen or tuple(np.asarray(own.argmax(axis=1), dtype=np.int64) for own in models)


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
    what: str = "change"
    """What is held against the limit."""


def needed_cases(difference: Difference, limit: float, stretch: float = 1.0) -> int | None:
    """Return how many cases would settle it, if the difference stayed: the half-width shrinks with sqrt(n).

    `stretch` widens the interval first, where a correction asks for more certainty than 95 %.
    """
    distance = abs(difference.value - limit)
    half = stretch * (difference.high - difference.low) / 2
    if distance < 1e-9 or not math.isfinite(half):
        return None
    return max(difference.n + 1, math.ceil(difference.n * (half / distance) ** 2))


def holm_stretch(lines: int) -> float:
    """Return how much wider the interval is that the worst of `lines` must clear to fail: z of 2.5 % / lines over z.

    Example
    -------
    >>> round(holm_stretch(10), 2)
    1.43
    """
    z = NormalDist().inv_cdf
    return z(1 - SIGNIFICANCE / lines) / z(1 - SIGNIFICANCE)


def _is_bad(line: Line) -> bool:
    """Tell whether the whole interval lies on the bad side of the limit."""
    return line.difference.high < line.limit if line.better == "higher" else line.difference.low > line.limit


def _verdict(line: Line, adjusted_p: float | None) -> CheckVerdict:
    low, high, groups = line.difference.low, line.difference.high, line.difference.groups
    no_change = low == high == 0.0
    inside = line.limit <= 0.0 if line.better == "higher" else line.limit >= 0.0
    if no_change and inside:
        return "pass"
    if groups is not None and groups < MINIMUM_GROUPS:
        return "not assessable"
    if low > line.limit if line.better == "higher" else high < line.limit:
        return "pass"
    bad = _is_bad(line) if adjusted_p is None else adjusted_p < SIGNIFICANCE
    return "fail" if bad else "not assessable"


def _reason(line: Line, verdict: CheckVerdict, needed: int | None) -> str:
    d = line.difference
    span = f"{line.what} {d.value:+.3f} [{d.low:+.3f} to {d.high:+.3f}], limit {line.limit:+.3f}, n = {d.n}"
    if verdict == "pass":
        return f"{span}: the interval lies on the good side of the limit."
    if verdict == "fail":
        return f"{span}: the interval lies on the bad side of the limit."
    if d.groups is not None and d.groups < MINIMUM_GROUPS:
        return f"{span}: they belong to {d.groups} independent groups, too few to tell; {MINIMUM_GROUPS} are needed."
    more = f" About {needed} cases would settle it." if needed else ""
    if _is_bad(line):
        return f"{span}: on the bad side, but with so many lines one may be by chance, so this can't be told.{more}"
    return f"{span}: the interval holds the limit, so this can't be told.{more}"


def judge(line: Line, adjusted_p: float | None = None, lines: int = 1) -> Check:
    """Turn a measured line into a check: pass, fail, or not assessable with the n that would settle it.

    `adjusted_p` is the Holm-corrected p-value of a family of `lines`; a lone line goes by its interval.
    """
    d = line.difference
    verdict = _verdict(line, adjusted_p)
    worse = d.value < line.limit if line.better == "higher" else d.value > line.limit
    stretch = holm_stretch(lines) if worse else 1.0
    needed = needed_cases(d, line.limit, stretch) if verdict == "not assessable" else None
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
