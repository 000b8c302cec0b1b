"""Input x gradient: the slope at the input times how far the input is from the baseline."""

from torch import Tensor

from explain.answer import Computed
from explain.base import Cost, Subject
from explain.compatibility import has_input_gradient
from explain.gradients import gradients_at, refuse_vanished, times_change
from explain.method import Chosen, Method
from explain.validation import Case


class InputXGradient(Method):
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
    family = "gradient"
    reads_baseline = True

    def work(self, subject: Subject, inputs: tuple[Tensor, ...], chosen: Chosen) -> Cost:
        """Return the rows of one gradient and of the check."""
        return Cost(2, 1)

    def is_compatible(self, subject: Subject, inputs: tuple[Tensor, ...]) -> bool:
        """Return whether the answer has a gradient by the inputs that is not zero everywhere."""
        return has_input_gradient(subject, inputs, zero_is_fine=False)

    def compute(self, case: Case, chosen: Chosen) -> Computed:
        """Return (x - b) dF/dx."""
        gradients = gradients_at(case, case.inputs)
        refuse_vanished(gradients)
        return Computed(times_change(case, gradients), steps=1)
