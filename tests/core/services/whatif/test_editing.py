"""Edits: what a field may become, and that nothing else can be done to it."""

import io

import numpy as np
import pytest
from PIL import Image

from core.contracts import Case, Edit, FieldSpec, FieldValue, PopulationView, TargetSpec, WorkspaceSpec
from core.errors import BadInput, NotFound
from core.media.masks import encode_mask
from core.services.whatif.editing import edited, ranges
from core.storage.columns import now
from tests.helpers.spotted import MIXED, paint_over, spot

CASE = "m004"


def _view(container, *edits, case=CASE):
    return container.whatif.predict(MIXED, case, edits, actor=container.default_actor)


def _field(view, name):
    return next(one for one in view.fields if one.name == name)


def _pixels(view) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(_field(view, "image").image)))


def _step(low, high, edges=()) -> float | None:
    field = FieldSpec(name="x", kind="numeric", minimum=low, maximum=high)
    spec = WorkspaceSpec(name="w", title="W", fields=(field,), targets=(TargetSpec(name="t", classes=("a", "b")),))
    population = PopulationView(n=9, missing=0, edges=edges, counts=(), below=None)
    return ranges(spec, {"x": population})[0].step


def test_ranges_are_those_of_the_workspace(shared):
    opened = shared.whatif.open(MIXED, CASE, actor=shared.default_actor)
    image, age, colour, note = opened.ranges
    assert (age.low, age.high, age.step, age.can_be_missing, age.sensitive) == (0.0, 120.0, 1.0, True, False)
    assert colour.categories == (("red", "Red"), ("green", "Green"), ("blue", "Blue"))
    assert colour.sensitive
    assert (image.low, note.low, image.can_be_missing, note.sensitive) == (None, None, True, False)


def test_steps_divide_a_range_into_about_a_hundred():
    assert _step(0.0, 1.0) == pytest.approx(1.0)  # two whole numbers: the data say no otherwise
    assert _step(0.0, 1.0, (0.0, 0.33, 1.0)) == pytest.approx(0.01)
    assert _step(0.0, 200.0, (-0.5, 0.5, 1.5)) == 1.0
    assert _step(0.0, 1000.0) == 10.0
    assert _step(0.5, 5.5, (0.5, 1.3, 5.5)) == pytest.approx(0.05)


def test_without_limits_a_range_is_what_training_cases_reach():
    assert _step(None, None, (10.0, 10.25, 11.0)) == pytest.approx(0.01)
    assert _step(None, None) is None


def test_an_edit_answers_what_the_edited_inputs_answer(shared):
    view = _view(shared, Edit("age", number=72.0), Edit("colour", text="blue"), Edit("note", missing=True))
    assert _field(view, "age").number == 72.0
    assert _field(view, "colour").words == "Blue"
    assert _field(view, "note").missing
    given = {"age": 72.0, "colour": "blue", "note": None, "image": _field(view, "image").image}
    known = shared.predictions.predict(MIXED, given)
    for one, other in zip(view.after.targets, known.targets, strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-5)
    assert view.before == shared.predictions.predict(MIXED, CASE)
    assert view.before != view.after


def test_no_edit_changes_nothing(shared):
    view = _view(shared)
    for one, other in zip(view.before.targets, view.after.targets, strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-6)


def test_the_last_edit_of_a_field_counts(shared):
    assert _field(_view(shared, Edit("age", number=1.0), Edit("age", number=2.0)), "age").number == 2.0


def test_painting_changes_the_painted_pixels_alone_and_the_answer(shared):
    before, view = _pixels(_view(shared)), _view(shared, paint_over())
    after = _pixels(view)
    assert np.array_equal(after[~spot()], before[~spot()])
    assert after[spot()].max() < 100 < before[spot()].min()
    assert (view.before.target("side").label, view.after.target("side").label) == ("above", "below")


def test_painting_twice_adds_up(shared):
    rows = [np.zeros((12, 12), dtype=bool) for _ in range(2)]
    rows[0][0], rows[1][11] = True, True
    edits = [Edit("image", mask=encode_mask(mask), fill="mean") for mask in rows]
    pixels = _pixels(_view(shared, *edits))
    assert len(np.unique(pixels[0])) == len(np.unique(pixels[11])) == 1
    assert np.array_equal(pixels[1:11], _pixels(_view(shared))[1:11])


def test_painted_noise_is_the_same_every_time(shared):
    first, again = (_pixels(_view(shared, paint_over(fill="noise"))) for _ in range(2))
    assert np.array_equal(first, again)


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (Edit("weight", number=1.0), "no field 'weight'"),
        (Edit("age", number=121.0), "120"),
        (Edit("age", number=-1.0), "0"),
        (Edit("age", number=float("nan")), "finite"),
        (Edit("age", number=float("inf")), "finite"),
        (Edit("age", text="old"), "needs a number"),
        (Edit("age"), "needs a number"),
        (Edit("colour", number=1.0), "needs a text"),
        (Edit("colour", text="pink"), "red, green, blue"),
        (Edit("image", text="x"), "needs a mask"),
        (Edit("note", mask=encode_mask(spot())), "can't be painted"),
        (paint_over(mask=encode_mask(np.ones((3, 4), dtype=bool))), "4 x 3"),
        (paint_over(mask=encode_mask(np.zeros((12, 12), dtype=bool))), "marks nothing"),
        (paint_over(mask=b"no picture"), "PNG"),
        (paint_over(fill="glitter"), "blur, mean, noise, neighbour"),
    ],
)
def test_what_can_not_be_done_is_refused(shared, edit, told):
    with pytest.raises(BadInput, match=told):
        _view(shared, edit)


def test_everything_missing_is_refused(shared):
    names = ("image", "age", "colour", "note")
    with pytest.raises(BadInput):
        _view(shared, *(Edit(name, missing=True) for name in names))


def test_a_palette_picture_is_painted_in_its_colours(shared):
    indexes = np.zeros((12, 12), dtype=np.uint8)
    indexes[:, 6:] = 1
    picture = Image.fromarray(indexes, mode="P")
    picture.putpalette([255, 0, 0, 0, 0, 255])
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    with shared.runtime.database.read() as tx:
        _, spec = shared.predictions.catalogue.workspace(tx, MIXED)
    blob = shared.runtime.blobs.put(buffer.getvalue())
    case = Case(0, "p", "p", "pool", (FieldValue("image", blob=blob),), {}, "", now())
    mask = np.zeros((12, 12), dtype=bool)
    mask[:, :6] = True
    edit = Edit("image", mask=encode_mask(mask), fill="mean")
    given = edited(case, spec, (edit,), shared.predictions.casebook, shared.runtime)
    pixels = np.asarray(Image.open(io.BytesIO(given["image"])))
    assert pixels.shape == (12, 12, 3)
    assert pixels[0, 0].tolist() == [128, 0, 128]
    assert pixels[0, 11].tolist() == [0, 0, 255]


def test_an_unknown_case_is_not_found(shared):
    with pytest.raises(NotFound):
        _view(shared, case="m999")
