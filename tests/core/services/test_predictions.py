"""Answers for programs: a given input is answered like the stored case, is checked like a row, and leaves no trace."""

import base64

import numpy as np
import pytest

from core.errors import BadInput, NotFound
from tests.helpers.tiny_folder import SIZE
from tests.helpers.tiny_mixed import write_mixed_folder
from tests.helpers.tiny_product import copy_home, open_home

WORKSPACE, CASE = "mixed", "m003"


@pytest.fixture(scope="module")
def mixed_home(tmp_path_factory):
    """A home with all four kinds of field and a champion."""
    folder = tmp_path_factory.mktemp("mixed")
    toml = write_mixed_folder(folder / "data")
    container = open_home(folder / "home")
    report = container.importing.import_folder(toml, toml.parent, actor=container.default_actor)
    container.jobs.wait(report.job_id or 0)
    container.close()
    return folder


@pytest.fixture
def mixed(mixed_home, tmp_path):
    """The services on a copy of it."""
    container = open_home(copy_home(mixed_home / "home", tmp_path / "home"))
    yield container
    container.close()


@pytest.fixture
def inputs(mixed, mixed_home):
    """The inputs of the stored case, as a program sends them."""
    values = {field.name: field for field in mixed.predictions.answered(WORKSPACE, CASE).fields}
    png = (mixed_home / "data" / f"{CASE}.png").read_bytes()
    return {
        "image": base64.b64encode(png).decode(),
        "age": values["age"].number,
        "colour": values["colour"].text,
        "note": values["note"].text,
    }


def files_of(container):
    """Every file of the home with its content, but for the database's own."""
    home = container.settings.home
    return {path: path.read_bytes() for path in home.rglob("*") if path.is_file() and "tandem.db" not in path.name}


def test_a_given_input_is_answered_like_the_stored_case(mixed, inputs):
    assert mixed.predictions.predict(WORKSPACE, inputs) == mixed.predictions.predict(WORKSPACE, CASE)


def test_a_given_input_is_explained_like_the_stored_case(mixed, inputs):
    stored = mixed.predictions.explain(WORKSPACE, CASE, "integrated_gradients", target="tone")
    given = mixed.predictions.explain(WORKSPACE, inputs, "integrated_gradients", target="tone")
    assert (stored.case, given.case) == (CASE, None)
    assert (given.label, given.completeness_error) == (stored.label, pytest.approx(stored.completeness_error))
    assert given.attributions["image"].shape == (SIZE, SIZE)
    np.testing.assert_allclose(given.attributions["image"], stored.attributions["image"], atol=1e-6)
    assert given.attributions["age"] == pytest.approx(stored.attributions["age"], abs=1e-6)
    assert [span[:2] for span in given.attributions["note"]] == [span[:2] for span in stored.attributions["note"]]


def test_nothing_of_a_given_input_is_kept(mixed, inputs):
    before = files_of(mixed)
    inputs = inputs | {"note": "Xylophone, a word that nobody wrote before."}
    mixed.predictions.predict(WORKSPACE, inputs)
    mixed.predictions.answered(WORKSPACE, inputs)
    mixed.predictions.evidence(WORKSPACE, inputs, target="tone")
    assert files_of(mixed) == before
    database = b"".join(path.read_bytes() for path in mixed.settings.home.glob("tandem.db*"))
    assert b"Xylophone" not in database


def test_what_is_missing_may_be_left_out(mixed):
    answer = mixed.predictions.answered(WORKSPACE, {"age": 30})
    assert [field.missing for field in answer.fields] == [True, False, True, True]
    assert set(answer.reveal.prediction.target("tone").classes) == {"calm", "loud"}
    assert "integrated_gradients" in answer.reveal.methods


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "no field has a value"),
        ({"weight": 3}, "no field 'weight'.*image, age, colour, note"),
        ({"age": 300}, "out of range"),
        ({"age": "old"}, "no number"),
        ({"age": float("nan")}, "no number"),
        ({"age": True}, "wanted a number"),
        ({"age": [1]}, "a list"),
        ({"colour": "violet"}, "'violet' is no category"),
        ({"note": "x" * 200_000}, "200,000 characters"),
        ({"note": "a\0b"}, "NUL"),
        ({"image": 5}, "base64"),
        ({"image": "??"}, "not base64"),
        ({"image": base64.b64encode(b"hello").decode()}, "no image"),
        ({"image": "data:image/png;base64,aGVsbG8="}, "no image"),
    ],
)
def test_what_can_not_be_used_is_refused_in_words(mixed, change, words):
    with pytest.raises(BadInput, match=words):
        mixed.predictions.predict(WORKSPACE, change)


def test_unknown_names_are_told(mixed):
    with pytest.raises(NotFound, match="nope"):
        mixed.predictions.predict("nope", {"age": 3})
    with pytest.raises(BadInput, match="several targets"):
        mixed.predictions.explain(WORKSPACE, {"age": 3})
    with pytest.raises(NotFound, match="no label"):
        mixed.predictions.explain(WORKSPACE, {"age": 3}, label="purple", target="tone")
    with pytest.raises(NotFound, match="magic"):
        mixed.predictions.explain(WORKSPACE, {"age": 3}, "magic", target="tone")
