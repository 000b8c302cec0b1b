"""Saliency: the size of the gradient at the input."""

import torch
from captum.attr import Saliency as CaptumSaliency
from torch import Tensor

from explain.answer import Computed
from explain.base import Cost, Subject
from explain.gradients import refuse_vanished
from explain.method import Chosen
from explain.slopes import SlopeMethod, unpadded
from explain.validation import Case


class Saliency(SlopeMethod):
    """|dF/dx| for each input element, unsigned.

    The sum over a token's embedding is the token's value; a token that is all zeros is padding and gets zero.

    References
    ----------
    Simonyan, Vedaldi, Zisserman: Deep Inside Convolutional Networks, 2013. Computed by Captum.
    """

    name = "saliency"
    title = "Saliency"
    what = "Where a very small change of the input would change this answer most."
    what_not = "Not what made the answer what it is, nor in which direction it pulls."

    def work(self, subject: Subject, inputs: tuple[Tensor, ...], chosen: Chosen) -> Cost:
        """Return one row forwards and back."""
        return Cost(1, 1)

    def sizes(self, case: Case, chosen: Chosen) -> Computed:
        """Return |dF/dx|."""
        found = _gradient_sizes(case)
        refuse_vanished(found)
        return Computed(unpadded(case, found))


def _gradient_sizes(case: Case) -> tuple[Tensor, ...]:
    points = tuple(item.requires_grad_() for item in case.inputs)
    values = CaptumSaliency(case.module).attribute(points, target=case.label, abs=True)
    return tuple(torch.zeros_like(p) if v is None else v for p, v in zip(points, values, strict=True))
