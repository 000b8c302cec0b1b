"""Decisions by a rule of each group, for versions that have one: there the answer need not be the most probable label.

Such a rule needs the attribute of a case when it is answered. A case without it gets the ordinary decision.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from core.contracts import Case, GapMetric
from core.models.grouping import group_of

Floats = npt.NDArray[np.float64]
Chosen = npt.NDArray[np.int64]
Known = Mapping[str, str] | None
"""What is known of a case besides its inputs: attribute -> group, and under `CASE` what its draw goes by."""
CASE = ""
"""Under this name, which no attribute can have, stands the hash of a case's content."""
RESOLUTION = 2**64
OLD_DIGITS = 6
"""Digits of the probability that a draw goes by where nothing tells which case it is."""
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Part(BaseModel):
    """A part of a manifest: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Threshold(Part):
    """One comparison of a probability with a number; beyond 0 and 1 it takes all cases or none."""

    operator: Literal[">", "<"]
    value: float

    def holds(self, probability: Floats) -> npt.NDArray[np.bool_]:
        """Return which probabilities [n] pass."""
        return probability > self.value if self.operator == ">" else probability < self.value


class GroupRule(Part):
    """How a group's cases are decided: a mix of two thresholds, and of a constant."""

    group: str
    ignore: Share = 0.0
    """Weight of the constant."""
    constant: Share = 0.0
    """Chance of the positive class where the model is ignored."""
    first: Threshold
    first_share: Share = 1.0
    second: Threshold
    second_share: Share = 0.0

    def chance(self, probability: Floats) -> Floats:
        """Return the chance of the positive class, [n], for calibrated probabilities of it, [n]; 0 to 1."""
        mixed = self.first_share * self.first.holds(probability) + self.second_share * self.second.holds(probability)
        return np.asarray(self.ignore * self.constant + (1.0 - self.ignore) * mixed, dtype=np.float64)


class GroupThresholds(Part):
    """The decision rule of each group of one attribute, for a question with two answers.

    Source
    ------
    Hardt, Price and Srebro, Equality of Opportunity in Supervised Learning, NeurIPS 2016; found by Fairlearn.
    """

    attribute: str
    """A sensitive attribute, or several joined by ` & `."""
    positive: str
    metric: GapMetric
    """The gap that the rules close."""
    seed: int = 0
    rules: tuple[GroupRule, ...]

    def rule(self, known: Known) -> GroupRule | None:
        """Return the rule of a case; None where its group is unknown or has none."""
        group = group_of(known, self.attribute) if known else None
        return next((rule for rule in self.rules if rule.group == group), None)


def known_of(case: Case) -> dict[str, str]:
    """Return what a decision may go by besides the inputs: the case's attributes, and the hash of its content."""
    return {**case.attributes, CASE: case.content_hash}


def decided(
    thresholds: GroupThresholds | None,
    classes: Sequence[str],
    probabilities: npt.NDArray[np.floating],
    known: Sequence[Known] | None = None,
) -> Chosen:
    """Return the answer to each case as an index into `classes`, [n]: the most probable one, or what its rule says.

    A rule that leaves something to chance draws once for each case, from the hash of its content and the version's
    seed, so that the same case always gets the same answer.

    Parameters
    ----------
    thresholds
        The version's rules; None for the most probable label everywhere.
    classes
        The answers.
    probabilities
        Calibrated, [n, classes].
    known
        What is known of each case, [n]; see `known_of`.
    """
    values = np.asarray(probabilities, dtype=np.float64)
    top = np.asarray(values.argmax(axis=1), dtype=np.int64) if len(values) else np.zeros(0, dtype=np.int64)
    if thresholds is None or known is None:
        return top
    positive = list(classes).index(thresholds.positive)
    rules = {rule.group: rule for rule in thresholds.rules}
    groups = np.asarray([_group(thresholds, row) for row in known], dtype=object)
    for group, rule in rules.items():
        inside = np.flatnonzero(groups == group).tolist()
        chance = rule.chance(values[inside, positive])
        drawn = np.asarray([_draw(thresholds.seed, known[i], values[i, positive]) for i in inside])
        top[inside] = np.where(drawn < chance, positive, 1 - positive)
    return top


def _group(thresholds: GroupThresholds, known: Known) -> str | None:
    return group_of(known, thresholds.attribute) if known else None


def _draw(seed: int, known: Known, probability: float) -> float:
    """Return a number from 0 to 1 (1 left out) that is always the same for a case."""
    case = (known or {}).get(CASE) or f"{probability:.{OLD_DIGITS}f}"
    digest = hashlib.sha256(f"{seed}:{case}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / RESOLUTION


def reason_of(thresholds: GroupThresholds, known: Known) -> str:
    """Return in words how a case was decided by a version that has rules."""
    rule = thresholds.rule(known)
    if rule is None:
        return f"its {thresholds.attribute} is not known, so the ordinary decision was taken, not the rule of a group"
    drawn = ", which leaves part of the cases to a draw that is always the same for one case"
    chance = 0.0 < rule.ignore < 1.0 or (0.0 < rule.first_share < 1.0 and rule.first != rule.second)
    return f"decided by the rule for {thresholds.attribute} {rule.group}{drawn if chance else ''}"
