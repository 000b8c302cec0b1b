"""What the change cost: accuracy with and without marked content, the worst group, calibration, who got worse."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.contracts import Estimate, PriceLine, TargetSpec
from core.learning.behaviour import Altered
from core.learning.checks.base import MINIMUM_GROUPS, SIGNIFICANCE, GateContext, TargetAnswers
from core.learning.metrics import calibration_error, right
from core.learning.proof.base import answers, behaviour
from core.learning.proof.lines import as_estimate
from core.learning.proof.remove import holding
from core.learning.proof.swap import Swap, swapping
from core.learning.statistics import (
    Array,
    Difference,
    Resampler,
    estimate,
    estimate_mean,
    holm,
    interval,
    mean_difference,
    share_beyond,
    statistic_difference,
)  # fmt: skip

RESAMPLES = 500
Mask = NDArray[np.bool_]
CLEAN, PLAIN, WORST, CALIBRATION = "clean accuracy", "accuracy", "worst group", "calibration error"


@dataclass(frozen=True, slots=True)
class Price:
    """A price line, and whether it is beyond the policy."""

    line: PriceLine
    beyond: bool


def price_of(context: GateContext, target: TargetSpec) -> tuple[Price, ...]:
    """Return what the candidate cost for one target, on ledger cases with a reference label."""
    judged = context.judged(target.name)
    if not len(judged.labels):
        return ()
    groups = _groups(context, target, judged)
    found = [_clean(context, target.name), _plain(context, judged), _worst(context, groups, judged),
             _calibration(context, judged), *_fallen(context, target, judged)]  # fmt: skip
    return tuple(_titled(one, context, target) for one in found if one is not None)


def _titled(price: Price, context: GateContext, target: TargetSpec) -> Price:
    """Return a price whose title says which target it is about, where there are several."""
    if len(context.spec.targets) == 1:
        return price
    return replace(price, line=replace(price.line, title=f"{target.title or target.name}: {price.line.title}"))


def _priced(
    name: str, title: str, figures: Sequence[Estimate], difference: Difference, margin: float, better: str
) -> Price:
    told = difference.groups is None or difference.groups >= MINIMUM_GROUPS
    worse = told and (difference.high < 0 if better == "higher" else difference.low > 0)
    beyond = told and (difference.high < -margin if better == "higher" else difference.low > margin)
    control = figures[2] if len(figures) > 2 else None
    line = PriceLine(name, title, figures[0], figures[1], control, as_estimate(difference), better, worse)
    return Price(line, beyond)


def _of_means(name: str, title: str, models: Sequence[Array], resampler: Resampler, margin: float) -> Price:
    figures = [estimate_mean(own, resampler) for own in models]
    return _priced(name, title, figures, mean_difference(models[0], models[1], resampler), margin, "higher")


def swapped_out(context: GateContext) -> Altered | None:
    """Return the answers to ledger cases whose marked content, of all artefacts, is exchanged."""
    if len(context.artefacts) == 1:
        return behaviour(context, context.artefacts[0], Swap())
    alteration = swapping(context, tuple(context.marked.of_artefact(name) for name in context.artefacts))
    return None if alteration is None else context.once(("swapped out",), lambda: answers(context, alteration))


def _clean(context: GateContext, target: str) -> Price | None:
    altered = swapped_out(context)
    if altered is None:
        return None
    known = (context.ledger.labels[target][altered.cases] >= 0).cpu().numpy()
    if not known.any():
        return None
    chosen = np.zeros(len(context.ledger), dtype=bool)
    chosen[altered.cases.numpy()[known]] = True
    models = [own[target][known] for own in altered.right]
    title = "Accuracy without the marked content"
    return _of_means(CLEAN, title, models, context.resampler.subset(chosen), context.spec.gate.accuracy_margin)


def _models(judged: TargetAnswers) -> list[Array]:
    """Return the probabilities of champion, candidate and, where there is one, control."""
    return [judged.champion, judged.candidate, *([] if judged.control is None else [judged.control])]


def _right(judged: TargetAnswers) -> list[Array]:
    return [right(own, judged.labels) for own in judged.answered]


def _plain(context: GateContext, judged: TargetAnswers) -> Price:
    margin = context.spec.gate.accuracy_margin
    return _of_means(PLAIN, "Accuracy on cases as they are", _right(judged), judged.resampler, margin)


def _calibration(context: GateContext, judged: TargetAnswers) -> Price:
    statistic, n = calibration_error(judged.labels), len(judged.labels)
    light, models = Resampler(judged.resampler.weights[:RESAMPLES]), _models(judged)
    figures = [estimate(statistic, own, light, n) for own in models]
    difference = statistic_difference(statistic, models[0], models[1], light, n)
    return _priced(CALIBRATION, "Calibration error", figures, difference, context.spec.gate.calibration_margin, "lower")


def _groups(context: GateContext, target: TargetSpec, judged: TargetAnswers) -> dict[str, Mask]:
    """Return words -> cases of each group that is large enough: attributes, and classes with and without marked words.

    Without any of them the groups are the classes.
    """
    found = {**_by_attribute(context, judged), **_by_words(context, target, judged)}
    kept = {name: mask for name, mask in found.items() if mask.sum() >= context.spec.gate.minimum_group}
    if len(kept) > 1:
        return kept
    classes = _by_class(target, judged)
    return {name: mask for name, mask in classes.items() if mask.sum() >= context.spec.gate.minimum_group}


def _by_class(target: TargetSpec, judged: TargetAnswers) -> dict[str, Mask]:
    return {target.display.get(label, label): judged.labels == place for place, label in enumerate(target.classes)}


def _by_attribute(context: GateContext, judged: TargetAnswers) -> dict[str, Mask]:
    names = [attribute.name for attribute in context.spec.attributes if attribute.sensitive or attribute.bins]
    return {
        f"{name} {group}": np.asarray([row.get(name) == group for row in judged.attributes])
        for name in names
        for group in sorted({row[name] for row in judged.attributes if name in row})
    }


def _by_words(context: GateContext, target: TargetSpec, judged: TargetAnswers) -> dict[str, Mask]:
    known = context.ledger.labels[target.name].cpu().numpy() >= 0
    found: dict[str, Mask] = {}
    for artefact in context.artefacts:
        holds = holding(context.ledger, context.marked.of_artefact(artefact)).numpy()[known]
        if holds.any():
            for label, mask in _by_class(target, judged).items():
                found |= {f"{label} with {artefact}": mask & holds, f"{label} without {artefact}": mask & ~holds}
    return found


def worst_draws(right: Array, groups: Array, weights: Array) -> Array:
    """Return the accuracy of the worst group in each resample; `groups` [groups, n], `weights` [resamples, n]."""
    total = weights @ groups.T
    share = np.divide((weights * right) @ groups.T, total, out=np.full_like(total, np.nan), where=total > 0)
    return np.asarray(np.nanmin(share, axis=1))


def _worst(context: GateContext, groups: Mapping[str, Mask], judged: TargetAnswers) -> Price | None:
    if len(groups) < 2:
        return None
    masks = np.stack([mask.astype(np.float64) for mask in groups.values()])
    models, ones = _right(judged), np.ones((1, len(judged.labels)))
    draws = [worst_draws(own, masks, judged.resampler.weights) for own in models]
    values = [float(worst_draws(own, masks, ones)[0]) for own in models]
    worst = int(((masks @ models[1]) / masks.sum(axis=1)).argmin())
    n = int(masks[worst].sum())
    figures = [Estimate(value, *interval(own), n) for value, own in zip(values, draws, strict=True)]
    change = draws[1] - draws[0]
    difference = Difference(values[1] - values[0], *interval(change), n, change, judged.resampler.groups)
    title = f"Accuracy of the worst group ({list(groups)[worst]})"
    return _priced(WORST, title, figures, difference, context.spec.gate.group_margin, "higher")


def _fallen(context: GateContext, target: TargetSpec, judged: TargetAnswers) -> list[Price]:
    """Return the classes and groups that got worse after Holm's correction for how many there are."""
    policy = context.spec.gate
    groups = {f"class {name}": (mask, policy.class_margin) for name, mask in _by_class(target, judged).items()}
    others = {**_by_attribute(context, judged), **_by_words(context, target, judged)}
    groups |= {f"group {name}": (mask, policy.group_margin) for name, mask in others.items()}
    large = {name: own for name, own in groups.items() if own[0].sum() >= policy.minimum_group}
    right = _right(judged)
    found, p_values = [], []
    for name, (mask, margin) in large.items():
        own, resampler = [values[mask] for values in right], judged.resampler.subset(mask)
        p_values.append(share_beyond(mean_difference(own[0], own[1], resampler).draws, 0.0, better="higher"))
        found.append(_of_means(name, f"Accuracy of {name}", own, resampler, margin))
    return [one for one, p in zip(found, holm(p_values), strict=True) if p < SIGNIFICANCE and one.line.worse]
