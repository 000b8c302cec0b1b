"""What can stand where marked content was: noise, blur, another case's content, what surrounds it, other words.

A fill takes prepared inputs of marked cases [rows, ...], those of other training cases (donors, the same shape), the
marks as `core.learning.marks` has them, and a generator; it returns the inputs without the marked content. Rows
without a mark stay as they are.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional

from core.contracts import FieldKind
from core.errors import NotFound
from core.learning.marks import Inputs, MarkedExamples
from core.learning.phrases import PADDING, insert, phrases_of, remove

Fill = Callable[[Tensor, Tensor, Tensor, torch.Generator], Tensor]
BLUR_SHARE = 0.25
"""Width of the blur's window relative to the picture."""


def noise(own: Tensor, donor: Tensor, mask: Tensor, generator: torch.Generator) -> Tensor:
    """Put uniform noise from 0 to 255 at the marks of pictures [rows, C, S, S]."""
    drawn = torch.randint(0, 256, own.shape, generator=generator, dtype=torch.uint8)
    return torch.where(mask.to(own.device), drawn.to(own.device), own)


def blur(own: Tensor, donor: Tensor, mask: Tensor, generator: torch.Generator) -> Tensor:
    """Put the blurred picture at the marks: twice the mean of a window a quarter as wide as the picture."""
    width = max(3, int(own.shape[-1] * BLUR_SHARE)) | 1
    soft = _window_mean(_window_mean(own.float(), width), width)
    return torch.where(mask.to(own.device), _as_pixels(soft), own)


def inpaint(own: Tensor, donor: Tensor, mask: Tensor, generator: torch.Generator) -> Tensor:
    """Let what surrounds the marks grow into them: each pixel is the mean of the nearest window with unmarked pixels.

    A picture that is marked everywhere gets the donor's content.
    """
    hidden = mask.to(own.device).expand(len(own), 1, *own.shape[-2:])
    known = (~hidden).float()
    filled, left, width = own.float(), hidden, 3
    while bool(left.any()) and width < 2 * own.shape[-1]:
        weight = _window_mean(known, width)
        mean = _window_mean(own.float() * known, width) / weight.clamp(min=1e-6)
        filled = torch.where(left & (weight > 0), mean, filled)
        left, width = left & (weight == 0), 2 * width - 1
    return torch.where(left, donor.to(own.device), torch.where(hidden, _as_pixels(filled), own))


def other_case(own: Tensor, donor: Tensor, mask: Tensor, generator: torch.Generator) -> Tensor:
    """Put another case's content at the marks."""
    return torch.where(mask.to(own.device), donor.to(own.device), own)


def mean(own: Tensor, donor: Tensor, mask: Tensor, generator: torch.Generator) -> Tensor:
    """Put the donors' mean at marked numbers [rows, 1]; missing ones do not count."""
    return torch.where(mask.to(own.device), donor.to(own.device).nanmean(), own)


def commonest(own: Tensor, donor: Tensor, mask: Tensor, generator: torch.Generator) -> Tensor:
    """Put the donors' most frequent category at marked categories [rows, 1]."""
    return torch.where(mask.to(own.device), donor.to(own.device).flatten().mode().values, own)


def left_out(own: Tensor, donor: Tensor, mask: Tensor, generator: torch.Generator) -> Tensor:
    """Leave marked words out of texts [rows, tokens], wherever they stand."""
    return torch.stack([remove(text, phrases_of(text, marked)) for text, marked in zip(own, mask, strict=True)])


def other_words(own: Tensor, donor: Tensor, mask: Tensor, generator: torch.Generator) -> Tensor:
    """Leave marked words out and put as many words of another text in, at a random place."""
    texts = []
    for text, source, marked in zip(own, donor, mask, strict=True):
        phrases = phrases_of(text, marked)
        runs = [run for run in (_run(source, len(phrase), generator) for phrase in phrases) if run]
        without = remove(text, phrases)
        texts.append(insert(without, runs, generator)[0] if runs else without)
    return torch.stack(texts)


FILLS: Mapping[FieldKind, Mapping[str, Fill]] = {
    "image": {"other case": other_case, "inpaint": inpaint, "blur": blur, "noise": noise},
    "numeric": {"other case": other_case, "mean": mean},
    "categorical": {"other case": other_case, "commonest": commonest},
    "text": {"left out": left_out, "other words": other_words},
}


def fill(kind: FieldKind, name: str, own: Tensor, donor: Tensor, mask: Tensor, generator: torch.Generator) -> Tensor:
    """Return inputs of one field without their marked content, by the fill called `name`.

    Raises
    ------
    NotFound
        Names the fills of this kind of field.
    """
    if name not in FILLS[kind]:
        raise NotFound(f"No fill {name!r} for a field of kind {kind!r}. Known: {', '.join(FILLS[kind])}.")
    return FILLS[kind][name](own, donor, mask, generator)


def fill_mixed(kind: FieldKind, own: Tensor, donor: Tensor, mask: Tensor, generator: torch.Generator) -> Tensor:
    """Return inputs of one field without their marked content, each row by a fill of its own drawing."""
    fills = tuple(FILLS[kind].values())
    drawn, mixed = torch.randint(len(fills), (len(own),), generator=generator), own.clone()
    for number, chosen in enumerate(fills):
        rows = torch.nonzero(drawn == number).flatten()
        if len(rows):
            here = rows.to(own.device)
            mixed[here] = chosen(own[here], donor[rows.to(donor.device)], mask[rows.to(mask.device)], generator)
    return mixed


def filled(inputs: Inputs, marked: MarkedExamples, donors: Inputs, generator: torch.Generator) -> dict[str, Tensor]:
    """Return marked cases whose *ignore* marks hold something else, each row and field by a fill of its own drawing.

    Row i of `inputs` is row i of `marked`.
    """
    return {
        field: fill_mixed(marked.kinds[field], value, donors[field], marked.ignore[field], generator)
        for field, value in inputs.items()
    }


def _window_mean(values: Tensor, width: int) -> Tensor:
    """Return the mean over a square window around each pixel; what lies outside the picture does not count."""
    return functional.avg_pool2d(values, width, stride=1, padding=width // 2, count_include_pad=False)


def _as_pixels(values: Tensor) -> Tensor:
    return values.round().clamp(0, 255).to(torch.uint8)


def _run(text: Tensor, length: int, generator: torch.Generator) -> tuple[int, ...]:
    """Return `length` words of a text that stand side by side; fewer where it is shorter."""
    words = [number for number in text.tolist() if number != PADDING]
    last = max(0, len(words) - length)
    start = int(torch.randint(last + 1, (1,), generator=generator))
    return tuple(words[start : start + length])
