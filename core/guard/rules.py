"""What a version judges its own answers by, and the judgement: every reason to leave a case to people, in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import TypeAdapter

from core.contracts import (
    Deferral,
    DeferralReason,
    GuardSpec,
    OutlierMethod,
    Prediction,
    RiskRule,
    TargetAnswer,
    WorkspaceSpec,
)
from core.guard.drift import DriftLook
from core.guard.limits import limited
from core.guard.outliers.registry import OUTLIERS

ORDER: tuple[DeferralReason, ...] = ("suspended", "drift", "outlier", "suspicious", "group", "set", "risk", "behaviour")
"""Main reason first: what makes the answer worthless before what makes it unsure."""


@dataclass(frozen=True, slots=True)
class ScoreRule:
    """A limit on a score of the inputs."""

    threshold: float
    """Largest score that is accepted."""
    calibration_n: int
    method: OutlierMethod = "none"
    training_n: int = 0


@dataclass(frozen=True, slots=True)
class GuardRules:
    """The rules of one version, made from its training and calibration cases."""

    policy: str
    """What of the workspace's policy they were made for: with another policy they are made anew."""
    risks: tuple[RiskRule, ...] = ()
    outliers: ScoreRule | None = None
    suspicion: ScoreRule | None = None
    lacking: Mapping[str, int] = field(default_factory=dict)
    """Optional field -> training cases that lack it."""
    groups: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Sensitive attribute -> group -> training cases."""
    training_n: int = 0
    drift: DriftLook | None = None


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What is known of a case's inputs besides the answer."""

    outlier: float | None = None
    """Score of the outlier detector; None where there is none."""
    suspicion: float | None = None
    """Score of the detector of attacked or corrupted inputs."""
    missing: tuple[str, ...] = ()
    """Optional fields that hold nothing."""
    attributes: Mapping[str, str] = field(default_factory=dict)


def policy_of(guard: GuardSpec) -> str:
    """Return what rules depend on of a workspace's policy, as text to compare.

    Example
    -------
    >>> policy_of(GuardSpec(alpha=0.1))
    'alpha=0.1 delta=0.1 outliers=knn outlier_share=0.01 suspicious=True'
    """
    names = ("alpha", "delta", "outliers", "outlier_share", "suspicious")
    return " ".join(f"{name}={getattr(guard, name)}" for name in names)


_RULES = TypeAdapter(GuardRules)


def read_rules(stored: Mapping[str, Any]) -> GuardRules:
    """Return rules from what `dataclasses.asdict` made of them."""
    return _RULES.validate_python(stored)


def judged(spec: WorkspaceSpec, rules: GuardRules | None, answer: TargetAnswer, facts: CaseFacts) -> TargetAnswer:
    """Return the answer with every reason to leave it to people; without one it does not defer.

    `rules` are None until the version's have been made: where the workspace asks for a rule, all defers until then.
    """
    found = [*_unsure(spec, rules, answer), *limited(spec, answer)]
    if rules is not None:
        found += [
            *_drifted(rules),
            *_unlike(spec, rules, facts),
            *_suspected(rules, facts),
            *_small(spec, rules, facts),
        ]
    return with_deferrals(answer, found)


def with_deferrals(answer: TargetAnswer, found: list[Deferral]) -> TargetAnswer:
    """Return the answer with these reasons, the main one first; its own words stand where there is none."""
    ordered = tuple(sorted(found, key=lambda deferral: ORDER.index(deferral.reason)))
    reason = ordered[0].words if ordered else answer.reason
    return replace(answer, defers=bool(ordered), reason=reason, deferrals=ordered)


def silenced(answer: TargetAnswer, words: str) -> TargetAnswer:
    """Return an answer that says nothing but why: the model is suspended."""
    said = (Deferral("suspended", words),)
    return TargetAnswer(answer.target, "", (), (), (), defers=True, reason=words, deferrals=said)


def is_silenced(prediction: Prediction) -> bool:
    """Return whether a prediction says nothing but that the model is suspended."""
    return any(not answer.classes for answer in prediction.targets)


def _unsure(spec: WorkspaceSpec, rules: GuardRules | None, answer: TargetAnswer) -> list[Deferral]:
    found = []
    if len(answer.answer_set) != 1:
        found.append(Deferral("set", answer.reason, float(len(answer.answer_set)), 1.0))
    if spec.guard.alpha is not None:
        rule = next((rule for rule in rules.risks if rule.target == answer.target), None) if rules else None
        found += _risky(spec.guard.alpha, rule, answer.probability)
    return found


def _risky(alpha: float, rule: RiskRule | None, probability: float) -> list[Deferral]:
    promise = f"wrong answers at or below {100 * alpha:g} % of those that it gives by itself"
    if rule is None:
        return [Deferral("risk", f"the rule that keeps {promise} is not ready yet", probability)]
    if rule.threshold is None:
        return [Deferral("risk", f"no rule keeps {promise}: every case is left to people", probability)]
    if probability >= rule.threshold:
        return []
    words = f"its probability {probability:.2f} is below {rule.threshold:.2f}, the least that keeps {promise}"
    return [Deferral("risk", words, probability, rule.threshold)]


def _drifted(rules: GuardRules) -> list[Deferral]:
    look = rules.drift
    if look is None or not look.alarm:
        return []
    words = f"cases that came last are unlike those it was calibrated on (p = {look.p_value:.1g})"
    return [Deferral("drift", words, look.p_value, look.level)]


def _unlike(spec: WorkspaceSpec, rules: GuardRules, facts: CaseFacts) -> list[Deferral]:
    found, rule = [], rules.outliers
    if rule is not None and facts.outlier is not None and facts.outlier > rule.threshold:
        words = (
            f"unlike the cases it learnt from: {OUTLIERS[rule.method].title} {facts.outlier:.3g}, above "
            f"{rule.threshold:.3g}"
        )
        found.append(Deferral("outlier", words, facts.outlier, rule.threshold))
    for name in facts.missing if rule is not None else ():
        lacking = rules.lacking.get(name, 0)
        if lacking < max(spec.guard.outlier_share * rules.training_n, 1):
            title = spec.field(name).title or name
            words = f"{title} is missing, and {lacking} of {rules.training_n} training cases lacked it"
            found.append(Deferral("outlier", words, lacking / max(rules.training_n, 1), spec.guard.outlier_share))
    return found


def _suspected(rules: GuardRules, facts: CaseFacts) -> list[Deferral]:
    rule = rules.suspicion
    if rule is None or facts.suspicion is None or facts.suspicion <= rule.threshold:
        return []
    words = "the input may be damaged or tampered with: the answer changes when it is smoothed a little (a hint only)"
    return [Deferral("suspicious", words, facts.suspicion, rule.threshold)]


def _small(spec: WorkspaceSpec, rules: GuardRules, facts: CaseFacts) -> list[Deferral]:
    fewest, found = spec.guard.minimum_group, []
    for attribute, known in rules.groups.items():
        group = facts.attributes.get(attribute)
        count = known.get(group, 0) if group is not None else fewest
        if count < fewest:
            words = f"{attribute} {group}: {count} training cases, fewer than {fewest}"
            found.append(Deferral("group", words, float(count), float(fewest)))
    return found
