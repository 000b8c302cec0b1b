"""Answers outside a review: a given input is answered like a stored case, checked like a row, and leaves no trace.

A person gets none for a case that waits for their read.
"""

import base64
import shutil

import numpy as np
import pytest

from core.contracts import Actor
from core.errors import BadInput, NotFound, Refused
from core.storage import cases
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


def of_split(container, split):
    with container.runtime.database.read() as tx:
        workspace = container.predictions.catalogue.workspace(tx, WORKSPACE)[0]
        return [case.name for case in cases.list_cases(tx, workspace.id, split)]


def read_it(container, name, *targets, actor=None):
    for target in targets:
        label = {"side": "above", "tone": "calm"}[target]
        container.review.commit_read(WORKSPACE, name, target, label, "likely", actor=actor or container.default_actor)


def test_a_person_gets_no_answer_for_a_case_that_they_still_have_to_read(mixed):
    predictions, me, waiting = mixed.predictions, mixed.default_actor, of_split(mixed, "pool")[0]
    read_it(mixed, waiting, "side", "tone", actor=Actor("other", "person", "Other"))
    for done in ((), ("side",)):
        read_it(mixed, waiting, *done)
        with pytest.raises(Refused, match=r"shown after your own read\. Choose a label and commit it first\..*review"):
            predictions.answered(WORKSPACE, waiting, reader=me)
        with pytest.raises(Refused, match="shown after your own read"):
            predictions.evidence(WORKSPACE, waiting, target="tone", reader=me)
    read_it(mixed, waiting, "tone")
    assert predictions.answered(WORKSPACE, waiting, reader=me).reveal.prediction.version == "v1"
    assert predictions.evidence(WORKSPACE, waiting, target="tone", reader=me).fields


def test_other_cases_given_inputs_and_programs_are_answered_without_a_read(mixed, inputs):
    predictions, me = mixed.predictions, mixed.default_actor
    for split in ("train", "calibration", "ledger"):
        assert predictions.answered(WORKSPACE, of_split(mixed, split)[0], reader=me).targets
    assert predictions.answered(WORKSPACE, inputs, reader=me).targets
    assert predictions.evidence(WORKSPACE, inputs, target="tone", reader=me).fields
    assert predictions.predict(WORKSPACE, of_split(mixed, "pool")[0]).version == "v1"


def test_examples_are_of_the_ledger_or_read_by_this_person(mixed):
    me, ledger, (read, half, others, *_) = mixed.default_actor, set(of_split(mixed, "ledger")), of_split(mixed, "pool")
    assert set(mixed.predictions.examples(WORKSPACE, me, 1000)) == ledger
    read_it(mixed, read, "side", "tone")
    read_it(mixed, half, "side")
    read_it(mixed, others, "side", "tone", actor=Actor("other", "person", "Other"))
    names = mixed.predictions.examples(WORKSPACE, me, 1000)
    assert names == tuple(sorted(ledger | {read}))
    assert mixed.predictions.examples(WORKSPACE, me, 3) == names[:3]


def test_where_no_read_comes_first_a_person_is_answered_at_once(mixed, mixed_home, tmp_path):
    folder = shutil.copytree(mixed_home / "data", tmp_path / "data")
    toml = folder / "mixed.toml"
    toml.write_text(toml.read_text() + '\n[reading]\nmode = "concurrent"\n')
    mixed.importing.import_folder(toml, folder, actor=mixed.default_actor)
    waiting = of_split(mixed, "pool")[0]
    assert mixed.predictions.answered(WORKSPACE, waiting, reader=mixed.default_actor).targets
