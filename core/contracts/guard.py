"""Deferral, suspension, coverage, and robustness: what pages draw, and the verbs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from core.contracts.figures import Estimate
from core.contracts.kinds import DeferralReason, RunStatus
from core.contracts.records import Actor
from core.contracts.work import Progress


@dataclass(frozen=True, slots=True)
class Deferral:
    """Why the model leaves a case to people."""

    reason: DeferralReason
    words: str
    """For the reader: what was measured and what the limit is."""
    value: float | None = None
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Suspension:
    """The latest word on whether the model may answer at all."""

    suspended: bool
    reason: str
    actor_id: str
    created: datetime


@dataclass(frozen=True, slots=True)
class RiskRule:
    """The rule by which answers are accepted, and what was promised for it."""

    target: str
    alpha: float | None
    delta: float
    threshold: float | None
    """Smallest probability of the top label that is accepted; None when no rule keeps the promise, so all defer."""
    accepted: Estimate
    """Share of calibration cases that it accepts."""
    error: Estimate
    """Share of wrong answers among those."""
    words: str


@dataclass(frozen=True, slots=True)
class CoveragePoint:
    """Coverage of the sets among the cases that people settled in one stretch of time."""

    since: datetime
    until: datetime
    coverage: Estimate
    expected: float | None = None
    """What the ledger makes one expect of cases on which the version is as sure; None without ledger labels."""


@dataclass(frozen=True, slots=True)
class CoverageView:
    """Whether the sets hold the right answer as often as they say."""

    target: str
    promised: float
    method: str
    calibration_n: int
    expected_low: float
    expected_high: float
    """Where 95 % of coverages lie that a calibration split of this size gives by chance (beta-binomial)."""
    ledger: Estimate | None
    groups: tuple[tuple[str, Estimate], ...]
    """`attribute=group`, coverage on the ledger."""
    over_time: tuple[CoveragePoint, ...]
    alarm: str
    """What is wrong and what to do; empty where nothing is."""


@dataclass(frozen=True, slots=True)
class DeferralCount:
    """How often one reason left a case to people."""

    reason: DeferralReason
    words: str
    count: int


@dataclass(frozen=True, slots=True)
class GuardView:
    """How the model holds itself back in one workspace."""

    workspace: str
    version: str | None
    suspension: Suspension | None
    rules: tuple[RiskRule, ...]
    limits: tuple[str, ...]
    """The workspace's behaviour limits, in words."""
    outlier_words: str
    cases: int
    """Cases that were routed."""
    deferred: int
    counts: tuple[DeferralCount, ...]
    automatic_last_hour: int
    alarms: tuple[str, ...]
    """Drift, coverage: what is wrong and what to do."""
    recent: tuple[tuple[str, tuple[Deferral, ...]], ...] = ()
    """(case, why) of the latest deferred cases, without what a blind reader may not know yet."""


AttackName = Literal["fgsm", "pgd", "auto_pgd"]


@dataclass(frozen=True, slots=True)
class AttackLine:
    """What one attack did to cases that were answered correctly."""

    attack: str
    title: str
    epsilon: float
    """Largest change of a pixel, as a share of the range."""
    steps: int
    success: Estimate
    """Share of correct answers that it turned wrong; lower is better for the model."""
    sound: bool
    """Whether it is at least as strong as weaker attacks and works at a large epsilon; else the attack is broken."""
    words: str


@dataclass(frozen=True, slots=True)
class CorruptionLine:
    """How right the version stays when its input gets worse."""

    corruption: str
    title: str
    severity: int
    accuracy: Estimate
    changed: Estimate
    """Share of answers that changed."""


@dataclass(frozen=True, slots=True)
class RobustnessReport:
    """How easily a version is thrown off."""

    workspace: str
    version: str
    target: str
    created: datetime
    cases: int
    clean: Estimate
    attacks: tuple[AttackLine, ...]
    corruptions: tuple[CorruptionLine, ...]
    smallest: tuple[float, ...]
    """Smallest epsilon that flipped each case that could be flipped, ascending."""
    unflipped: int
    hint: Estimate | None
    """AUROC of the detector of attacked inputs; a hint only."""
    seconds: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RobustnessView:
    """The robustness part of the trust page."""

    version: str | None
    target: str
    report: RobustnessReport | None
    job_id: int | None
    status: RunStatus | None
    progress: Progress | None
    error: str | None
    note: str = ""


class GuardVerbs(Protocol):
    """When the model stays silent."""

    def view(self, workspace: str) -> GuardView:
        """Return rules, limits, counts, alarms and whether the model is suspended."""

    def suspension(self, workspace: str) -> Suspension | None:
        """Return the word that silences the model now, or None while it answers."""

    def coverage(self, workspace: str, *, version: str | None = None, target: str | None = None) -> CoverageView | None:
        """Return whether the sets keep their promise; None before anything serves."""

    def suspend(self, workspace: str, reason: str, *, actor: Actor) -> Suspension:
        """Silence the model at once: everything goes to people, the workbench goes on."""

    def resume(self, workspace: str, reason: str, *, actor: Actor) -> Suspension:
        """Let it answer again."""


class RobustnessVerbs(Protocol):
    """How easily a version is thrown off."""

    def view(self, workspace: str, *, version: str | None = None, target: str | None = None) -> RobustnessView:
        """Return the last report of a version (the champion when none is named) and the job that makes one."""

    def start(
        self, workspace: str, *, actor: Actor, version: str | None = None, target: str | None = None, cases: int = 100
    ) -> RobustnessView:
        """Ask the worker for a report; the one that is under way is returned."""

    def cancel(self, workspace: str, *, actor: Actor) -> None:
        """Ask the running report to stop."""
