"""Remove a region and predict again: equal to asking about the case without it; next to as much elsewhere."""

import dataclasses
import io

import numpy as np
import pytest
import torch
from PIL import Image

from core.contracts import FieldSpec, MarkForm, TargetSpec, WorkspaceSpec
from core.errors import Unavailable
from core.media.masks import encode_mask
from core.models.engine import Engine
from core.models.network import TandemNetwork
from core.services.evidence.elsewhere import PLACES, elsewhere
from core.services.evidence.removal import painted, share_of, shortened
from tests.helpers.evidence import CASE, MIXED, TONE, form, square, stored


@pytest.fixture
def inputs(shared):
    """The inputs of the case, as a program sends them."""
    fields = {view.name: view for view in shared.predictions.answered(MIXED, CASE).fields}
    values = {"image": fields["image"].image, "age": fields["age"].number}
    return values | {"colour": fields["colour"].text, "note": fields["note"].text}


def test_a_field_is_answered_as_if_it_were_missing(shared, inputs):
    marks = (MarkForm("age", "ignore", names=("age",)),)
    removed = shared.evidence.remove(form(), actor=shared.default_actor, region=marks)
    known = shared.predictions.predict(MIXED, {**inputs, "age": None})
    assert removed.after.target(TONE).probabilities == pytest.approx(known.target(TONE).probabilities, abs=1e-5)
    assert removed.before == shared.predictions.predict(MIXED, CASE)
    assert [view.name for view in removed.fields if view.missing] == ["age"]
    assert removed.share == pytest.approx((0 + 0 + 1 / 2) / 3)


def test_words_are_left_out_of_the_text(shared, inputs):
    spans = ((0, 6),)
    removed = shared.evidence.remove(
        form(), actor=shared.default_actor, region=(MarkForm("note", "ignore", spans=spans),)
    )
    text = inputs["note"].split(" ", 2)[2]
    known = shared.predictions.predict(MIXED, {**inputs, "note": text})
    assert removed.after.target(TONE).probabilities == pytest.approx(known.target(TONE).probabilities, abs=1e-5)
    assert next(view.text for view in removed.fields if view.name == "note") == text


def test_pixels_are_filled_and_the_others_stay(shared, inputs):
    mask = square(12, 12, 4)
    region = (MarkForm("image", "ignore", mask=encode_mask(mask)),)
    removed = shared.evidence.remove(form(), actor=shared.default_actor, region=region, fill="mean")
    before = np.asarray(Image.open(io.BytesIO(inputs["image"])))
    after = np.asarray(Image.open(io.BytesIO(removed.fields[0].image)))
    assert np.array_equal(after[~mask], before[~mask])
    assert set(after[mask].tolist()) == {round(float(before.mean()))}
    known = shared.predictions.predict(MIXED, {**inputs, "image": removed.fields[0].image})
    assert removed.after.target(TONE).probabilities == pytest.approx(known.target(TONE).probabilities, abs=1e-5)
    assert removed.share == pytest.approx(16 / 144 / 3)


def test_without_a_region_the_hottest_words_go_and_the_answer_flips(shared):
    removed = shared.evidence.remove(form(method="integrated_gradients"), actor=shared.default_actor)
    text = next(view.text for view in removed.fields if view.name == "note")
    assert "noisy" not in text
    assert "party" not in text
    assert (removed.label, removed.flipped) == ("loud", True)
    assert removed.change < -0.5
    assert removed.elsewhere is not None
    assert removed.elsewhere.low > removed.change
    assert "the answer becomes 'calm'" in removed.words
    assert "As much removed elsewhere changes it by" in removed.words


def test_the_same_question_has_the_same_answer(shared):
    region = (MarkForm("image", "ignore", mask=encode_mask(square(12, 12, 4))),)
    one, other = (
        shared.evidence.remove(form(), actor=shared.default_actor, region=region, fill="noise") for _ in range(2)
    )
    assert one == other
    assert one.elsewhere.n >= 8


def test_a_required_field_takes_the_average_entry(shared):
    model, case = stored(shared)
    spec = model.spec.model_copy(
        update={"fields": tuple(f.model_copy(update={"required": f.name != "note"}) for f in model.spec.fields)}
    )
    strict = dataclasses.replace(model, spec=spec, key=f"{model.key} strict")
    masks = {"age": np.array([True]), "colour": np.array([False])}
    removed = shared.evidence.removing.remove(strict, case, TONE, masks, "blur")
    view = next(view for view in removed.fields if view.name == "age")
    assert (view.missing, view.words) == (True, "the average of all cases")
    mean = float(model.network.encoder("age").neutral(next(iter(model.network.parameters())).new_zeros(1, 1)))
    fields = {view.name: view for view in shared.predictions.answered(MIXED, CASE).fields}
    given = {"image": fields["image"].image, "age": mean, "colour": fields["colour"].text, "note": fields["note"].text}
    known = shared.predictions.predict(MIXED, given).target(TONE)
    assert removed.after.target(TONE).probabilities == pytest.approx(known.probabilities, abs=1e-4)


@pytest.mark.parametrize("part", ["predict_many", "enter"])
def test_when_memory_runs_out_fewer_are_asked_at_a_time(shared, monkeypatch, part):
    model, case = stored(shared)
    required = part == "enter"  # a required field is answered by the network itself
    spec = model.spec.model_copy(
        update={"fields": tuple(f.model_copy(update={"required": required}) for f in model.spec.fields)}
    )
    asked = dataclasses.replace(model, spec=spec, key=f"{model.key} {part}")
    removing = shared.evidence.removing
    regions = [{"image": square(12, 12, side), "age": np.array([side == 2])} for side in (2, 4, 6)]
    variants = [removing._without(asked, case, masks, "blur") for masks in regions]
    expected = removing._answers(asked, variants)
    owner = TandemNetwork if required else Engine
    whole, most, sizes = getattr(owner, part), [1], []

    def limited(self, *given, **named):
        rows = len(next(iter(given[-1].values())))
        if rows > most[0]:
            torch.empty(10**14)
        sizes.append(rows)
        return whole(self, *given, **named)

    monkeypatch.setattr(owner, part, limited)
    found = removing._answers(asked, variants)
    assert sizes == [1, 1, 1]
    for one, other in zip(found, expected, strict=True):
        assert one.target(TONE).probabilities == pytest.approx(other.target(TONE).probabilities, abs=1e-5)
    most[0] = 0
    with pytest.raises(Unavailable, match="too little memory"):
        removing._answers(asked, variants)


SPEC = WorkspaceSpec(
    name="w",
    title="W",
    fields=(
        FieldSpec(name="image", kind="image", size=20),
        FieldSpec(name="a", kind="numeric"),
        FieldSpec(name="b", kind="numeric"),
        FieldSpec(name="c", kind="numeric"),
        FieldSpec(name="note", kind="text", tokens=16),
    ),
    targets=(TargetSpec(name="t", classes=("x", "y")),),
)


def test_elsewhere_has_the_same_size_and_shape_and_hardly_overlaps():
    masks = {"image": square(20, 20, 5), "a": np.array([False])}
    found = elsewhere(masks, SPEC)
    assert len(found) == PLACES
    assert len({one["image"].tobytes() for one in found}) == PLACES
    for one in found:
        rows, columns = np.nonzero(one["image"])
        assert one["image"].sum() == 25
        assert (np.ptp(rows), np.ptp(columns)) == (4, 4)  # a square still: nothing is wrapped around
        assert (one["image"] & masks["image"]).sum() <= 12
    assert all(np.array_equal(a["image"], b["image"]) for a, b in zip(found, elsewhere(masks, SPEC), strict=True))


def test_elsewhere_of_words_and_fields():
    words = np.zeros(12, dtype=bool)
    words[2:4] = True
    for one in elsewhere({"note": words}, SPEC):
        places = np.flatnonzero(one["note"])
        assert len(places) == 2
        assert places[1] - places[0] == 1
        assert not (one["note"] & words).any()
    table = {"a": np.array([True]), "b": np.array([False]), "c": np.array([False])}
    found = [tuple(name for name, mask in one.items() if mask.any()) for one in elsewhere(table, SPEC)]
    assert sorted(found) == [("b",), ("c",)]
    assert elsewhere({"a": np.array([True])}, SPEC) == []
    assert elsewhere({"note": np.ones(4, dtype=bool)}, SPEC) == []


@pytest.mark.parametrize(
    ("text", "gone", "left"),
    [
        ("No acute disease.", [False, True], "No disease."),
        ("No acute disease.", [True, True, True, True], ""),
        ("line one\nline two", [False, True], "line\nline two"),
        ("a-b c", [False, True], "a b c"),
        ("Keep all", [], "Keep all"),
    ],
)
def test_a_text_without_some_words(text, gone, left):
    assert shortened(text, np.array(gone, dtype=bool)) == left


def test_shares_count_the_table_once():
    masks = {"image": square(20, 20, 10), "a": np.array([True]), "b": np.array([False])}
    assert share_of(masks, SPEC) == pytest.approx((0.25 + 0.5) / 2)


def test_painting_leaves_the_rest_to_the_bit():
    pixels = torch.arange(400, dtype=torch.int64).remainder(256).to(torch.uint8).reshape(1, 20, 20)
    for how in ("blur", "mean", "noise", "neighbour"):
        changed = painted(pixels, square(20, 20, 6), how)
        assert torch.equal(changed[:, 6:], pixels[:, 6:])
        assert not torch.equal(changed, pixels)
