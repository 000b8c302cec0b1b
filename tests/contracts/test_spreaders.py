"""One test over every registered spreader: finds are well formed, repeatable, and change nothing."""

from typing import get_args

import pytest
import torch

from core.contracts import FieldKind, FieldSpec
from core.errors import Cancelled
from core.learning.spreading.base import LEAST_PROBABILITY, Search
from core.learning.spreading.registry import SPREADERS, spreader

FIELDS = {
    "image": FieldSpec(name="it", kind="image", size=10, colour="grey"),
    "numeric": FieldSpec(name="it", kind="numeric"),
    "categorical": FieldSpec(name="it", kind="categorical", categories=("a", "b")),
    "text": FieldSpec(name="it", kind="text", tokens=8),
}


class Stop:
    """A reporter that somebody asked to stop."""

    def report(self, progress):
        raise Cancelled("stop")


def search_of(kind: str, cases: int = 24, marks: int = 3, **changes) -> Search:
    """Cases of which every other one carries what is marked."""
    draw = torch.Generator().manual_seed(0)
    count = cases + marks
    if kind == "image":
        values = torch.randint(0, 80, (count, 1, 10, 10), generator=draw, dtype=torch.uint8)
        values[::2, :, :3, :3] = 250
        mask = torch.zeros(1, 10, 10, dtype=torch.bool)
        mask[:, :3, :3] = True
    elif kind == "text":
        values = torch.randint(10, 99, (count, 8), generator=draw)
        values[::2, 2] = 7
        mask = torch.arange(8) == 2
    else:
        values = torch.arange(count)[:, None] % 2
        values = values.float() if kind == "numeric" else values
        mask = torch.ones(1, dtype=torch.bool)
    own = torch.arange(0, 2 * marks, 2)
    rest = [row for row in range(count) if row not in own.tolist()]
    masks = mask.expand(marks, *mask.shape)
    return Search(FIELDS[kind], values[own], masks, values[rest], torch.device("cpu"), **changes)


def test_every_kind_of_field_has_one():
    assert set(SPREADERS) == set(get_args(FieldKind))


@pytest.mark.parametrize("kind", sorted(SPREADERS))
def test_finds_are_well_formed_and_repeatable(kind):
    search = search_of(kind)
    before = (search.marked.clone(), search.cases.clone(), search.masks.clone())
    found = spreader(kind).find(search)
    assert found
    assert len({item.row for item in found}) == len(found)
    assert all(0 <= item.row < len(search.cases) and item.field == "it" for item in found)
    assert all(item.mask.dtype == torch.bool and item.mask.shape == search.masks.shape[1:] for item in found)
    assert all(bool(item.mask.any()) for item in found)
    chances = [item.probability for item in found]
    assert chances == sorted(chances, reverse=True)
    assert LEAST_PROBABILITY <= min(chances) <= max(chances) <= 1.0
    carriers = {row for row in range(len(search.cases)) if torch.equal(_at(search, row), _at(search))}
    assert {item.row for item in found if item.probability >= 0.9} == carriers
    again = spreader(kind).find(search)
    assert [(a.row, a.probability) for a in again] == [(b.row, b.probability) for b in found]
    assert all(torch.equal(*pair) for pair in zip(before, (search.marked, search.cases, search.masks), strict=True))


def _at(search: Search, row: int | None = None) -> torch.Tensor:
    """What stands where the first mark is: in a case, or in the marked one."""
    values = search.marked[0] if row is None else search.cases[row]
    return values[search.masks[0]]


@pytest.mark.parametrize("kind", sorted(SPREADERS))
def test_nothing_to_start_from_or_to_search_finds_nothing(kind):
    assert spreader(kind).find(search_of(kind, marks=0)) == ()
    search = search_of(kind)
    empty = Search(search.field, search.marked, search.masks, search.cases[:0], search.device)
    assert spreader(kind).find(empty) == ()


@pytest.mark.parametrize("kind", ["image", "text"])
def test_a_search_can_be_stopped(kind):
    with pytest.raises(Cancelled):
        spreader(kind).find(search_of(kind, reporter=Stop()))
