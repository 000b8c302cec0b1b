import numpy as np
import pytest

from core.contracts import CalibrationSpec
from core.models.calibration import answer_sets, calibrated, fit_temperature, set_rule, softmax
from core.models.calibration.fitting import fit_calibration
from core.models.calibration.sets.base import of_truth, order_statistic
from core.models.manifest import Manifest, TargetCalibration, read_manifest
from tests.helpers.calibration_parts import blank, cases_of, sample
from tests.helpers.model_parts import manifest_of, spec_of


def test_the_usual_calibration_is_temperature_and_least_ambiguous_sets():
    logits, labels = sample(300)
    item = fit_calibration(blank(), CalibrationSpec(), cases_of(logits, labels))
    heat = fit_temperature(logits, labels)
    assert (item.method, item.sets, item.calibration_n, item.notes) == ("temperature", "lac", 300, ())
    assert item.temperature == heat
    scores = of_truth(set_rule("lac").scores(item, softmax(logits, heat)), labels)
    assert item.threshold == order_statistic(scores, 0.9)
    assert item.before is not None
    assert item.after is not None
    assert item.after.value < item.before.value
    assert item.before.low < item.before.value < item.before.high


@pytest.mark.parametrize(("method", "needed"), [("vector", 80), ("isotonic", 200)])
def test_too_few_cases_fall_back_to_the_temperature_and_say_so(method, needed):
    logits, labels = sample(needed - 1)
    item = fit_calibration(blank(), CalibrationSpec(method=method), cases_of(logits, labels))
    assert item.method == "temperature"
    assert f"needs {needed} calibration cases and there are {needed - 1}" in item.notes[0]
    logits, labels = sample(needed)
    assert fit_calibration(blank(), CalibrationSpec(method=method), cases_of(logits, labels)).method == method


def test_one_case_rules_nothing_out():
    item = fit_calibration(blank(), CalibrationSpec(sets="aps"), cases_of(*sample(1)))
    assert item.temperature == 1.0
    assert answer_sets(item, calibrated(item, sample(20, seed=1)[0])).all()


def test_isotonic_sets_keep_their_promise_although_the_functions_bend_to_the_cases():
    covered = []
    for seed in range(10):
        logits, labels = sample(1200, classes=5, seed=seed)
        cases = cases_of(logits[:200], labels[:200])
        item = fit_calibration(blank(5, coverage=0.8), CalibrationSpec(method="isotonic"), cases)
        sets = answer_sets(item, calibrated(item, logits[200:]))
        covered.append(sets[np.arange(1000), labels[200:]].mean())
    assert np.mean(covered) > 0.785


def test_groups_get_coverage_of_their_own_and_small_ones_that_of_all():
    logits, labels = sample(3000, sharpness=1.0)
    hard = np.arange(3000) % 3 == 0
    labels[hard] = np.random.default_rng(0).integers(4, size=hard.sum())  # where nothing can be known
    known = [{"view": "AP" if one else "PA"} for one in hard]
    for row in range(10):
        known[row] = {"view": "rare"}
    half = slice(0, 1500)
    wanted, cases = CalibrationSpec(groups="view"), cases_of(logits[half], labels[half], known[half])
    grouped = fit_calibration(blank(), wanted, cases)
    assert grouped.set_groups is not None
    assert set(grouped.set_groups.thresholds) == {"AP", "PA"}
    assert grouped.set_groups.cases["rare"] == 10
    assert "rare (10)" in grouped.notes[0]

    def covered(item):
        sets = answer_sets(item, calibrated(item, logits[1500:]), known[1500:])
        right = sets[np.arange(1500), labels[1500:]]
        return right[hard[1500:]].mean(), right[~hard[1500:]].mean()

    apart, together = covered(grouped), covered(grouped.model_copy(update={"set_groups": None}))
    assert together[0] < 0.85 < 0.92 < together[1]
    assert np.abs(np.array(apart) - 0.9).max() < 0.04


def test_manifests_keep_every_number_and_those_of_before_still_load():
    logits, labels = sample(300)
    known = [{"view": "AP"} for _ in labels]
    for method in ("vector", "isotonic"):
        wanted = CalibrationSpec(method=method, sets="raps", groups="view")
        item = fit_calibration(blank(), wanted, cases_of(logits, labels, known))
        assert TargetCalibration.model_validate_json(item.model_dump_json()) == item
    old = manifest_of(spec_of(), temperature=2.0, threshold=0.3)
    kept = {"target", "classes", "temperature", "threshold", "coverage", "calibration_n", "output_sd"}
    text = old.model_dump(mode="json")
    text["targets"] = [{key: value for key, value in one.items() if key in kept} for one in text["targets"]]
    assert read_manifest(Manifest.model_validate(text, strict=False).to_bytes()) == old
