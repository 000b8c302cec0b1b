"""Insert, remove and swap on models whose answer is known by hand."""

import dataclasses

import numpy as np
import pytest
import torch

from core.learning.proof.base import behaviour
from core.learning.proof.insert import Insert
from core.learning.proof.price import swapped_out
from core.learning.proof.registry import measures
from core.learning.proof.remove import Remove, carriers, holding, phrases_by_field
from core.learning.proof.swap import Swap
from core.models.examples import Examples
from tests.helpers.gate_parts import gate_context, zeroed
from tests.helpers.learning_parts import DEVICE, marked
from tests.helpers.model_parts import NOTE, SMALL_TRANSFORMER, model_of, spec_of

SD = (1.0, 1.0)


def two_classes(**parts):
    return spec_of(targets=[{"name": "shape", "classes": ["a", "b"]}], encoder={"name": "mlp", "hidden": []}, **parts)


def corner_reader(spec):
    """Answers b where the top left pixel is brighter than one half, else a."""
    reader = zeroed(model_of(spec, 0, "v1", output_sd=SD))
    with torch.no_grad():
        head = reader.network.heads["target_shape"]
        head.bias[:] = torch.tensor([0.5, 0.0])
        head.weight[1, 0] = 1.0
    return reader


def pictures(count, bright):
    """Black pictures, the first `bright` of them with a white corner."""
    pixels = torch.zeros(count, 1, 6, 6, dtype=torch.uint8)
    pixels[:bright, :, :2, :2] = 255
    labels = torch.zeros(count, dtype=torch.int64)
    return Examples(tuple(range(count)), {"image": pixels}, {"shape": labels}, tuple(map(str, range(count))))


def corner_marks(spec, examples):
    mask = torch.zeros(len(examples), 1, 6, 6, dtype=torch.bool)
    mask[..., :2, :2] = True
    return marked(spec, examples, {"image": mask})


@pytest.fixture
def corner():
    """Forty ledger cases, half with a white corner; a champion that reads it, a candidate that does not."""
    spec = two_classes()
    ledger = pictures(40, 20)
    marks = corner_marks(spec, pictures(2, 2))
    constant = zeroed(model_of(spec, 1, "v2", output_sd=SD))
    return gate_context(spec, champion=corner_reader(spec), candidate=constant, marked=marks, ledger=ledger)


def test_insert_changes_the_dark_corners_alone(corner):
    found = behaviour(corner, "corner", Insert())
    assert found.changed[0]["shape"].tolist() == [0.0] * 20 + [1.0] * 20
    assert found.changed[1]["shape"].sum() == 0
    assert found.right[0]["shape"].sum() == 0  # all labels are a, and every pasted corner makes it b


def test_remove_takes_it_out_where_it_stands(corner):
    found = behaviour(corner, "corner", Remove())
    assert found.changed[0]["shape"].tolist() == [1.0] * 20 + [0.0] * 20
    assert found.right[0]["shape"].sum() == 40


def test_with_enough_marked_ledger_cases_only_they_are_asked(corner):
    own = dataclasses.replace(corner, marked=corner_marks(corner.spec, corner.ledger.select(range(20))))
    found = behaviour(own, "corner", Remove())
    assert found.cases.tolist() == list(range(20))
    assert found.changed[0]["shape"].sum() == 20


def test_a_marked_ledger_case_loses_its_own_place(corner):
    """One mark on another corner belongs to case 0: in it nothing is taken from the top left."""
    examples = corner.ledger.select([0])
    mask = torch.zeros(1, 1, 6, 6, dtype=torch.bool)
    mask[..., 4:, 4:] = True
    marks = marked(corner.spec, examples, {"image": mask})
    found = behaviour(dataclasses.replace(corner, marked=marks), "corner", Remove())
    assert found.changed[0]["shape"].sum() == 0


def test_swap_keeps_how_many_there_are(corner):
    found = behaviour(corner, "corner", Swap())
    # Every case gets another's corner: 20 of 39 others have the other kind.
    assert found.changed[0]["shape"].mean() == pytest.approx(20 / 39, abs=0.2)
    assert found.right[0]["shape"].mean() == pytest.approx(0.5)  # as many white corners as before
    assert swapped_out(corner) is found


def test_it_is_taken_once_and_afresh_for_another_comparison(corner):
    assert behaviour(corner, "corner", Insert()) is behaviour(corner, "corner", Insert())
    assert dataclasses.replace(corner).kept == {}


def test_all_models_see_the_same(corner):
    both = dataclasses.replace(
        corner,
        candidate=corner.champion,
        control=corner.champion,
        answers=(corner.answers[0], corner.answers[0]),
        control_answers=corner.answers[0],
    )
    for measure in measures():
        found = behaviour(both, "corner", measure)
        assert len(found.changed) == 3
        for own in found.changed[1:]:
            assert np.array_equal(own["shape"], found.changed[0]["shape"])


def test_words_are_taken_out_of_all_texts_that_hold_them():
    spec = spec_of(fields=[NOTE], encoder=SMALL_TRANSFORMER)
    texts = torch.zeros(4, NOTE["tokens"], dtype=torch.int64)
    texts[:, :4] = torch.tensor([[5, 7, 6, 8], [9, 7, 6, 0], [5, 6, 7, 0], [9, 9, 0, 0]])
    examples = Examples((0, 1, 2, 3), {"note": texts}, {"shape": torch.zeros(4, dtype=torch.int64)}, tuple("abcd"))
    mask = torch.zeros_like(texts, dtype=torch.bool)
    mask[0, 1:3] = True
    marks = marked(spec, examples.select([0]), {"note": mask[:1]}, "phrase")
    assert phrases_by_field(marks) == {"note": ((7, 6),)}
    assert holding(examples, marks).tolist() == [True, True, False, False]
    assert carriers(examples, marks).tolist() == [0, 1]
    context = gate_context(spec, marked=marks, ledger=examples)
    alteration = Remove().alteration(context, marks)
    altered = alteration.alter(examples.batch([0, 1], DEVICE), torch.tensor([0, 1]), torch.Generator())
    assert altered["note"][:, :3].tolist() == [[5, 8, 0], [9, 0, 0]]


def test_numbers_get_the_mean_and_categories_the_commonest():
    spec = spec_of(
        fields=[
            {"name": "age", "kind": "numeric"},
            {"name": "colour", "kind": "categorical", "categories": ["r", "g"]},
        ],
        encoder=None,
    )
    inputs = {"age": torch.tensor([[10.0], [20.0], [60.0]]), "colour": torch.tensor([[0], [1], [1]])}
    examples = Examples((0, 1, 2), inputs, {"shape": torch.zeros(3, dtype=torch.int64)}, tuple("abc"))
    everything = {name: torch.ones(1, 1, dtype=torch.bool) for name in inputs}
    marks = marked(spec, examples.select([0]), everything, "leak")
    context = gate_context(spec, marked=marks, ledger=examples)
    alteration = Remove().alteration(context, marks)
    altered = alteration.alter(examples.batch([0, 1, 2], DEVICE), torch.tensor([0, 1, 2]), torch.Generator())
    assert altered["age"].flatten().tolist() == [30.0, 30.0, 30.0]
    assert altered["colour"].flatten().tolist() == [1, 1, 1]


def test_large_networks_are_asked_less_and_n_says_so(corner, monkeypatch):
    monkeypatch.setattr("core.learning.proof.base.LARGE", 0)
    monkeypatch.setattr("core.learning.proof.base.CASES_LARGE", 12)
    assert Insert().alteration(corner, corner.marked).repeats == 2
    assert len(behaviour(corner, "corner", Swap()).cases) == 12
    found = behaviour(corner, "corner", Remove())
    assert found.cases.tolist() == sorted(found.cases.tolist())
    assert len(found.changed[0]["shape"]) == 12
