"""Guided backpropagation: the gradient that passes ReLUs only where it is positive."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from explain.answer import Computed, answer
from explain.base import Attribution, Cost, Family, Option, OptionValue, Subject
from explain.compatibility import has_input_gradient, one_unit, refuse_units, usable_case, works
from explain.errors import ExplainError
from explain.functions import ACTIVATIONS, RELUS, Function, Replaced, out_of_place
from explain.gradients import gradients_at, refuse_vanished
from explain.isolation import full_precision
from explain.validation import Case, checked_options

UNFIT = (
    "Guided backpropagation needs a model whose activations are all ReLUs, and differs from plain saliency only there; "
    "this one does not fit. Try integrated gradients or occlusion."
)


class GuidedBackprop:
    """|dF/dx| where gradients go back through each ReLU only when they are positive, unsigned.

    It fits models of images only or of texts only whose activations are ReLUs (ReLU6 too), called as modules or as
    functions; Captum passes the latter by and silently gives plain saliency.

    References
    ----------
    Springenberg et al.: Striving for Simplicity: The All Convolutional Net, 2014.
    """

    name = "guided_backprop"
    title = "Guided backpropagation"
    what = "Where the input has edges and patterns that the model reacts to when it gives this answer."
    what_not = "Not evidence for this answer alone: it mostly redraws the input, much the same for every answer."
    signed = False
    family: Family = "gradient"
    reads_baseline = False

    def config_spec(self) -> tuple[Option, ...]:
        """Return no options: there is nothing to set."""
        return ()

    def cost(
        self, subject: Subject, inputs: tuple[Tensor, ...], options: Mapping[str, OptionValue] | None = None
    ) -> Cost:
        """Return the estimated work of one map."""
        return Cost(3, 2)

    def is_compatible(self, subject: Subject, inputs: tuple[Tensor, ...]) -> bool:
        """Return whether all activations are ReLUs, inputs have one unit, and the map differs from plain saliency."""
        if not (one_unit(subject) and has_input_gradient(subject, inputs, zero_is_fine=False)):
            return False
        with full_precision(inputs[0].device):
            case = usable_case(subject, inputs)
            return case is not None and works(lambda: bool(_guided(case)))

    def explain(
        self,
        subject: Subject,
        inputs: tuple[Tensor, ...],
        label: int,
        baselines: tuple[Tensor, ...] | None = None,
        options: Mapping[str, OptionValue] | None = None,
    ) -> Attribution:
        """Return the size of guided gradients; see `explain.base.Explainer.explain`."""
        checked_options(self, options)

        def compute(case: Case) -> Computed:
            refuse_units(self.title, subject)
            parts = zip(subject.kinds, case.inputs, _guided(case), strict=True)
            return Computed(
                tuple(
                    size.abs() * (item.any(dim=-1, keepdim=True) if kind == "text" else 1) for kind, item, size in parts
                )
            )

        return answer(subject, inputs, label, baselines, signed=self.signed, compute=compute)


def _guided(case: Case) -> tuple[Tensor, ...]:
    plain = gradients_at(case, case.inputs)
    refuse_vanished(plain)
    with Replaced({function: _passed if function in RELUS else _met for function in ACTIVATIONS}) as watch:
        guided = gradients_at(case, case.inputs)
    same = all(torch.equal(one, other) for one, other in zip(plain, guided, strict=True))
    if same or any(function not in RELUS for function in watch.met):
        raise ExplainError(UNFIT)
    return guided


def _passed(function: Function, value: Tensor, others: tuple[Any, ...], named: Mapping[str, Any]) -> Tensor:
    """Return the ReLU; what goes back by its input is cut at zero."""
    own = value.clone()
    if own.requires_grad:
        own.register_hook(lambda gradient: gradient.clamp(min=0))  # type: ignore[no-untyped-call]
    return out_of_place(function, own, others, named)


def _met(function: Function, value: Tensor, others: tuple[Any, ...], named: Mapping[str, Any]) -> Tensor:
    """Return another activation as it is; that it was met is what counts."""
    return out_of_place(function, value, others, named)
