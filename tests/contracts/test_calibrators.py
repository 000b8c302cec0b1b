"""Every registered way from logits to probabilities, and from those to answer sets."""

from typing import get_args

import numpy as np
import pytest

from core.contracts import CalibrationMethod, CalibrationSpec, SetMethod
from core.models.calibration import answer_sets, calibrated, calibrators, set_rules
from core.models.calibration.fitting import fit_calibration
from tests.helpers.calibration_parts import blank, cases_of, sample

METHODS = {one.name: one for one in calibrators()}
RULES = {one.name: one for one in set_rules()}


def test_every_name_of_the_workspace_file_has_one():
    assert tuple(METHODS) == get_args(CalibrationMethod)
    assert tuple(RULES) == get_args(SetMethod)


@pytest.mark.parametrize("classes", [2, 7])
@pytest.mark.parametrize("name", METHODS)
def test_calibrators(name, classes):
    method = METHODS[name]
    logits, labels = sample(max(40, method.fewest(classes)), classes)
    blanked = blank(classes, method=name)
    extreme = np.concatenate([sample(30, classes, seed=1)[0], np.full((1, classes), 700.0), np.eye(classes)[:1] * 40])
    for item in (blanked, method.fit(blanked, logits, labels)):  # one that was never fitted answers, too
        shown = calibrated(item, extreme.astype(np.float32))
        assert shown.dtype == np.float64
        assert (shown > 0).all()
        assert shown.sum(axis=1) == pytest.approx(np.ones(len(extreme)))
        assert np.array_equal(calibrated(item, extreme[:1].astype(np.float32))[0], shown[0])  # no case sees another
    fitted = method.fit(blanked, logits, labels)
    assert fitted.temperature == METHODS["temperature"].fit(blanked, logits, labels).temperature
    assert fitted.method == name
    assert method.title
    assert method.title != name


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", RULES)
def test_set_rules(name, method):
    rule = RULES[name]
    classes = max(4, rule.fewest_classes)
    logits, labels = sample(400, classes)
    item = fit_calibration(blank(classes), CalibrationSpec(method=method, sets=name), cases_of(logits, labels))
    others = calibrated(item, sample(300, classes, seed=1)[0])
    sets = answer_sets(item, others)
    assert sets.any(axis=1).all()
    assert sets.sum(axis=1).max() > 1
    top = others.argmax(axis=1)
    assert sets[np.arange(300), top].all()  # the most probable label is never ruled out
    scores = rule.scores(item, others)
    assert (np.diff(np.take_along_axis(scores, np.argsort(-others, axis=1), axis=1), axis=1) >= 0).all()
    assert answer_sets(item.model_copy(update={"threshold": rule.everything(item)}), others).all()
