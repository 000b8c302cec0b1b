"""DeepLift: the change from baseline to input, carried back through each activation by its average slope."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from explain.answer import Computed, answer
from explain.base import Attribution, Cost, Family, Option, OptionValue, Subject
from explain.compatibility import has_input_gradient, usable_case, works
from explain.errors import ExplainError
from explain.functions import ACTIVATIONS, LIMITS, Function, Replaced, local_slope, out_of_place, with_slope
from explain.gradients import gradients_of, refuse_vanished
from explain.isolation import full_precision
from explain.quality import completeness_error
from explain.validation import Case, checked_options

TOLERANCE = 0.01
"""Completeness error above which the method is refused. Where every step has a rule it is about 1e-6."""
CHECKED_LABELS = 2
"""Labels, from the first, whose completeness decides whether the method fits a model."""
CLOSE = 1e-6
"""Changes of an activation's input below this take the local slope: single precision can't tell the ends apart."""
UNFIT = (
    "DeepLift does not fit this model: its values add up to {total:.3g} where the answer changed by {difference:.3g}, "
    "so a step of the model has no rule. Try integrated gradients or occlusion."
)


class DeepLift:
    """(x - b) times multipliers: gradients in which each activation's slope is its change over its input's change.

    The rescale rule, for activations called as modules or as functions; everything else must be linear between
    baseline and input. Where it is not (attention, layer normalisation, products, maximum pooling) the values do not
    add up to F(x) - F(b), and the method is refused, both for the model and for a single case. Captum knows fewer
    activations, modules only, and does not check.

    References
    ----------
    Shrikumar, Greenside, Kundaje: Learning Important Features Through Propagating Activation Differences, 2017.
    """

    name = "deep_lift"
    title = "DeepLift"
    what = "How each part of the input moved this answer from that of a neutral input, step by step through the model."
    what_not = "Not a cause in the world, and not what another neutral input would have shown."
    signed = True
    family: Family = "gradient"
    reads_baseline = True

    def config_spec(self) -> tuple[Option, ...]:
        """Return no options: there is nothing to set."""
        return ()

    def cost(
        self, subject: Subject, inputs: tuple[Tensor, ...], options: Mapping[str, OptionValue] | None = None
    ) -> Cost:
        """Return the estimated work of one map."""
        return Cost(3, 2)

    def is_compatible(self, subject: Subject, inputs: tuple[Tensor, ...]) -> bool:
        """Return whether the values of this case add up, for the first labels and a baseline of zeros."""
        if not has_input_gradient(subject, inputs, zero_is_fine=True):
            return False
        with full_precision(inputs[0].device):
            case = usable_case(subject, inputs)
            return case is not None and all(_adds_up(case, label) for label in range(len(subject.output_sd)))

    def explain(
        self,
        subject: Subject,
        inputs: tuple[Tensor, ...],
        label: int,
        baselines: tuple[Tensor, ...] | None = None,
        options: Mapping[str, OptionValue] | None = None,
    ) -> Attribution:
        """Return contributions that add up; see `explain.base.Explainer.explain`."""
        checked_options(self, options)
        return answer(subject, inputs, label, baselines, signed=self.signed, compute=_contributions)


def _adds_up(case: Case, label: int) -> bool:
    if label >= CHECKED_LABELS:
        return True
    asked = replace(case, label=label, scale=case.subject.output_sd[label])
    return works(lambda: bool(_contributions(asked).values))


def _contributions(case: Case) -> Computed:
    leaves = tuple(item.detach().requires_grad_() for item in case.inputs)
    with Replaced(dict.fromkeys(ACTIVATIONS + LIMITS, _rescaled)):
        here, there = case.logit(*(torch.cat([leaf, base]) for leaf, base in zip(leaves, case.baselines, strict=True)))
    multipliers = gradients_of(here, leaves)
    parts = zip(case.inputs, case.baselines, multipliers, strict=True)
    values = tuple((item - base) * multiplier for item, base, multiplier in parts)
    total = sum(float(value.detach().double().sum()) for value in values)
    difference = float(here.detach()) - float(there.detach())
    error = completeness_error(total, difference, case.scale)
    if not error <= TOLERANCE:
        refuse_vanished(multipliers)
        raise ExplainError(UNFIT.format(total=total, difference=difference))
    return Computed(values, error, steps=1)


def _rescaled(function: Function, value: Tensor, others: tuple[Any, ...], named: Mapping[str, Any]) -> Tensor:
    """Return the activation with the average slope between baseline and input in place of its own.

    The first row, [1, ...] of `value` [2, ...], is the input, the second the baseline.
    """
    answered = out_of_place(function, value, others, named)
    if len(value) != 2 or answered.shape != value.shape:
        return answered
    change, moved = value[:1] - value[1:], answered[:1] - answered[1:]
    near = change.abs() < CLOSE
    slope = moved / torch.where(near, 1.0, change)
    if bool(near.any()):
        slope = torch.where(near, local_slope(function, value[:1], others, named), slope)
    return with_slope(value, answered, slope.expand_as(value))
