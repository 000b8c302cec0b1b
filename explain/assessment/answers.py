"""The model's answers for inputs of which parts are replaced, in batches."""

from dataclasses import dataclass

import torch
from torch import Tensor

from explain.answer import out_of_memory, stopping
from explain.assessment.parts import Parts
from explain.base import Subject
from explain.errors import ExplainError
from explain.isolation import full_precision
from explain.validation import Case, checked_case


@dataclass(frozen=True, slots=True, eq=False)
class Replacing:
    """One case of which parts can be replaced by their substitute."""

    case: Case
    parts: Parts
    substitute: tuple[Tensor, ...]
    """What stands for the whole input when it is absent, each of its input's shape."""

    def rows(self, removed: Tensor) -> tuple[Tensor, ...]:
        """Return inputs [R, ...] without the parts that `removed` [R, count] marks."""
        masks = self.parts.spread(removed)
        inputs = zip(self.case.inputs, self.substitute, masks, strict=True)
        return tuple(_replaced(item, absent, mask.to(item.device)) for item, absent, mask in inputs)


def replacing(subject: Subject, inputs: tuple[Tensor, ...], parts: Parts, substitute: tuple[Tensor, ...]) -> Replacing:
    """Check the case and return it with its parts.

    Raises
    ------
    ExplainError
        When the model can't answer it.
    """
    with full_precision(inputs[0].device):
        case = checked_case(subject, inputs, 0, substitute)
    return Replacing(case, parts, case.baselines)


def probabilities(asked: Replacing, removed: Tensor, label: int, temperature: float = 1.0) -> Tensor:
    """Return the label's probability for each row of removed parts.

    Parameters
    ----------
    asked
        The case.
    removed
        [R, parts], true where a part is replaced.
    label
        Index of the class.
    temperature
        What logits are divided by before the softmax: the version's calibration.

    Returns
    -------
    Tensor
        [R], float64, on the CPU.

    Raises
    ------
    ExplainError
        When the model fails, answers NaN or lacks the label. `Stopped` when somebody asked to stop.
    """
    logits = _logits(asked, removed).double()
    if not 0 <= label < logits.shape[1]:
        raise ExplainError(f"label must be 0..{logits.shape[1] - 1}, got {label}. Give the index of a class.")
    if not bool(torch.isfinite(logits).all()):
        raise ExplainError("the model answers NaN or infinity when parts of this input are replaced.")
    return torch.softmax(logits / temperature, dim=1)[:, label]


def _logits(asked: Replacing, removed: Tensor) -> Tensor:
    """Return logits [R, K]; when memory runs out, the batch is halved."""
    rows = min(len(removed), asked.case.rows)
    while True:
        try:
            return _batched(asked, removed, rows)
        except ExplainError:
            raise
        except Exception as error:  # a model of one's own may raise anything
            if out_of_memory(error) and rows > 1:
                rows //= 2
                continue
            if out_of_memory(error):
                raise ExplainError("one row at a time is too much for the memory.") from error
            name = type(asked.case.module).__name__
            raise ExplainError(f"{name} failed when parts of its input were replaced: {error}.") from error


def _batched(asked: Replacing, removed: Tensor, rows: int) -> Tensor:
    case = asked.case
    with full_precision(case.device), torch.no_grad(), stopping(case):
        answers: list[Tensor] = [case.module(*asked.rows(batch)) for batch in torch.split(removed, rows)]
        return torch.cat(answers).cpu()


def _replaced(item: Tensor, absent: Tensor, mask: Tensor) -> Tensor:
    """Return `item` [1, ...] repeated for each mask, with `absent` where it is true."""
    if item.ndim == 4:  # a picture [1, C, H, W], masks [R, H, W]
        mask = mask[:, None]
    while mask.ndim < item.ndim:
        mask = mask[..., None]
    return torch.where(mask, absent, item)
