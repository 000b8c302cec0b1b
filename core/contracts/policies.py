"""What a workspace TOML declares about judging, reading, fairness, calibration and deferral."""

from typing import Annotated

from pydantic import Field

from core.contracts.kinds import (
    CalibrationMethod,
    GapMetric,
    OutlierMethod,
    QueueStrategy,
    ReadingMode,
    SetMethod,
)
from core.contracts.sections import Section, Share


class GateSpec(Section):
    """The policy that a candidate is measured against. All in fractions from 0 to 1."""

    accuracy_margin: Share = 0.02
    """The candidate may be this much less accurate and still pass (non-inferiority)."""
    class_margin: Share = 0.10
    group_margin: Share = 0.10
    calibration_margin: Share = 0.05
    """Largest allowed rise of the expected calibration error."""
    reliance_fall: Share = 0.05
    """Reliance on an artefact must fall by more than this, or be below the floor."""
    reliance_floor: Share = 0.10
    minimum_group: Annotated[int, Field(ge=2)] = 20
    """Classes and groups with fewer ledger cases are listed, not judged."""


class ReadingSpec(Section):
    """How people read."""

    mode: ReadingMode = "blinded-first"
    readers: Annotated[int, Field(ge=1, le=5)] = 1
    ai_off: Share = 0.0
    """Share of cases that a person reads and decides without ever seeing the model's answer."""
    known_wrong: Share = 0.0
    """Share of cases with a known label on which a person in training is shown a wrong answer, told afterwards."""
    training: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Ids of the persons in training: only they are shown known-wrong answers."""
    leads: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Ids of the persons who may adjudicate; anybody who has not read the case when empty."""
    claim_minutes: Annotated[int, Field(ge=1, le=1440)] = 15
    queue: QueueStrategy = "margin"
    coverage: Annotated[float, Field(gt=0.5, lt=1.0)] = 0.9
    """Share of cases whose prediction set must hold the true label."""
    mark_warning: Share = 0.15
    """The painter warns when marks cover more than this share of the image."""


class CostSpec(Section):
    """What a wrong answer costs, in any unit; unlisted errors cost 1."""

    target: str
    truth: str
    answer: str
    cost: Annotated[float, Field(ge=0.0)]


class FairnessSpec(Section):
    """What the gate holds the gap between groups of one attribute against, on the ledger."""

    attribute: str
    """A sensitive attribute, or several joined by ` & ` for their intersections."""
    metric: GapMetric = "equalised_odds"
    target: str | None = None
    """The first target when left out."""
    limit: Share = 0.10
    """Largest gap that passes; with `worst_group`, the largest error of a group."""
    worse_by: Share = 0.05
    """No group may do worse than under the champion by more than this."""


class CalibrationSpec(Section):
    """How scores become probabilities, and sets of answers that can't be ruled out."""

    method: CalibrationMethod = "temperature"
    sets: SetMethod = "lac"
    """`aps` and `raps` are for more than two classes."""
    groups: str | None = None
    """Attribute within whose groups each set keeps its coverage (Mondrian); over all cases when left out."""


class GuardSpec(Section):
    """When the model leaves a case to people, and what it may never do by itself."""

    alpha: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None
    """Largest share of wrong answers among those that it gives by itself; without it only sets decide."""
    delta: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.1
    """Chance that the rule for `alpha`, chosen on calibration cases, breaks it."""
    outliers: OutlierMethod = "knn"
    outlier_share: Annotated[float, Field(gt=0.0, le=0.5)] = 0.01
    """Share of calibration cases that count as unlike what the model learnt from."""
    suspicious: bool = True
    """Leave cases to people whose input looks attacked or corrupted."""
    minimum_group: Annotated[int, Field(ge=0)] = 0
    """Leave cases of sensitive groups with fewer training cases to people."""
    never_accept: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Labels (or `target=label`) that the model may never decide by itself."""
    per_hour: Annotated[int, Field(ge=0)] | None = None
    """Most automatic decisions in any hour."""
    two_readers: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Labels (or `target=label`): a case that the model or a reader gives one of these is always read by two."""
    coverage_alarm: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.01
    """Alarm when coverage this low would come by chance less often than this."""
