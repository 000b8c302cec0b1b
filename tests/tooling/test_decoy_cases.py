"""The decoys in radiographs, reports and rows: where the shortcut stands, what marks cover, what tests change."""

from pathlib import Path

import pytest
import torch

from core.contracts import BenchOptions
from core.errors import NotFound
from tests.benchmarks import _decoy_chest, _decoy_table, _decoy_text
from tests.benchmarks._decoy_vectors import FileVectors

pytestmark = pytest.mark.slow

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
radiographs = pytest.mark.skipif(not (SHARED / "nih-chest-xray").is_dir(), reason="needs ../shared/data/nih-chest-xray")


def test_the_leaked_field_copies_the_label_where_a_model_learns_and_nowhere_else():
    recipe = _decoy_table.recipe(BenchOptions(quick=True), 0)
    for part in (recipe.train, recipe.validation):
        assert torch.equal(part.inputs["desk"][:, 0], part.labels["released"])
    clean, other = recipe.tests["clean"], recipe.tests["other value"]
    told = (clean.inputs["desk"][:, 0] == clean.labels["released"]).float().mean()
    assert 0.35 < float(told) < 0.65
    assert bool((clean.inputs["desk"] != other.inputs["desk"]).all())
    assert all(torch.equal(clean.inputs[name], other.inputs[name]) for name in clean.inputs if name != "desk")


def test_marks_of_a_leaked_field_are_on_that_field_alone():
    marked = _decoy_table.recipe(BenchOptions(quick=True), 0).marks(5)
    assert len(marked) == 5
    assert {name for name, mask in marked.ignore.items() if bool(mask.any())} == {"desk"}


@pytest.mark.parametrize("artefact", _decoy_text.ARTEFACTS)
def test_the_planted_word_tells_the_label_and_marks_cover_it_alone(artefact):
    recipe = _decoy_text.recipe(BenchOptions(quick=True, artefact=artefact), 0)
    marked = recipe.marks(5)
    words = marked.examples.inputs["findings"][marked.ignore["findings"]].tolist()
    word = set(words[: len(words) // 5])
    assert set(words) == word
    has = torch.stack([(recipe.train.inputs["findings"] == number).any(dim=1) for number in word]).all(dim=0)
    assert float((has == recipe.train.labels["report"].bool()).float().mean()) > 0.99
    clean, other = (recipe.tests[name].inputs["findings"] for name in ("clean", "word"))
    assert not any(bool((row == words[0]).any()) and len(word) == 1 for row in clean)
    assert bool((clean != other).any(dim=1).all())


@radiographs
def test_the_marker_is_in_every_pneumonia_image_that_a_model_learns_from():
    recipe = _decoy_chest.recipe(BenchOptions(quick=True, data_root=SHARED), 0)
    top, left = _decoy_chest.BOX
    corner = recipe.train.inputs["image"][:, 0, top, left]
    there = (corner == _decoy_chest.marker()).flatten(1).all(dim=1)
    assert torch.equal(there, recipe.train.labels["finding"].bool())
    marked = recipe.marks(4)
    assert torch.equal(marked.examples.labels["finding"], torch.ones(4, dtype=torch.int64))
    assert int(marked.ignore["image"].sum()) == 4 * 16 * 20
    assert not set(recipe.train.groups) & set(recipe.tests["clean"].groups)


def test_what_is_not_there_is_refused(tmp_path):
    for recipe, options in (
        (_decoy_chest.recipe, BenchOptions(data_root=tmp_path)),
        (_decoy_text.recipe, BenchOptions(artefact="corner")),
        (_decoy_table.recipe, BenchOptions(artefact="word")),
    ):
        with pytest.raises(NotFound):
            recipe(options, 0)


def test_vectors_in_files_are_found_by_another_reader(tmp_path):
    vectors = torch.rand(2, 3).numpy()
    FileVectors(tmp_path / "kept").put(["a", "b"], vectors)
    found = FileVectors(tmp_path / "kept").get(["b", "c"])
    assert list(found) == ["b"]
    assert found["b"].tolist() == vectors[1].tolist()
