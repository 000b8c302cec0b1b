"""Guided backpropagation: the gradient that passes ReLUs only where it is positive."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from explain.answer import Computed
from explain.base import Cost, Subject
from explain.compatibility import succeeds
from explain.errors import ExplainError
from explain.functions import ACTIVATIONS, RELUS, Function, Replaced, out_of_place
from explain.gradients import gradients_at, refuse_vanished
from explain.method import Chosen
from explain.slopes import SlopeMethod, unpadded
from explain.validation import Case

UNFIT = (
    "Guided backpropagation needs a model whose activations are all ReLUs, and differs from plain saliency only there; "
    "this one does not fit. Try integrated gradients or occlusion."
)


class GuidedBackprop(SlopeMethod):
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

    def work(self, subject: Subject, inputs: tuple[Tensor, ...], chosen: Chosen) -> Cost:
        """Return the rows of a plain and of a guided gradient, and of the check."""
        return Cost(3, 2)

    def is_compatible(self, subject: Subject, inputs: tuple[Tensor, ...]) -> bool:
        """Return whether all activations are ReLUs, inputs have one unit, and the map differs from plain saliency."""
        return super().is_compatible(subject, inputs) and succeeds(subject, inputs, lambda case: bool(_guided(case)))

    def sizes(self, case: Case, chosen: Chosen) -> Computed:
        """Return the size of guided gradients."""
        return Computed(unpadded(case, _guided(case)))


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
