"""Cases of every kind of field through casebook and explanations: values, gaps, marks, and words' shares."""

from datetime import UTC, datetime

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.contracts import Case, FieldSpec, FieldValue, NewRegion, Region
from core.errors import BadInput
from core.models.network import LogitModule
from core.models.preparers.text import read_tokens
from core.services.casebook import mark_tokens
from core.services.evidence.texts import word_values
from tests.helpers.tiny_mixed import write_mixed_folder
from tests.helpers.tiny_product import open_home

WORKSPACE = "mixed"
METHODS = ("integrated_gradients", "occlusion")
NOTE = FieldSpec(name="note", kind="text", tokens=16)
PIECES = FieldSpec(name="note", kind="text", tokens=64, tokeniser="wordpiece")


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """The services on a home with all four kinds of field and a champion; tests only read."""
    folder = tmp_path_factory.mktemp("foundation")
    toml = write_mixed_folder(folder / "data")
    container = open_home(folder / "home")
    report = container.importing.import_folder(toml, toml.parent, actor=container.default_actor)
    container.jobs.wait(report.job_id or 0)
    yield container
    container.close()


@pytest.fixture(scope="module")
def world(mixed):
    """The stored cases by name, the workspace's declaration, and the champion."""
    catalogue = mixed.retraining.catalogue
    with mixed.runtime.database.read() as tx:
        workspace, spec = catalogue.workspace(tx, WORKSPACE)
        found = {case.name: case for case in catalogue.cases(tx, workspace)}
    return found, spec, catalogue.model(workspace)


def _missing(cases, field):
    """A stored case that lacks `field`."""
    return next(case for case in cases.values() if all(v.field != field or _empty(v) for v in case.fields))


def _empty(value):
    return value.blob is None and value.number is None and value.text is None


def test_examples_hold_every_kind_and_gaps_stay_gaps(mixed, world):
    cases, spec, _ = world
    chosen = [cases["m003"], _missing(cases, "age"), _missing(cases, "colour"), _missing(cases, "note")]
    examples = mixed.review.casebook.examples(chosen, spec, {})
    shapes = {name: (tuple(value.shape[1:]), value.dtype) for name, value in examples.inputs.items()}
    assert shapes == {
        "image": ((1, 12, 12), torch.uint8),
        "age": ((1,), torch.float32),
        "colour": ((1,), torch.int64),
        "note": ((16,), torch.int64),
    }
    assert examples.inputs["age"].isnan()[:, 0].tolist() == [False, True, False, False]
    assert (examples.inputs["colour"][:, 0] == -1).tolist() == [False, False, True, False]
    assert (examples.inputs["note"] == 0).all(dim=1).tolist() == [False, False, False, True]
    assert examples.labels["side"].tolist() == [-1] * 4


def test_no_case_is_an_empty_batch_of_the_right_shapes(mixed, world):
    examples = mixed.review.casebook.examples([], world[1], {})
    assert {name: tuple(value.shape) for name, value in examples.inputs.items()} == {
        "image": (0, 1, 12, 12),
        "age": (0, 1),
        "colour": (0, 1),
        "note": (0, 16),
    }


def test_a_required_value_that_is_gone_names_case_and_field(mixed, world):
    cases, spec, _ = world
    field = spec.field("age").model_copy(update={"required": True})
    strict = spec.model_copy(update={"fields": (field,)})
    gone = _missing(cases, "age")
    with pytest.raises(BadInput, match=f"Case '{gone.name}' has no 'age': it was erased, or never came"):
        mixed.review.casebook.inputs(gone, strict)


def _region(case, field, **mark):
    return Region(case.id, case.id, 1, "local", NewRegion(field, "ignore", mark.pop("artefact", "a"), **mark))


def test_marks_on_words_numbers_and_categories_become_masks(mixed, world):
    cases, spec, _ = world
    one, other = cases["m003"], cases["m004"]
    text = one.fields[-1].text
    start = text.index("noisy")
    regions = [
        _region(one, "note", spans=((start, start + 5),)),
        _region(one, "age", names=("age",)),
        _region(other, "colour", names=("colour",), artefact="b"),
    ]
    marked = mixed.review.casebook.marked({one.id: one, other.id: other}, regions, spec, {})
    assert len(marked) == 2
    assert marked.artefacts == ("a", "b")
    assert marked.kinds == {"image": "image", "age": "numeric", "colour": "categorical", "note": "text"}
    assert marked.ignore["age"][:, 0].tolist() == [True, False]
    assert marked.ignore["colour"][:, 0].tolist() == [False, True]
    words = [text[token.start : token.end] for token in read_tokens(text, NOTE)]
    assert [word for word, hit in zip(words, marked.ignore["note"][0].tolist(), strict=False) if hit] == ["noisy"]
    assert not marked.ignore["note"][1].any()
    assert not marked.ignore["image"].any()
    assert not any(mask.any() for mask in marked.look.values())


def test_marks_of_two_people_on_one_artefact_are_joined(mixed, world):
    case, spec = world[0]["m003"], world[1]
    regions = [_region(case, "note", spans=((0, 2),)), _region(case, "note", spans=((3, 6),))]
    marked = mixed.review.casebook.marked({case.id: case}, regions, spec, {})
    assert len(marked) == 1
    assert marked.ignore["note"][0].tolist() == [True, True, *[False] * 14]


def test_a_token_that_is_touched_is_marked():
    text = "👩🏽‍⚕️ marker left, e\u0301te\u0301"
    start = text.index("arke")
    assert mark_tokens(text, ((start, start + 1),), NOTE)[:4].tolist() == [False, True, False, False]
    assert not mark_tokens(text, ((start - 2, start - 1),), NOTE).any()
    assert not mark_tokens(None, ((0, 3),), NOTE).any()
    assert mark_tokens(text, ((len(text) - 1, len(text)),), NOTE)[: len(read_tokens(text, NOTE))][-1]


def test_word_values_sum_word_pieces():
    text = "Cardiomegaly seen 心臓"
    tokens = read_tokens(text, PIECES)
    found = word_values(text, torch.arange(1.0, len(tokens) + 1), PIECES)
    assert [text[start:end] for start, end, _ in found] == ["Cardiomegaly", "seen", "心臓"]
    whole = sum(1.0 + place for place, token in enumerate(tokens) if token.end <= len("Cardiomegaly"))
    assert found[0][2] == whole > 1.0
    assert sum(value for _, _, value in found) == sum(range(1, len(tokens) + 1))


@pytest.mark.parametrize("field", [NOTE, PIECES])
@given(text=st.text(max_size=40))
def test_word_values_keep_the_sum_whatever_the_text(field, text):
    try:
        tokens = read_tokens(text, field)
    except BadInput:
        return
    values = torch.arange(1.0, len(tokens) + 1)
    found = word_values(text, values, field)
    assert sum(value for _, _, value in found) == float(values.sum())
    assert all(0 <= start < end <= len(text) for start, end, _ in found)
    assert word_values(None, values, field) == ()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["m003", "m000", "m014", "m007"])
def test_maps_are_what_a_person_sees_of_each_kind(mixed, world, method, name):
    explained = mixed.predictions.explain(WORKSPACE, name, method, target="tone")
    case = world[0][name]
    assert list(explained.attributions) == ["image", "age", "colour", "note"]
    assert explained.attributions["image"].shape == (12, 12)
    assert isinstance(explained.attributions["age"], float)
    assert isinstance(explained.attributions["colour"], float)
    text = next((value.text for value in case.fields if value.field == "note"), None)
    assert all(0 <= start < end <= len(text) for start, end, _ in explained.attributions["note"])
    assert bool(explained.attributions["note"]) == (text is not None)


@pytest.mark.parametrize("name", ["m003", "m000", "m014", "m007"])
def test_the_sum_over_all_fields_is_the_difference_to_absent_within_the_error_that_is_shown(mixed, world, name):
    cases, spec, model = world
    explained = mixed.predictions.explain(WORKSPACE, name, "integrated_gradients", target="tone")
    total = sum(
        float(np.sum(value)) if isinstance(value, float | np.ndarray) else sum(part for _, _, part in value)
        for value in explained.attributions.values()
    )
    network = model.network
    prepared = mixed.review.casebook.inputs(cases[name], spec)
    label = model.manifest.target("tone").classes.index(explained.label)
    with torch.no_grad():
        entries = network.enter({field: torch.from_numpy(array)[None] for field, array in prepared.items()})
        module = LogitModule(network, "tone", [entry.present for entry in entries.values()])
        values = [entry.values for entry in entries.values()]
        absent = [network.encoder(field).neutral(entry.values) for field, entry in entries.items()]
        difference = float((module(*values) - module(*absent))[0, label])
    floor = 0.1 * model.manifest.target("tone").output_sd[label]
    error = abs(total - difference) / max(abs(difference), floor)
    assert error == pytest.approx(explained.completeness_error, abs=1e-3)
    assert error < 0.25


def test_a_missing_field_gets_no_attribution(mixed, world):
    cases = world[0]
    for field in ("age", "colour"):
        explained = mixed.predictions.explain(
            WORKSPACE, _missing(cases, field).name, "integrated_gradients", target="tone"
        )
        assert explained.attributions[field] == 0.0
    gone = mixed.predictions.explain(WORKSPACE, _missing(cases, "note").name, "integrated_gradients", target="tone")
    assert gone.attributions["note"] == ()


def test_the_champion_learnt_from_words_what_words_tell(mixed, world):
    """The tone stands in the words and the age alone."""
    cases, _, _ = world
    ledger = [case for case in cases.values() if case.split == "ledger" and not _empty_in(case, "note")]
    right = [
        mixed.predictions.predict(WORKSPACE, case.name).target("tone").label
        == ("loud" if "noisy" in case.fields[-1].text else "calm")
        for case in ledger
    ]
    assert np.mean(right) > 0.9


def _empty_in(case, field):
    return all(value.field != field or _empty(value) for value in case.fields)


def test_cases_without_a_value_have_fields_that_hold_nothing(mixed):
    case = Case(1, "c", "c", "train", (), {}, "hash", datetime(2026, 1, 1, tzinfo=UTC))
    assert mixed.review.casebook.value(case, "age") == FieldValue("age")
