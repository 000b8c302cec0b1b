"""Methods whose values are slopes: sizes of gradients, per unit of the input."""

from abc import abstractmethod
from collections.abc import Sequence

from torch import Tensor

from explain.answer import Computed
from explain.base import Subject
from explain.compatibility import has_input_gradient
from explain.errors import ExplainError
from explain.features import real_places
from explain.method import Chosen, Method
from explain.validation import Case

UNITS = (
    "{title} needs inputs of one unit, images only or texts only; this model takes {kinds}. "
    "Try integrated gradients or occlusion."
)


class SlopeMethod(Method):
    """A method that shows slopes, unsigned. It fits models of images only or of texts only.

    A slope is per unit: per year, per grey level, per step between two categories. Fields of different units have no
    common scale, and multiplied by the input it would be another method.
    """

    signed = False
    family = "gradient"
    reads_baseline = False

    def is_compatible(self, subject: Subject, inputs: tuple[Tensor, ...]) -> bool:
        """Return whether all inputs have one unit, and the answer a gradient by them that is not zero everywhere."""
        return _one_unit(subject) and has_input_gradient(subject, inputs, zero_is_fine=False)

    def compute(self, case: Case, chosen: Chosen) -> Computed:
        """Return the sizes of the slopes, after refusing inputs of several units."""
        if not _one_unit(case.subject):
            raise ExplainError(UNITS.format(title=self.title, kinds=", ".join(case.subject.kinds)))
        return self.sizes(case, chosen)

    @abstractmethod
    def sizes(self, case: Case, chosen: Chosen) -> Computed:
        """Return the sizes of the slopes of a case whose inputs have one unit."""


def unpadded(case: Case, slopes: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Return the sizes of slopes, [1, ...] for each input, with zeros at the padding of texts."""
    parts = zip(case.subject.kinds, case.inputs, slopes, strict=True)
    return tuple(slope.abs() * real_places(kind, item) for kind, item, slope in parts)


def _one_unit(subject: Subject) -> bool:
    return set(subject.kinds) in ({"image"}, {"text"})
