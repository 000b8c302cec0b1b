"""Integrated gradients on a path that is refined where its own errors show that it must be."""

from torch import Tensor

from explain.answer import Computed
from explain.base import Cost, Option, Subject
from explain.compatibility import has_input_gradient
from explain.errors import ExplainError
from explain.method import Chosen, Method
from explain.quality import added_up, completeness_error
from explain.refinement import FIRST_PLACES, is_sound, refined_path
from explain.validation import Case

USUAL_STEPS = 48
"""Gradients that most maps took: 36 to 56 on radiographs, 16 where the model is nearly linear."""


class IntegratedGradients(Method):
    """(x - b) times the mean gradient between baseline b and input x; the values add up to F(x) - F(b).

    The path is cut into intervals. The sum over an interval must equal the change of F between its ends, and the
    gradients of its ends should be alike: so both errors of each are known, and the worst ones are halved until the
    completeness error is at most `tolerance`, or `max_steps` gradients are spent. So that errors that cancel one
    another do not pass for none, the map itself must also be within an estimated tenth of its length and the unsigned
    errors within a quarter of F's way (`explain.refinement`). The error reached is in the result.

    References
    ----------
    Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks, 2017.
    """

    name = "integrated_gradients"
    title = "Integrated gradients"
    what = "How each part of the input moved this answer, on the way from a neutral input (black, average, no word)."
    what_not = "Not a cause in the world, and not what another neutral input would have shown."
    signed = True
    family = "gradient"
    reads_baseline = True

    def config_spec(self) -> tuple[Option, ...]:
        """Return aim and limit."""
        return (
            Option("tolerance", "Completeness error to aim for", "float", 0.05, 0.001, 0.5),
            Option("max_steps", "Most gradient evaluations", "int", 512, len(FIRST_PLACES), 2048),
        )

    def work(self, subject: Subject, inputs: tuple[Tensor, ...], chosen: Chosen) -> Cost:
        """Return the gradients that most maps take, and the row of the check."""
        return Cost(USUAL_STEPS + 1, USUAL_STEPS)

    def is_compatible(self, subject: Subject, inputs: tuple[Tensor, ...]) -> bool:
        """Return whether the answer has a gradient by the inputs; the completeness error tells how right it is."""
        return has_input_gradient(subject, inputs, zero_is_fine=True)

    def compute(self, case: Case, chosen: Chosen) -> Computed:
        """Return integrated gradients."""
        return _along_the_path(case, float(chosen["tolerance"]), int(chosen["max_steps"]))


def _along_the_path(case: Case, tolerance: float, limit: int) -> Computed:
    if not all(item.is_floating_point() for item in case.inputs):
        raise ExplainError("integrated gradients need inputs of floats; give this model's inputs as floats.")
    path = refined_path(case, tolerance, limit)
    values = tuple(value.unsqueeze(0) for value in path.attributions)
    error = completeness_error(added_up(values), path.change, case.scale)
    return Computed(values, error, error <= tolerance and is_sound(path, tolerance), len(path.nodes))
