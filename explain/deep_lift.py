"""DeepLift: the change from baseline to input, carried back through each activation by its average slope."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from explain.answer import Computed
from explain.base import Cost, Subject
from explain.compatibility import has_input_gradient, succeeds
from explain.errors import ExplainError
from explain.functions import ACTIVATIONS, LIMITS, Function, Replaced, local_slope, out_of_place, with_slope
from explain.gradients import gradients_of, refuse_vanished, times_change
from explain.method import Chosen, Method
from explain.quality import added_up, completeness_error
from explain.validation import Case

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


class DeepLift(Method):
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
    family = "gradient"
    reads_baseline = True

    def work(self, subject: Subject, inputs: tuple[Tensor, ...], chosen: Chosen) -> Cost:
        """Return the rows of input and baseline, and of the check."""
        return Cost(3, 2)

    def is_compatible(self, subject: Subject, inputs: tuple[Tensor, ...]) -> bool:
        """Return whether the values of this case add up, for the first labels and a baseline of zeros."""
        return has_input_gradient(subject, inputs, zero_is_fine=True) and succeeds(subject, inputs, _add_up)

    def compute(self, case: Case, chosen: Chosen) -> Computed:
        """Return contributions that add up."""
        return _contributions(case)


def _add_up(case: Case) -> bool:
    spreads = case.subject.output_sd[:CHECKED_LABELS]
    asked = (replace(case, label=label, scale=spread) for label, spread in enumerate(spreads))
    return all(bool(_contributions(one).values) for one in asked)


def _contributions(case: Case) -> Computed:
    leaves = tuple(item.detach().requires_grad_() for item in case.inputs)
    with Replaced(dict.fromkeys(ACTIVATIONS + LIMITS, _rescaled)):
        here, there = case.logit(*(torch.cat([leaf, base]) for leaf, base in zip(leaves, case.baselines, strict=True)))
    multipliers = gradients_of(here, leaves)
    values = times_change(case, multipliers)
    difference = float(here.detach()) - float(there.detach())
    error = completeness_error(added_up(values), difference, case.scale)
    if not error <= TOLERANCE:
        refuse_vanished(multipliers)
        raise ExplainError(UNFIT.format(total=added_up(values), difference=difference))
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
