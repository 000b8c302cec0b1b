"""Which cases carry marked content, and copies that carry other content."""

import itertools
import math

import torch

from core.learning.carriers import carried
from core.learning.marks import MarkedExamples
from core.models.examples import Examples
from tests.helpers.learning_parts import kinds_of, marked
from tests.helpers.model_parts import AGE, COLOUR, IMAGE, NOTE, spec_of

SPEC = spec_of(fields=[{**IMAGE, "size": 8}, AGE, COLOUR, NOTE])
CORNER = torch.zeros(1, 1, 8, 8, dtype=torch.bool)
CORNER[..., :3, :3] = True


def _marks(field: str, values: torch.Tensor, mask: torch.Tensor) -> MarkedExamples:
    count = len(values)
    examples = Examples(
        tuple(range(count)), {field: values}, {"shape": torch.zeros(count, dtype=torch.int64)}, ("g",) * count
    )
    found = marked(SPEC, examples, {field: mask})
    return MarkedExamples(found.examples, found.ignore, found.look, found.artefacts, kinds_of(SPEC))


def _pictures(*shades: int | None) -> torch.Tensor:
    """Noisy pictures with a square of each shade in the corner; None for no square."""
    pixels = torch.randint(80, 120, (len(shades), 1, 8, 8), generator=torch.Generator().manual_seed(0))
    for row, shade in enumerate(shades):
        if shade is not None:
            pixels[row, :, :3, :3] = shade
    return pixels.to(torch.uint8)


def _squares():
    """One marked picture with a square of shade 250, looked for among eight."""
    marks = _marks("image", _pictures(250), CORNER)
    return carried(_pictures(255, 200, None, 240, None, 180, 190, None), marks, "image", [0])


def test_a_square_is_found_in_any_shade_and_shades_are_told_apart():
    found = _squares()
    assert [bool(code) for code in found.codes] == [True, True, False, True, False, True, True, False]
    assert found.codes[0] > found.codes[5] > 0


def test_copies_of_pictures_lose_or_get_the_content():
    found, generator = _squares(), torch.Generator().manual_seed(0)
    clean = found.copies(torch.tensor([0, 2]), 0, generator)
    assert clean[0, CORNER[0]].float().mean() < 130
    assert torch.equal(clean[1], found.values[2])
    code = int(found.codes[5])
    other = found.copies(torch.tensor([0, 2]), code, generator)
    shades = other[:, CORNER[0]].float().mean(dim=1).tolist()
    assert all(shade in (180.0, 190.0) for shade in shades)
    outside = ~CORNER[0]
    assert torch.equal(other[0, outside], found.values[0, outside])


def test_numbers_lie_in_quantile_bins_and_missing_ones_carry_nothing():
    values = torch.tensor([[1.0], [2.0], [3.0], [4.0], [math.nan]])
    found = carried(values, _marks("age", values[:1], torch.ones(1, 1, dtype=torch.bool)), "age", [0])
    assert found.codes.tolist() == [1, 2, 3, 4, 0]
    assert found.copies(torch.tensor([4]), 3, torch.Generator()).item() == 3.0


def test_categories_are_their_own_content():
    values = torch.tensor([[0], [2], [-1], [2]])
    found = carried(values, _marks("colour", values[:1], torch.ones(1, 1, dtype=torch.bool)), "colour", [0])
    assert found.codes.tolist() == [1, 3, 0, 3]
    assert found.contents() == (0, 1, 3)
    assert found.copies(torch.tensor([0]), 3, torch.Generator()).item() == 2


def test_marked_words_are_looked_up_wherever_they_stand():
    source = torch.tensor([[5, 7, 8, 0, 0, 0, 0, 0]])
    mask = torch.tensor([[False, True, True, False, False, False, False, False]])
    values = torch.tensor([[7, 8, 6, 0, 0, 0, 0, 0], [7, 6, 8, 0, 0, 0, 0, 0], [6, 6, 7, 8, 0, 0, 0, 0]])
    found = carried(values, _marks("note", source, mask), "note", [0])
    assert found.codes.tolist() == [1, 0, 1]
    assert found.copies(torch.tensor([0]), 0, torch.Generator())[0].tolist() == [6, 0, 0, 0, 0, 0, 0, 0]
    put_in = found.copies(torch.tensor([1]), 1, torch.Generator().manual_seed(0))[0].tolist()
    assert (7, 8) in list(itertools.pairwise(put_in))
