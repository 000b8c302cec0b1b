"""Spreading in pictures, words and fields, against planted truth."""

import pytest
import torch

from core.contracts import FieldSpec, WorkspaceSpec
from core.learning.marks import MarkedExamples
from core.learning.spreading.base import Search
from core.learning.spreading.registry import spreader
from core.learning.spreading.spread import spread, with_found
from core.models.examples import Examples
from core.models.preparers import prepare

DEVICE = torch.device("cpu")


def picture_world(patch, side=20, count=120, colour="grey", seed=0):
    """Noisy pictures, every other one with a patch: `patch(picture, number, draw)` puts it in and gives its mask."""
    draw = torch.Generator().manual_seed(seed)
    pictures = torch.randint(0, 90, (count, 1 if colour == "grey" else 3, side, side), generator=draw)
    pictures[:, :, 6:14, 8:12] += 140  # something that all have in the middle
    truth = [patch(pictures[n], n, draw) if n % 2 == 0 else None for n in range(count)]
    return pictures.to(torch.uint8), truth


def corner(picture, number, draw):
    side = picture.shape[-1]
    mask = torch.zeros(1, side, side, dtype=torch.bool)
    top, left = ((0, side - 4)[int(edge)] for edge in torch.randint(2, (2,), generator=draw))
    mask[:, top : top + 4, left : left + 4] = True
    picture[mask.expand_as(picture)] = 255 - 15 * (number // 2 % 8)
    return mask


def strip(picture, number, draw):
    side = picture.shape[-1]
    mask = torch.zeros(1, side, side, dtype=torch.bool)
    mask[:, :2] = True
    edge = int(torch.randint(4, (1,), generator=draw))
    mask = torch.rot90(mask, edge, (1, 2))
    picture[mask.expand_as(picture)] = 255 - 15 * (number // 2 % 8)
    return mask


def bar(picture, number, draw):
    """Two tones, anywhere near the lower border."""
    side = picture.shape[-1]
    mask = torch.zeros(1, side, side, dtype=torch.bool)
    left = int(torch.randint(side - 6, (1,), generator=draw))
    mask[:, side - 5 : side - 1, left : left + 6] = True
    content = torch.tensor([250, 250, 250, 20, 20, 20]).repeat(4, 1).to(picture.dtype)
    picture[:, side - 5 : side - 1, left : left + 6] = content
    return mask


def spec_of(**field) -> WorkspaceSpec:
    name = field["name"]
    return WorkspaceSpec.model_validate(
        {
            "name": "w",
            "title": "W",
            "fields": [field],
            "targets": [{"name": "label", "classes": ["a", "b"]}],
            "encoder": {"name": "mlp"},
        }
    ).model_copy(update={"name": name})


def examples_of(inputs, name) -> Examples:
    count = len(inputs)
    labels = {"label": torch.zeros(count, dtype=torch.long)}
    return Examples(tuple(range(count)), {name: inputs}, labels, tuple(str(n) for n in range(count)))


def marked_of(cases, name, kind, masks) -> MarkedExamples:
    rows = sorted(masks)
    ignore = torch.stack([masks[row] for row in rows])
    return MarkedExamples(
        cases.select(rows), {name: ignore}, {name: torch.zeros_like(ignore)}, ("it",) * len(rows), {name: kind}
    )


WORLDS = [(corner, "grey", 20), (corner, "rgb", 20), (strip, "grey", 20), (bar, "grey", 20), (corner, "grey", 21)]


@pytest.mark.parametrize(("patch", "colour", "side"), WORLDS)
def test_carriers_are_found_with_their_own_masks(patch, colour, side):
    pictures, truth = picture_world(patch, side, colour=colour)
    cases = examples_of(pictures, "image")
    marks = {row: truth[row] for row in (0, 2, 4, 6, 8)}
    spec = spec_of(name="image", kind="image", size=side, colour=colour)
    marked = marked_of(cases, "image", "image", marks)
    found = spread(spec, marked, cases, device=DEVICE)
    assert not {item.row for item in found} & set(marks)
    sure = [item for item in found if item.probability >= 0.9]
    right = [item for item in sure if truth[item.row] is not None and _overlap(item.mask, truth[item.row]) >= 0.5]
    assert len(right) >= 0.95 * len(sure)
    assert len(right) >= 0.8 * (60 - 5)
    assert [item.probability for item in found] == sorted((item.probability for item in found), reverse=True)
    joined = with_found(marked, cases, found)
    assert len(joined) == 5 + len(sure)
    assert set(joined.artefacts) == {"it"}
    row = joined.examples.case_ids[5]
    assert torch.equal(joined.ignore["image"][5], next(item.mask for item in sure if item.row == row))


def _overlap(one, other) -> float:
    return float((one & other).sum() / (one | other).sum())


def test_equal_seeds_find_the_same_and_one_mark_is_enough_for_what_looks_alike():
    pictures, truth = picture_world(bar)
    cases = examples_of(pictures, "image")
    spec = spec_of(name="image", kind="image", size=20, colour="grey")
    marked = marked_of(cases, "image", "image", {0: truth[0]})
    first, second = (spread(spec, marked, cases, device=DEVICE, seed=4) for _ in range(2))
    assert [(a.row, a.probability) for a in first] == [(b.row, b.probability) for b in second]
    sure = [item for item in first if item.probability >= 0.9]
    assert sum(truth[item.row] is not None for item in sure) >= 0.9 * len(sure) > 20


def test_large_pictures_are_searched_small_and_marked_exactly():
    pictures, truth = picture_world(bar, 20, 40)
    large = torch.stack([_enlarged(picture) for picture in pictures])  # 240 pixels
    cases = examples_of(large, "image")
    masks = {row: _enlarged(truth[row]) for row in (0, 2, 4, 6)}
    spec = spec_of(name="image", kind="image", size=240, colour="grey")
    found = spread(spec, marked_of(cases, "image", "image", masks), cases, device=DEVICE)
    sure = [item for item in found if item.probability >= 0.5]
    whole = {row: _enlarged(truth[row]) for row in range(0, 40, 2)}
    overlaps = [_overlap(item.mask, whole[item.row]) for item in sure if item.row in whole]
    assert len(overlaps) >= 12
    assert min(overlaps) > 0.9


def _enlarged(mask):
    return mask.repeat_interleave(12, 1).repeat_interleave(12, 2)


TEXTS = (
    "Seen at Northgate clinic today.",
    "no finding at NORTHGATE CLINIC",
    "from Nortgate clinic, copied",
    "clinic of the north",
    "A clinic. Northgate",
    None,
)


def text_search(masks_for: dict[int, str], **changes) -> Search:
    field = FieldSpec(name="note", kind="text", tokens=12, required=False)
    prepared = torch.stack([torch.from_numpy(prepare(text, field)) for text in TEXTS])
    masks = torch.zeros(len(masks_for), 12, dtype=torch.bool)
    for row, places in enumerate(masks_for.values()):
        masks[row, [int(place) for place in places.split()]] = True
    rows = list(masks_for)
    given = {"marked_texts": [TEXTS[row] for row in rows], "texts": TEXTS} | changes
    return Search(field, prepared[rows], masks, prepared, DEVICE, **given)


def test_words_are_found_in_any_case_and_near_spellings():
    found = {item.row: item for item in spreader("text").find(text_search({0: "2 3"}))}
    assert set(found) == {0, 1, 2}
    assert found[1].mask.nonzero().flatten().tolist() == [3, 4]
    assert found[1].probability > found[2].probability > 0.5
    tokens = {item.row for item in spreader("text").find(text_search({0: "2 3"}, marked_texts=(), texts=()))}
    assert tokens == {0, 1}  # near spellings can't be told from the tokens


def test_a_word_that_the_marked_text_also_has_unmarked_is_less_probable():
    field = FieldSpec(name="note", kind="text", tokens=12)
    texts = ("left lung and left mark", "left")
    prepared = torch.stack([torch.from_numpy(prepare(text, field)) for text in texts])
    mask = torch.zeros(1, 12, dtype=torch.bool)
    mask[0, 3] = True
    found = spreader("text").find(Search(field, prepared[:1], mask, prepared[1:], DEVICE))
    assert found[0].probability == pytest.approx(0.99 * 2 / 3)


def field_chances(kind: str, marked: list[float], cases: list[float]) -> list[float]:
    field = FieldSpec(name="desk", kind=kind, categories=("n", "s", "w") if kind == "categorical" else ())
    dtype = torch.float32 if kind == "numeric" else torch.int64
    values = [torch.tensor(column, dtype=dtype)[:, None] for column in (marked, cases)]
    masks = torch.ones(len(marked), 1, dtype=torch.bool)
    found = spreader(kind).find(Search(field, values[0], masks, values[1], DEVICE))
    return [next((item.probability for item in found if item.row == row), 0.0) for row in range(len(cases))]


def test_a_field_with_several_marked_values_is_meant_with_any():
    assert field_chances("categorical", [0, 1], [0, 1, 2, -1]) == pytest.approx([0.99, 0.99, 0.99, 0.0])
    assert field_chances("numeric", [1.5, 2.5], [7.0, float("nan")]) == pytest.approx([0.99, 0.0])


def test_a_field_with_one_marked_value_may_be_meant_with_that_alone():
    chances = field_chances("categorical", [0, 0, 0], [0, 0, 1, 1])
    assert chances[0] == pytest.approx(0.99)
    assert chances[2] == pytest.approx(0.25 / 1.25)  # half of all have it: chance makes three alike in a quarter


def test_nothing_to_search_or_to_start_from_finds_nothing():
    pictures, truth = picture_world(corner, count=4)
    cases = examples_of(pictures, "image")
    spec = spec_of(name="image", kind="image", size=20, colour="grey")
    marked = marked_of(cases, "image", "image", {0: truth[0]})
    assert spread(spec, marked, cases.select([0]), device=DEVICE) == ()
    empty = marked_of(cases, "image", "image", {0: torch.zeros_like(truth[0])})
    assert spread(spec, empty, cases, device=DEVICE) == ()
