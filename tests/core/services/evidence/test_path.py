"""The integrated path adds up: to the logits on the way, and to the map in the end."""

import io

import numpy as np
import pytest
from PIL import Image

from core.errors import BadInput
from core.models.preparation import Geometry
from core.services.evidence.path import LARGEST, smaller
from tests.helpers.evidence import form


def test_the_path_adds_up_to_the_map(shared):
    actor = shared.default_actor
    view = shared.evidence.path(form(), actor=actor)
    assert [step.place for step in view.steps] == pytest.approx([n / 12 for n in range(13)])
    change = abs(view.steps[-1].logit - view.steps[0].logit)
    for step in view.steps:
        assert step.total == pytest.approx(step.logit - view.steps[0].logit, abs=0.05 * change)
    assert {item.total for item in view.steps[0].fields} == {0.0}
    exact = shared.evidence.explain(form(method="integrated_gradients"), actor=actor)
    for last, known in zip(view.steps[-1].fields, exact.fields, strict=True):
        assert last.total == pytest.approx(known.total, abs=0.05 * change)
    assert view.baseline == exact.baseline
    assert shared.evidence.path(form(), actor=actor) is view


def test_every_step_is_drawn_on_the_scale_of_the_last(shared):
    view = shared.evidence.path(form(), actor=shared.default_actor, steps=4)
    alphas = [int(np.asarray(Image.open(io.BytesIO(step.fields[0].heat)))[..., 3].max()) for step in view.steps]
    assert alphas[0] == 0
    assert alphas[-1] > 200
    assert len(view.steps) == 5


def test_other_baselines_have_other_paths_and_several_have_none(shared):
    actor = shared.default_actor
    neutral, mean = (shared.evidence.path(form(baseline=name), actor=actor) for name in ("neutral", "mean"))
    assert neutral.steps[0].logit != mean.steps[0].logit
    assert neutral.steps[-1].logit == pytest.approx(mean.steps[-1].logit)
    with pytest.raises(BadInput, match="several baselines have no one path"):
        shared.evidence.path(form(baseline="background"), actor=actor)


def test_large_pictures_are_drawn_smaller_in_the_same_shape():
    place = smaller(Geometry(height=1000, width=2000, top=100, left=0, crop_height=800, crop_width=2000, size=8))
    assert (place.width, place.height, place.top, place.crop_height) == (LARGEST, LARGEST // 2, 19, 154)
    assert place.top + place.crop_height <= place.height
    small = Geometry(height=10, width=12, top=0, left=1, crop_height=10, crop_width=10, size=8)
    assert smaller(small) == small
