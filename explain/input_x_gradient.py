"""Input x gradient: the slope at the input times how far the input is from the baseline."""

from collections.abc import Mapping

from torch import Tensor

from explain.answer import Computed, answer
from explain.base import Attribution, Cost, Family, Option, OptionValue, Subject
from explain.compatibility import has_input_gradient
from explain.gradients import gradients_at, refuse_vanished
from explain.validation import Case, checked_options


class InputXGradient:
    """(x - b) dF/dx for each input element, with baseline b.

    It is what the model would lose on the way to the baseline if it were the straight line that touches it at x. With a
    baseline of zeros it is Captum's x dF/dx. A product has the unit of the logit, so that inputs of all kinds
    compare. The values add up to F(x) - F(b) for a linear model alone, so no completeness error is given.

    References
    ----------
    Shrikumar et al.: Not Just a Black Box, 2016.
    """

    name = "input_x_gradient"
    title = "Input x gradient"
    what = "How this answer would move from a neutral input to this one if its slope here held all the way."
    what_not = "Not what the model does away from this input: its slope there is another."
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
        return Cost(2, 1)

    def is_compatible(self, subject: Subject, inputs: tuple[Tensor, ...]) -> bool:
        """Return whether the answer has a gradient by the inputs that is not zero everywhere."""
        return has_input_gradient(subject, inputs, zero_is_fine=False)

    def explain(
        self,
        subject: Subject,
        inputs: tuple[Tensor, ...],
        label: int,
        baselines: tuple[Tensor, ...] | None = None,
        options: Mapping[str, OptionValue] | None = None,
    ) -> Attribution:
        """Return (x - b) dF/dx; see `explain.base.Explainer.explain`."""
        checked_options(self, options)
        return answer(subject, inputs, label, baselines, signed=self.signed, compute=_products)


def _products(case: Case) -> Computed:
    gradients = gradients_at(case, case.inputs)
    refuse_vanished(gradients)
    parts = zip(case.inputs, case.baselines, gradients, strict=True)
    return Computed(tuple((item - base) * gradient for item, base, gradient in parts), steps=1)
