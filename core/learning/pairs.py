"""Changed copies of cases for networks with frozen encoders: each goes through the encoder once and is kept by content.

What is drawn depends on the case, the mark and the seed, not on how many others there are: a later round with more
marks or more cases draws mostly the same copies, and finds them in the cache.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.contracts import Progress
from core.learning.content import content_of
from core.learning.fills import FILLS, fill
from core.learning.marks import MOST_EXCHANGED, TRUSTED, Inputs, MarkedExamples, paste, targets, tensors
from core.learning.strategies.base import StrategyContext
from core.models.examples import Examples
from core.models.randomness import generator_for

PART = 512
"""Most changed copies that are in memory at once."""
COPIES = 600
"""About how many copies of one kind are made, however many marks there are; each mark has at least one."""
EXCHANGED_MARKS = 4
"""Marks at whose places a case exchanges content with another: an artefact may stand in several places."""

LEAST_WEIGHT = 1e-6
Put = Callable[[str, Tensor, Tensor, Tensor, int, torch.Generator], Tensor]
"""(field, own input, another case's, mark, number of the copy, random numbers) -> the input with the mark replaced."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Cases before and after a change of marked content, frozen fields as vectors."""

    before: Inputs
    after: Inputs
    labels: Inputs
    """Target -> class indexes [pairs]."""
    weights: Tensor
    """How much each pair counts, by how far its mark is trusted, [pairs]."""

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.weights)

    def some(self, rows: Tensor) -> "Pairs":
        """Return the pairs in `rows`."""
        return Pairs(_taken(self.before, rows), _taken(self.after, rows), _taken(self.labels, rows), self.weights[rows])

    def drawn(self, count: int, generator: torch.Generator) -> "Pairs":
        """Return `count` pairs; those of trusted marks are drawn more often."""
        rows = torch.multinomial(
            self.weights.cpu().clamp(min=LEAST_WEIGHT), count, replacement=True, generator=generator
        )
        return self.some(rows.to(self.weights.device))


def joined(parts: Sequence[Pairs]) -> Pairs:
    """Return all pairs as one."""
    sides = [
        {name: torch.cat([side[name] for side in together]) for name in together[0]}
        for together in zip(*((part.before, part.after, part.labels) for part in parts), strict=True)
    ]
    return Pairs(sides[0], sides[1], sides[2], torch.cat([part.weights for part in parts]))


class Lot:
    """Draws rows such that a draw changes little when rows come or go.

    Rows and draws get fixed places on a circle; a draw takes the next row.
    """

    def __init__(self, keys: Sequence[object], seed: int) -> None:
        places = sorted((_unit(seed, "place", key), row) for row, key in enumerate(keys))
        self._places, self._rows, self._seed = [place for place, _ in places], [row for _, row in places], seed

    def row(self, *purpose: object) -> int:
        """Return the row that a purpose draws."""
        return self._rows[self._next(*purpose)]

    def other(self, row: int, *purpose: object) -> int:
        """Return the row that a purpose draws, the next one where that would be `row` (and there is another)."""
        found = self._next(*purpose)
        return self._rows[found] if self._rows[found] != row else self._rows[(found + 1) % len(self._rows)]

    def _next(self, *purpose: object) -> int:
        return bisect_left(self._places, _unit(self._seed, "draw", *purpose)) % len(self._places)


def copies_of(marked: MarkedExamples, most: int) -> int:
    """Return how many copies each mark gets: `most`, fewer where there are many marks, at least one."""
    return max(1, min(most, COPIES // max(1, len(marked))))


def trusted(marked: MarkedExamples) -> MarkedExamples:
    """Return the *ignore* marks whose content may be moved to other cases: all that are trusted half as far as any."""
    marked = marked.with_ignore()
    if not len(marked):
        return marked
    limit = TRUSTED * float(marked.weights.max())
    return marked.rows([row for row, weight in enumerate(marked.weights.tolist()) if weight >= limit])


def removed(context: StrategyContext, marked: MarkedExamples, copies: int) -> Pairs:
    """Replace what *ignore* marks hold, in each copy of a mark by another fill of `core.learning.fills`."""

    def put(field: str, own: Tensor, donor: Tensor, mask: Tensor, copy: int, generator: torch.Generator) -> Tensor:
        names = tuple(FILLS[marked.kinds[field]])
        return fill(marked.kinds[field], names[copy % len(names)], own, donor, mask, generator)

    return _replaced(context, marked, marked.ignore, copies, "removed", put)


def outside(context: StrategyContext, marked: MarkedExamples, copies: int) -> Pairs:
    """Replace everything but what *look here* marks hold by what other training cases have there."""
    masks = {field: _where_any(look) & ~look for field, look in marked.look.items()}
    return _replaced(context, marked, masks, copies, "outside", _clearing(marked))


def inside(context: StrategyContext, marked: MarkedExamples, copies: int) -> Pairs:
    """Replace what *look here* marks hold: the answer should be less sure."""
    return _replaced(context, marked, marked.look, copies, "inside", _clearing(marked))


def pasted(context: StrategyContext, marked: MarkedExamples, copies: int) -> Pairs:
    """Put the content of each mark into `copies` other training cases; texts that have marked words lose them."""
    lot = Lot(context.train.case_ids, context.seed)
    draws = [(row, copy) for copy in range(copies) for row in range(len(marked))]
    onto = [lot.row("pasted", *_key(marked, row), copy) for row, copy in draws]
    sample = context.train.select(onto)
    after = pasted_into(context, sample, marked, [row for row, _ in draws])
    weights = marked.weights[[row for row, _ in draws]].to(context.device)
    return Pairs(condensed(context, sample), after, targets(sample, context.device), weights)


def pasted_into(
    context: StrategyContext, examples: Examples, marked: MarkedExamples, rows: Sequence[int]
) -> dict[str, Tensor]:
    """Return condensed cases with the content of marked row `rows[i]` put into case i."""

    def change(case: int) -> dict[str, Tensor]:
        generator = generator_for(context.seed, "paste", examples.case_ids[case], *map(str, _key(marked, rows[case])))
        own, row = _one(examples, case), torch.tensor([rows[case]])
        return paste(own, marked, row, generator, toggle=True).inputs

    return _looked_at(context, len(examples), "pasting marked content", _each(change))


def exchanged(context: StrategyContext, examples: Examples, marked: MarkedExamples, purpose: str) -> dict[str, Tensor]:
    """Return condensed cases each of which has, at the places of some drawn marks, what another of them has there."""
    cases, marks = Lot(examples.case_ids, context.seed), marks_lot(context, marked)

    def change(case: int) -> dict[str, Tensor]:
        key = (purpose, examples.case_ids[case])
        rows, donor = [marks.row(*key, number) for number in range(EXCHANGED_MARKS)], cases.other(case, *key)
        own, other, generator = _one(examples, case), _one(examples, donor), generator_for(context.seed, *key)
        return {
            field: content_of(marked.kinds[field]).exchange(
                value, other[field], marked.examples.inputs[field][rows[:1]], _places(marked, field, rows), generator
            )
            for field, value in own.items()
        }

    return _looked_at(context, len(examples), "exchanging marked content", _each(change))


def marks_lot(context: StrategyContext, marked: MarkedExamples) -> Lot:
    """Return what draws marked rows."""
    return Lot([_key(marked, row) for row in range(len(marked))], context.seed)


def condensed(context: StrategyContext, examples: Examples) -> dict[str, Tensor]:
    """Return unchanged cases, frozen fields as vectors."""
    return tensors(context.condense(examples), context.device)


def _places(marked: MarkedExamples, field: str, rows: Sequence[int]) -> Tensor:
    """Return where the marks in `rows` are, together; of an image as many as cover little of it. Words: the first's."""
    masks = marked.ignore[field]
    places = masks[rows[:1]]
    if marked.kinds[field] == "text":
        return places
    for row in rows[1:]:
        more = places | masks[row]
        if marked.kinds[field] != "image" or float(more.float().mean()) <= MOST_EXCHANGED:
            places = more
    return places


def _clearing(marked: MarkedExamples) -> Put:
    def put(field: str, own: Tensor, donor: Tensor, mask: Tensor, _copy: int, _generator: torch.Generator) -> Tensor:
        return content_of(marked.kinds[field]).clear(own, donor, mask)

    return put


def _replaced(
    context: StrategyContext, marked: MarkedExamples, masks: Inputs, copies: int, purpose: str, put: Put
) -> Pairs:
    """Replace what stands at `masks` of marked cases, `copies` times each, with other training cases as donors."""
    lot = Lot(context.train.case_ids, context.seed)
    draws = [(row, copy) for copy in range(copies) for row in range(len(marked))]

    def change(draw: int) -> dict[str, Tensor]:
        row, copy = draws[draw]
        key = (purpose, *_key(marked, row), copy)
        own, donor = _one(marked.examples, row), _one(context.train, lot.row(*key))
        generator = generator_for(context.seed, *key)
        return {
            field: put(field, value, donor[field], masks[field][row : row + 1], copy, generator)
            for field, value in own.items()
        }

    after = _looked_at(context, len(draws), "replacing marked content", _each(change))
    rows = torch.tensor([row for row, _ in draws])
    before, labels = condensed(context, marked.examples), targets(marked.examples, context.device)
    return Pairs(_taken(before, rows), after, _taken(labels, rows), marked.weights[rows].to(context.device))


def _taken(values: Inputs, rows: Tensor) -> dict[str, Tensor]:
    return {name: value[rows.to(value.device)] for name, value in values.items()}


def _looked_at(
    context: StrategyContext, count: int, words: str, change: Callable[[Tensor], Mapping[str, Tensor]]
) -> dict[str, Tensor]:
    """Return changed copies, frozen fields as vectors, on the device; `change` makes those of some rows on the CPU."""
    parts = []
    for start in range(0, count, PART):
        context.reporter.report(Progress("counterexamples", start, count, words))
        rows = torch.arange(start, min(start + PART, count))
        copies = Examples(tuple(rows.tolist()), change(rows), {}, ("",) * len(rows))
        parts.append(condensed(context, copies))
    return {field: torch.cat([part[field] for part in parts]) for field in parts[0]}


def _each(change: Callable[[int], dict[str, Tensor]]) -> Callable[[Tensor], dict[str, Tensor]]:
    """Change rows one by one, so that each has random numbers of its own."""

    def changed(rows: Tensor) -> dict[str, Tensor]:
        parts = [change(row) for row in rows.tolist()]
        return {field: torch.cat([part[field] for part in parts]) for field in parts[0]}

    return changed


def _one(examples: Examples, row: int) -> dict[str, Tensor]:
    return {field: value[row : row + 1] for field, value in examples.inputs.items()}


def _where_any(mask: Tensor) -> Tensor:
    """Return which rows have a mark, shaped to broadcast over the marks."""
    return mask.flatten(1).any(dim=1).view(-1, *([1] * (mask.dim() - 1)))


def _key(marked: MarkedExamples, row: int) -> tuple[int, str]:
    """Return what a marked row is known by in other rounds, too."""
    return marked.examples.case_ids[row], marked.artefacts[row] or ""


def _unit(*key: object) -> float:
    """Return a number from 0 to 1 that depends on `key` alone."""
    return int.from_bytes(hashlib.sha256(repr(key).encode()).digest()[:8], "big") / 2.0**64
