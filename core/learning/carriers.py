"""Which cases carry a marked artefact, with which content, and copies of cases that carry other content or none.

A field's number or category is carried by every case that has one; marked words are looked up in all texts; the marked
content of pictures is compared, whatever its brightness and contrast, with what stands at the same place.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from core.contracts import FieldKind
from core.learning.fills import fill
from core.learning.marks import MarkedExamples
from core.learning.phrases import Phrase, holds, insert, phrases_of, remove

LIKE = 0.8
"""Correlation with marked content and its surroundings from which a picture carries it."""
RING = 1 / 28
"""Width of the surroundings relative to the picture; at least one pixel."""
TEMPLATES = 64
"""Most marked rows that are looked for."""
BINS = 4
"""Kinds of content that numbers and shades are told apart in."""
SAME_SHADE = 8.0
"""Standard deviation of shades, of 255, below which they are one kind of content."""
SMALLEST = 1e-6


@dataclass(frozen=True, slots=True)
class Carried:
    """What cases carry in one field of one artefact."""

    field: str
    kind: FieldKind
    values: Tensor
    """The field's prepared inputs of all cases [cases, ...]."""
    marks: Tensor
    """Masks of the marked rows [rows, ...]."""
    sources: Tensor
    """Prepared inputs of the marked rows [rows, ...]."""
    codes: Tensor
    """Which content each case carries, int64 [cases]: 0 for none."""
    places: Tensor
    """The marked row whose mark fits each case best, int64 [cases]; 0 where there is no content."""

    def contents(self) -> tuple[int, ...]:
        """Return the codes a case can have: those found, and none where content can be taken away."""
        found = set(self.codes.tolist())
        return tuple(sorted(found | ({0} if self.kind in ("image", "text") else set())))

    def copies(self, cases: Tensor, code: int, generator: torch.Generator) -> Tensor:
        """Return the field's inputs [copies, ...] of these cases as they would be with content of this code."""
        return COPIES[self.kind](self, cases, code, generator)


def carried(values: Tensor, marked: MarkedExamples, field: str, rows: list[int]) -> Carried:
    """Find what cases carry of the content that these marked rows hold in `field`; `values` are [cases, ...]."""
    chosen = torch.tensor(rows[:TEMPLATES])
    marks, sources = marked.ignore[field][chosen], marked.examples.inputs[field][chosen]
    kind = marked.kinds[field]
    codes, places = FINDERS[kind](values, marks, sources)
    return Carried(field, kind, values, marks, sources, codes, places)


def _in_picture(values: Tensor, marks: Tensor, sources: Tensor) -> tuple[Tensor, Tensor]:
    likeness = torch.stack([_likeness(values, mask, source) for mask, source in zip(marks, sources, strict=True)])
    best, places = likeness.max(dim=0)
    carries = best >= LIKE
    masks = marks[places].float()
    shade = (values.float().mean(dim=1, keepdim=True) * masks).flatten(1).sum(dim=1) / masks.flatten(1).sum(dim=1)
    codes = torch.zeros(len(values), dtype=torch.int64)
    if bool(carries.any()):
        found = shade[carries]
        one = float(found.std(correction=0)) <= SAME_SHADE
        codes[carries] = torch.ones_like(codes[carries]) if one else 1 + _binned(found)
    return codes, places


def _likeness(values: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """Return the correlation of each picture with a marked one, inside the mark and its surroundings [cases]."""
    width = max(1, round(mask.shape[-1] * RING))
    near = functional.max_pool2d(mask[None].float(), 2 * width + 1, stride=1, padding=width)[0].bool()
    inside = near.expand_as(source)
    return _normalised(values[:, inside].float()) @ _normalised(source[inside].float()[None])[0]


def _normalised(pixels: Tensor) -> Tensor:
    """Return rows with mean 0 and length 1; flat rows are zero."""
    centred = pixels - pixels.mean(dim=1, keepdim=True)
    length = centred.norm(dim=1, keepdim=True)
    return torch.where(length > SMALLEST, centred / length.clamp(min=SMALLEST), torch.zeros_like(centred))


def _numbers(values: Tensor, marks: Tensor, sources: Tensor) -> tuple[Tensor, Tensor]:
    known = ~values[:, 0].isnan()
    codes = torch.zeros(len(values), dtype=torch.int64)
    codes[known] = 1 + _binned(values[known, 0])
    return codes, torch.zeros_like(codes)


def _categories(values: Tensor, marks: Tensor, sources: Tensor) -> tuple[Tensor, Tensor]:
    codes = values[:, 0] + 1
    return codes, torch.zeros_like(codes)


def _in_text(values: Tensor, marks: Tensor, sources: Tensor) -> tuple[Tensor, Tensor]:
    wanted = _phrases(marks, sources)
    found = [next((row for row, phrases in wanted.items() if holds(text, phrases)), -1) for text in values]
    rows = torch.tensor(found, dtype=torch.int64)
    return (rows >= 0).long(), rows.clamp(min=0)


def _phrases(marks: Tensor, sources: Tensor) -> dict[int, tuple[Phrase, ...]]:
    """Return marked row -> its phrases, each set of phrases once."""
    first: dict[tuple[Phrase, ...], int] = {}
    for row, (text, mask) in enumerate(zip(sources, marks, strict=True)):
        first.setdefault(phrases_of(text, mask), row)
    return {row: phrases for phrases, row in first.items() if phrases}


def _binned(values: Tensor) -> Tensor:
    """Return which quantile bin each value lies in, from 0; values that all are equal lie in one."""
    edges = torch.quantile(values, torch.arange(1, BINS) / BINS).tolist()
    return torch.bucketize(values, torch.tensor(sorted(set(edges))), right=True)


def _copy_pictures(own: Carried, cases: Tensor, code: int, generator: torch.Generator) -> Tensor:
    """Take away what the cases carry, then put the content of cases with this code where those have it."""
    pictures, places = own.values[cases], own.places[cases]
    carries = (own.codes[cases] > 0).view(-1, 1, 1, 1)
    clean = fill("image", "inpaint", pictures, pictures, own.marks[places] & carries, generator)
    if code == 0:
        return clean
    donors = _drawn(torch.nonzero(own.codes == code).flatten(), len(cases), generator)
    return torch.where(own.marks[own.places[donors]], own.values[donors], clean)


def _copy_values(own: Carried, cases: Tensor, code: int, generator: torch.Generator) -> Tensor:
    return own.values[_drawn(torch.nonzero(own.codes == code).flatten(), len(cases), generator)]


def _copy_texts(own: Carried, cases: Tensor, code: int, generator: torch.Generator) -> Tensor:
    """Take the marked words away, then put those of a marked row in."""
    phrases = list(_phrases(own.marks, own.sources).values())
    every = tuple(dict.fromkeys(phrase for row in phrases for phrase in row))
    texts = [remove(text, every) for text in own.values[cases]]
    if code:
        drawn = torch.randint(len(phrases), (len(texts),), generator=generator).tolist()
        texts = [insert(text, phrases[row], generator)[0] for text, row in zip(texts, drawn, strict=True)]
    return torch.stack(texts)


def _drawn(from_these: Tensor, count: int, generator: torch.Generator) -> Tensor:
    return from_these[torch.randint(len(from_these), (count,), generator=generator)]


Finder = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]
Copier = Callable[[Carried, Tensor, int, torch.Generator], Tensor]
FINDERS: Mapping[FieldKind, Finder] = {
    "image": _in_picture,
    "numeric": _numbers,
    "categorical": _categories,
    "text": _in_text,
}
COPIES: Mapping[FieldKind, Copier] = {
    "image": _copy_pictures,
    "numeric": _copy_values,
    "categorical": _copy_values,
    "text": _copy_texts,
}
