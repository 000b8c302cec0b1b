"""What the trust page draws: how far a version and its explanations can be trusted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.contracts.evidence import Support
from core.contracts.figures import Estimate
from core.contracts.kinds import RunStatus
from core.contracts.work import Progress

TestName = Literal[
    "deletion_random", "insertion_random", "deletion_edge", "insertion_edge",
    "randomisation", "class_sensitivity", "repeatability", "completeness", "pointing", "mass",
]  # fmt: skip
TestVerdict = Literal["pass", "fail", "not assessable"]


@dataclass(frozen=True, slots=True)
class MethodTest:
    """One test of one method on one version."""

    name: TestName
    title: str
    value: Estimate | None
    """None when it could not be measured."""
    limit: float | None
    better: Literal["higher", "lower"]
    chance: Estimate | None
    """What a method that knows nothing would reach, where that differs from `limit`."""
    verdict: TestVerdict
    counts: bool
    """Whether a failure makes the method not supported; the others inform."""
    reason: str


@dataclass(frozen=True, slots=True)
class MethodReport:
    """What the tests say of one method."""

    method: str
    title: str
    support: Support
    reason: str
    tests: tuple[MethodTest, ...]
    seconds: Estimate
    """Time for one map."""
    artefacts: tuple[tuple[str, Estimate, Estimate], ...] = ()
    """(artefact, share of the map inside people's marks of it, its chance level) where people marked one."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How alike the maps of two methods are."""

    one: str
    other: str
    correlation: Estimate
    """Spearman rank correlation, -1 to 1."""
    overlap: Estimate
    """Share of the hottest tenth that both have, 0 to 1; chance is 0.1."""


@dataclass(frozen=True, slots=True)
class QualityReport:
    """Measured quality of explanations of one version."""

    workspace: str
    version: str
    target: str
    created: datetime
    cases: int
    methods: tuple[MethodReport, ...]
    """Best supported first; the first supported one is the review page's default."""
    agreement: tuple[Agreement, ...]
    seconds: float
    skipped: tuple[tuple[str, str], ...] = ()
    """(method, why) of methods that could not be measured."""
    flips: tuple[tuple[str, Estimate], ...] = ()
    """(artefact, share of answers that change when its content is put into other cases): what no map can hide."""

    @property
    def default(self) -> str | None:
        """The method that the report supports best, or None when it supports none."""
        return next((one.method for one in self.methods if one.support == "supported"), None)


@dataclass(frozen=True, slots=True)
class ReportRun:
    """A quality report under way, or how the last one ended."""

    job_id: int
    status: RunStatus
    progress: Progress
    error: str | None


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Cases whose answer had about this probability."""

    low: float
    high: float
    mean: float
    """Mean probability of the answer."""
    right: Estimate
    """Share that was right."""


@dataclass(frozen=True, slots=True)
class CalibrationView:
    """How a version's probabilities were calibrated."""

    title: str
    """The method, in words."""
    n: int
    """Calibration cases behind it."""
    before: Estimate | None
    """Calibration error of the plain network on those cases; None for versions that did not keep it."""
    after: Estimate | None
    """The same, calibrated on other calibration cases."""
    notes: tuple[str, ...]
    """Where something else was done than the workspace asks for, and why."""


@dataclass(frozen=True, slots=True)
class ConfusionView:
    """Reference label against answer on the ledger."""

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    """Row: reference label; column: answer."""
    recall: tuple[Estimate | None, ...]
    """Of each reference label; None without cases."""


@dataclass(frozen=True, slots=True)
class SliceView:
    """A subgroup in which the version is worse than elsewhere."""

    words: str
    """For example 'view is AP and age over 61'."""
    error: Estimate
    elsewhere: Estimate
    difference: Estimate
    p_value: float
    """Permutation test, corrected for the number of subgroups looked at."""
    cases: tuple[str, ...]
    """Some of its wrong cases."""


@dataclass(frozen=True, slots=True)
class ErrorNode:
    """A node of the error tree: a question that tells wrong answers from right ones."""

    id: int
    parent: int | None
    words: str
    n: int
    wrong: int
    error: Estimate


@dataclass(frozen=True, slots=True)
class TrustView:
    """Everything on the trust page."""

    workspace: str
    version: str | None
    versions: tuple[str, ...]
    target: str
    targets: tuple[str, ...]
    figures: tuple[tuple[str, Estimate], ...]
    report: QualityReport | None
    run: ReportRun | None
    calibration: tuple[CalibrationBin, ...]
    calibration_error: Estimate | None
    confusion: ConfusionView | None
    slices: tuple[SliceView, ...]
    slice_note: str
    """Why there are none, or how many subgroups were looked at."""
    tree: tuple[ErrorNode, ...]
    methods: tuple[tuple[str, str], ...]
    """(name, title) of the methods that fit and a report would test."""
    cases_available: int
    calibrated: CalibrationView | None = None
    """How the probabilities came about; None before anything is trained."""
