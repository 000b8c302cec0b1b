"""Occlusion: what the answer loses when a part of the input is replaced by the baseline."""

from dataclasses import dataclass

import torch
from torch import Tensor

from explain.answer import Computed
from explain.base import Cost, InputKind, Option, Subject
from explain.compatibility import succeeds
from explain.method import Chosen, Method
from explain.validation import Case


@dataclass(frozen=True, slots=True)
class Window:
    """A part of one input, as slices of its shape without the batch."""

    place: tuple[slice, ...]

    def inside(self, tensor: Tensor) -> Tensor:
        """Return the part's view of one row [...]."""
        return tensor[self.place]


class Occlusion(Method):
    """F(x) - F(x with the part replaced): a window that slides over images, one token, one number, one category.

    Each difference is shared evenly by the elements of its part, and an element under several windows gets their mean.
    So the sum over channels, over a token's embedding or over a one-hot category is on one scale for all inputs:
    differences of the same logit. All channels of a window, all numbers of a token's embedding and all places of a
    one-hot category are replaced at once. A part that already equals the baseline (padding, a missing value) gets zero
    without being tried.

    References
    ----------
    Zeiler, Fergus: Visualizing and Understanding Convolutional Networks, 2013.
    """

    name = "occlusion"
    title = "Occlusion"
    what = "How much this answer falls (or rises) when a part of the input is blanked out."
    what_not = "Not the effect of parts together, and a blanked part is itself an unusual input."
    signed = True
    family = "perturbation"
    reads_baseline = True

    def config_spec(self) -> tuple[Option, ...]:
        """Return window and stride."""
        return (
            Option("window", "Window, as a share of the image's side", "float", 0.2, 0.02, 1.0),
            Option("stride", "Step, as a share of the window", "float", 0.5, 0.1, 1.0),
        )

    def work(self, subject: Subject, inputs: tuple[Tensor, ...], chosen: Chosen) -> Cost:
        """Return a row for each part, and one for the whole."""
        parts = zip(inputs, subject.kinds, strict=True)
        return Cost(1 + sum(len(_windows(item.shape[1:], kind, *_sizes(chosen))) for item, kind in parts))

    def is_compatible(self, subject: Subject, inputs: tuple[Tensor, ...]) -> bool:
        """Return whether the model answers at all: nothing else is needed."""
        return succeeds(subject, inputs)

    def compute(self, case: Case, chosen: Chosen) -> Computed:
        """Return the shared-out differences."""
        whole, sizes = _logits(case, case.inputs), _sizes(chosen)
        parts = tuple(_occlude(case, kind, number, *sizes, whole) for number, kind in enumerate(case.subject.kinds))
        return Computed(tuple(value for value, _ in parts), steps=sum(count for _, count in parts))


def _sizes(chosen: Chosen) -> tuple[float, float]:
    """Return the window as a share of the image's side, and the step as a share of the window."""
    return float(chosen["window"]), float(chosen["stride"])


def positions(length: int, window: int, stride: int) -> tuple[int, ...]:
    """Return where windows begin so that they cover `length` and none sticks out; the last lies at the end."""
    starts = list(range(0, length - window + 1, stride))
    if starts[-1] != length - window:
        starts.append(length - window)
    return tuple(starts)


def _windows(shape: torch.Size, kind: InputKind, share: float, step: float) -> tuple[Window, ...]:
    """Return the parts of one row: squares of an image, a whole category, else one step along the first axis each."""
    if kind == "categorical" or not shape:
        return (Window(()),)
    if kind != "image":
        return tuple(Window((slice(n, n + 1),)) for n in range(shape[0]))
    height, width = shape[-2:]
    tall, wide = max(1, round(share * height)), max(1, round(share * width))
    rows = positions(height, tall, max(1, round(step * tall)))
    columns = positions(width, wide, max(1, round(step * wide)))
    return tuple(Window((slice(None), slice(r, r + tall), slice(c, c + wide))) for r in rows for c in columns)


def _occlude(case: Case, kind: InputKind, number: int, share: float, step: float, whole: Tensor) -> tuple[Tensor, int]:
    """Return the values of input `number`, [1, ...], and how many windows were tried."""
    own, blank = case.inputs[number][0], case.baselines[number][0]
    windows = _windows(own.shape, kind, share, step)
    values = torch.zeros(own.shape, dtype=torch.float64, device=own.device)
    covered = torch.zeros_like(values)
    for window in windows:
        window.inside(covered).add_(1)
    tried = [window for window in windows if not torch.equal(window.inside(own), window.inside(blank))]
    rows = case.rows
    for first in range(0, len(tried), rows):
        batch = tried[first : first + rows]
        differences = whole - _logits(case, _replaced(case, number, tuple(batch), blank))  # [B]
        for window, difference in zip(batch, differences, strict=True):
            part = window.inside(values)
            part += difference.double() / part.numel()
    return (values / covered.clamp(min=1)).unsqueeze(0), len(tried)


def _replaced(case: Case, number: int, batch: tuple[Window, ...], blank: Tensor) -> tuple[Tensor, ...]:
    """Return the inputs repeated for each window, with input `number` blanked there."""
    repeated = [item.expand(len(batch), *item.shape[1:]) for item in case.inputs]
    changed = repeated[number].clone()
    for row, window in zip(changed, batch, strict=True):
        window.inside(row).copy_(window.inside(blank))
    repeated[number] = changed
    return tuple(repeated)


def _logits(case: Case, inputs: tuple[Tensor, ...]) -> Tensor:
    with torch.no_grad():
        return case.logit(*inputs)
