"""Saliency: the size of the gradient at the input."""

from collections.abc import Mapping

import torch
from captum.attr import Saliency as CaptumSaliency
from torch import Tensor

from explain.answer import Computed, answer
from explain.base import Attribution, Cost, Family, InputKind, Option, OptionValue, Subject
from explain.compatibility import has_input_gradient, one_unit, refuse_units
from explain.gradients import refuse_vanished
from explain.validation import Case, checked_options


class Saliency:
    """|dF/dx| for each input element, unsigned.

    It fits models of images only or of texts only. A slope is per unit: per year, per grey level, per step between two
    categories. Fields of different units have no common scale, and multiplied by the input it would be another method.
    The sum over a token's embedding is the token's value; a token that is all zeros is padding and gets zero.

    References
    ----------
    Simonyan, Vedaldi, Zisserman: Deep Inside Convolutional Networks, 2013. Computed by Captum.
    """

    name = "saliency"
    title = "Saliency"
    what = "Where a very small change of the input would change this answer most."
    what_not = "Not what made the answer what it is, nor in which direction it pulls."
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
        return Cost(1, 1)

    def is_compatible(self, subject: Subject, inputs: tuple[Tensor, ...]) -> bool:
        """Return whether all inputs have one unit, and the answer a gradient by them that is not zero everywhere."""
        return one_unit(subject) and has_input_gradient(subject, inputs, zero_is_fine=False)

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

        def compute(case: Case) -> Computed:
            refuse_units(self.title, subject)
            found = _gradient_sizes(case)
            refuse_vanished(found)
            sizes = zip(subject.kinds, case.inputs, found, strict=True)
            return Computed(tuple(_on_tokens(kind, item, size) for kind, item, size in sizes))

        return answer(subject, inputs, label, baselines, signed=self.signed, compute=compute)


def _on_tokens(kind: InputKind, item: Tensor, size: Tensor) -> Tensor:
    """Return `size` with zeros at the padding of a text [1, T, D]."""
    return size * item.any(dim=-1, keepdim=True) if kind == "text" else size


def _gradient_sizes(case: Case) -> tuple[Tensor, ...]:
    points = tuple(item.requires_grad_() for item in case.inputs)
    values = CaptumSaliency(case.module).attribute(points, target=case.label, abs=True)
    return tuple(torch.zeros_like(p) if v is None else v for p, v in zip(points, values, strict=True))
