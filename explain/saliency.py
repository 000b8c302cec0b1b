"""Saliency: the size of the gradient at the input."""

from collections.abc import Mapping

import torch
from captum.attr import Saliency as CaptumSaliency
from torch import Tensor

from explain.answer import Computed, answer
from explain.base import Attribution, Option, OptionValue, Subject
from explain.compatibility import has_input_gradient
from explain.validation import Case, checked_options


class Saliency:
    """|dF/dx| for each input element, unsigned.

    References
    ----------
    Simonyan, Vedaldi, Zisserman: Deep Inside Convolutional Networks, 2013. Computed by Captum.
    """

    name = "saliency"
    title = "Saliency"
    what = "Where a very small change of the input would change this answer most."
    what_not = "Not what made the answer what it is, nor in which direction it pulls."
    signed = False

    def config_spec(self) -> tuple[Option, ...]:
        """Return no options: there is nothing to set."""
        return ()

    def is_compatible(self, subject: Subject, inputs: tuple[Tensor, ...]) -> bool:
        """Return whether the answer has a gradient by the input that is not zero everywhere."""
        return has_input_gradient(subject, inputs, zero_is_fine=False)

    def explain(
        self,
        subject: Subject,
        inputs: tuple[Tensor, ...],
        label: int,
        baselines: tuple[Tensor, ...] | None = None,
        options: Mapping[str, OptionValue] | None = None,
    ) -> Attribution:
        """Return |dF/dx|; see `explain.base.Explainer.explain`."""
        checked_options(self, options)
        return answer(subject, inputs, label, baselines, signed=self.signed, compute=_gradient_size)


def _gradient_size(case: Case) -> Computed:
    points = tuple(item.requires_grad_() for item in case.inputs)
    values = CaptumSaliency(case.module).attribute(points, target=case.label, abs=True)
    return Computed(tuple(torch.zeros_like(p) if v is None else v for p, v in zip(points, values, strict=True)))
