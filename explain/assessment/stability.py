"""Whether a map stays the same when the input changes by less than anybody would notice."""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from explain.assessment.agreement import dependence
from explain.assessment.intervals import Estimate, mean_interval
from explain.assessment.parts import CELLS, parts_of
from explain.base import Attribution, InputKind, Subject
from explain.errors import ExplainError, Stopped

NOISE = 0.02
"""Standard deviation of the noise as a share of an input's range."""
SDS = 5.0
"""Range of numbers and embeddings, in standard deviations."""
MAPS = 5
Explain = Callable[[tuple[Tensor, ...]], Attribution]
"""Answers a question for other inputs."""


def stability(
    subject: Subject,
    inputs: tuple[Tensor, ...],
    attribution: Attribution,
    explain: Explain,
    *,
    maps: int = MAPS,
    seed: int = 0,
    cells: int = CELLS,
) -> Estimate | None:
    """Return the mean rank correlation of a map with the maps of slightly noisy inputs; 1 is best, -1 worst.

    Spearman over parts, with Student's interval over the noisy maps. None where nothing can be noised (categories
    alone, numbers without background) or fewer than two maps have an order. A noisy input that the method can't explain
    (its slopes vanish there, say) is left out: `n` tells of how many the figure is.

    Parameters
    ----------
    subject, inputs
        The question.
    attribution
        Its map.
    explain
        Answers the same question for other inputs.
    maps
        Noisy inputs.
    seed
        Equal seeds give equal noise.
    cells
        Parts along each side of a picture.

    References
    ----------
    Alvarez-Melis, Jaakkola: On the Robustness of Interpretability Methods, 2018.
    """
    generator = torch.Generator().manual_seed(seed)
    noisy = [noised(subject, inputs, generator) for _ in range(maps)]
    if all(torch.equal(one, own) for one, own in zip(noisy[0], inputs, strict=True)):
        return None
    parts = parts_of(subject, inputs, cells)
    found = [dependence(parts, attribution, heat) for heat in _answers(explain, noisy)]
    return mean_interval([value for value in found if value is not None], -1.0, 1.0)


def _answers(explain: Explain, noisy: Sequence[tuple[Tensor, ...]]) -> Iterator[Attribution]:
    """Yield the maps of noisy inputs, but of those that the method can't explain."""
    for case in noisy:
        try:
            yield explain(case)
        except Stopped:
            raise
        except ExplainError:
            continue


def noised(subject: Subject, inputs: tuple[Tensor, ...], generator: torch.Generator) -> tuple[Tensor, ...]:
    """Return inputs with normal noise of 2 % of their range.

    A picture's range is 1, and it stays in 0..1. A number's range is five standard deviations of the background (none
    is known without one: it stays), an embedding's five of its own words. Categories and padding stay.
    """
    changed = []
    for number, (kind, item) in enumerate(zip(subject.kinds, inputs, strict=True)):
        background = None if subject.background is None else subject.background[number]
        changed.append(_noised(kind, item, background, generator))
    return tuple(changed)


def _noised(kind: InputKind, item: Tensor, background: Tensor | None, generator: torch.Generator) -> Tensor:
    if kind == "categorical" or not item.is_floating_point():
        return item
    noise = torch.randn(item.shape, generator=generator).to(item) * NOISE
    if kind == "image":
        return (item + noise).clamp(0, 1)
    if kind == "text":
        real = item.any(dim=-1, keepdim=True)
        words = item[real.expand_as(item)]
        return item + noise * SDS * words.std() * real if words.numel() > 1 else item
    if background is None or len(background) < 2:
        return item
    return item + noise * SDS * background.to(item).std(dim=0, keepdim=True)
