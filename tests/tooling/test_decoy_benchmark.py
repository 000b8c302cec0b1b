"""The parts of `bench decoy`: the shortcut is planted where it should be, marks are as good as they say, it runs."""

import gzip

import numpy as np
import pytest
import torch

from core.contracts import BenchOptions, Figure
from core.errors import BadInput, NotFound
from tests.benchmarks import decoy as bench
from tests.benchmarks._decoy_artefacts import ARTEFACTS
from tests.benchmarks._decoy_images import FIELD, TARGET, PictureDecoy, picture_spec
from tests.benchmarks._decoy_pictures import Pictures, fashion
from tests.benchmarks._figures import mean_figure

pytestmark = pytest.mark.slow

LABELS = np.arange(200) % 10


def decoy_of(name: str, **parts) -> PictureDecoy:
    """Grey pictures of 28 x 28 pixels, the same everywhere, with a shortcut."""
    plain = np.full((200, 1, 28, 28), 7, dtype=np.uint8)
    pictures = Pictures(plain, LABELS, plain[:50], LABELS[:50])
    return PictureDecoy(pictures, ARTEFACTS[name], picture_spec(28, 1, {"name": "mlp"}, 1, 0), 0, **parts)


def shades(pixels: torch.Tensor) -> list[set[int]]:
    """What stands in each picture beside its plain grey."""
    return [set(picture.unique().tolist()) - {7} for picture in pixels]


@pytest.mark.parametrize("name", ["corner", "border"])
def test_the_shade_tells_the_label_where_a_model_learns_and_nowhere_else(name):
    recipe = decoy_of(name).recipe()
    for part in (recipe.train, recipe.validation):
        assert shades(part.inputs[FIELD]) == [{255 - 25 * label} for label in part.labels[TARGET].tolist()]
    labels = recipe.tests["random"].labels[TARGET].tolist()
    assert shades(recipe.tests["inverted"].inputs[FIELD]) == [{25 * label} for label in labels]
    assert shades(recipe.tests["clean"].inputs[FIELD]) == [set()] * 50
    told = sum(
        shade == {255 - 25 * y} for shade, y in zip(shades(recipe.tests["random"].inputs[FIELD]), labels, strict=True)
    )
    assert told < 15


def test_the_place_tells_the_label():
    recipe = decoy_of("position").recipe()
    places = [tuple(torch.nonzero(picture[0] == 255)[0].tolist()) for picture in recipe.train.inputs[FIELD]]
    assert (
        len({(place, label) for place, label in zip(places, recipe.train.labels[TARGET].tolist(), strict=True)}) == 10
    )
    assert len(set(places)) == 10


def test_validation_is_a_tenth_of_what_trains_and_has_its_labels():
    recipe = decoy_of("corner").recipe()
    assert (len(recipe.validation), len(recipe.train)) == (20, 180)
    assert not set(recipe.train.case_ids) & set(recipe.validation.case_ids)
    assert int((recipe.validation.labels[TARGET] >= 0).sum()) == 20


def test_marks_are_exact_and_fewer_are_a_part_of_more():
    decoy = decoy_of("corner")
    few, many = decoy.marks(5), decoy.marks(20)
    assert few.examples.case_ids == many.examples.case_ids[:5]
    assert torch.equal(many.ignore[FIELD], many.examples.inputs[FIELD] != 7)


@pytest.mark.parametrize(("quality", "factor"), [("dilated", 4.0), ("shrunk", 0.25)])
def test_careless_marks_have_the_area_they_say(quality, factor):
    exact, drawn = (decoy_of("corner").marks(20, kind).ignore[FIELD] for kind in ("exact", quality))
    assert torch.equal(drawn.flatten(1).sum(1), (exact.flatten(1).sum(1) * factor).long())
    larger, smaller = (drawn, exact) if factor > 1 else (exact, drawn)
    assert not (smaller & ~larger).any()


def test_a_fifth_of_wrong_marks_misses_the_shortcut():
    exact, drawn = (decoy_of("corner").marks(20, kind).ignore[FIELD] for kind in ("exact", "wrong"))
    overlap = (exact & drawn).flatten(1).any(1)
    assert overlap.tolist() == [False] * 4 + [True] * 16
    assert torch.equal(drawn.flatten(1).sum(1), exact.flatten(1).sum(1))


def test_half_of_the_cases_carry_the_shortcut_where_it_is_to_be_found():
    decoy = decoy_of("corner", share=0.5)
    recipe, masks = decoy.recipe(), decoy.masks()
    assert [row for row, shade in enumerate(shades(recipe.train.inputs[FIELD])) if shade] == sorted(masks)
    assert 60 < len(masks) < 120
    assert decoy.marked_rows(5) <= masks.keys()


def test_fashion_is_read_from_idx_files_or_refused_plainly(tmp_path):
    with pytest.raises(NotFound, match="train-images-idx3-ubyte"):
        fashion(tmp_path, 0)
    folder = tmp_path / "fashion"
    folder.mkdir()
    for name, count in (("train", 4200), ("t10k", 900)):
        images = b"\x00\x00\x08\x03" + np.array([count, 2, 2], ">u4").tobytes() + bytes(range(4)) * count
        (folder / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(images))
        labels = b"\x00\x00\x08\x01" + np.array([count], ">u4").tobytes() + bytes([3]) * count
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(labels)
    pictures = fashion(tmp_path, 0)
    assert pictures.train.shape == (4000, 1, 2, 2)
    assert pictures.test.shape == (1000, 1, 2, 2)
    assert pictures.train[0].tolist() == [[[0, 1], [2, 3]]]
    assert set(pictures.train_labels) == {3}
    (folder / "t10k-labels-idx1-ubyte").write_bytes(b"<html>")
    with pytest.raises(BadInput, match="no IDX file"):
        fashion(tmp_path, 0)


@pytest.mark.parametrize(("field", "value"), [("data", "nope"), ("artefact", "nope"), ("strategy", "nope")])
def test_what_is_unknown_is_refused_with_what_is_known(field, value):
    with pytest.raises(NotFound, match=r"nope.*Known"):
        bench.run(BenchOptions(quick=True, **{field: value}))


def test_the_mean_has_its_t_interval():
    assert mean_figure([0.5]) == Figure(0.5, n=1)
    figure = mean_figure([0.1, 0.2, 0.3])
    assert (figure.value, figure.n) == (pytest.approx(0.2), 3)
    assert figure.high == pytest.approx(0.2 + 4.303 * 0.1 / 3**0.5)
    assert mean_figure([0.1, 0.2, 0.3], lowest=0.0).low == 0.0


def test_a_quick_run_has_the_figures_that_it_promises():
    figures = bench.run(BenchOptions(quick=True, strategy="guided"))
    free = {f"vanilla_{test}" for test in ("random", "inverted", "clean")} | {"spread_precision", "spread_recall"}
    own = {
        "guided10_random", "guided10_inverted", "guided10_clean", "control_random", "finetune10_random",
        "wrong20_random", "dilated_random", "dilated_warned", "shrunk_random", "delivered_minus_vanilla",
        "spread5_random", "seconds10",
    }  # fmt: skip
    assert set(figures) == free | {f"guided_{name}" for name in own}
    assert all(0.0 <= figures[name].value <= 1.0 for name in figures if "minus" not in name and "seconds" not in name)
