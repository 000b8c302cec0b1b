"""Quality reports on the real services: what is measured, kept, skipped and stopped."""

import json

import numpy as np
import pytest

from core.contracts import MarkForm
from core.errors import BadInput, Cancelled, NotFound, UserError
from core.media.masks import encode_mask
from core.services.trust.marked import MarkedCases
from core.services.trust.material import ReportQuestion
from core.services.trust.reports import QualityReports
from core.storage import quality, versions
from explain.assessment.questions import Plan
from explain.registry import explainer, explainers
from tests.helpers.planted_methods import failing, random_map
from tests.helpers.tiny_folder import SIZE
from tests.helpers.tiny_product import TARGET, WORKSPACE, corner_mark, names_of, retrain, verdict

pytestmark = pytest.mark.slow

LIGHT = Plan(steps=6, orders=3, cells=6, stages=2, stage_cases=3, repeat_cases=3)
METHODS = ("saliency", "input_x_gradient")


class Listener:
    """Remembers what was reported; raises when it is time to stop."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.heard = []
        self.stop_after = stop_after

    def report(self, progress) -> None:
        self.heard.append(progress)
        if self.stop_after is not None and len(self.heard) > self.stop_after:
            raise Cancelled("Somebody asked this job to stop.")


def measure(product, *methods, cases=12, version="v1", listener=None):
    """A light report of the tiny workspace."""
    parts = product.trust
    found = QualityReports(
        parts.catalogue, parts.explaining.casebook, parts.explaining, lambda: _registry(methods), LIGHT
    )
    return found.measure(ReportQuestion(WORKSPACE, version, TARGET, cases=cases), listener or Listener())


def _registry(methods):
    return (*(explainer(name) for name in METHODS), *methods)


def look_here(top: bool) -> MarkForm:
    """A *look here* mark on the upper or the lower half."""
    mask = np.zeros((SIZE, SIZE), dtype=bool)
    mask[: SIZE // 2 if top else SIZE, :] = True
    mask[: 0 if top else SIZE // 2, :] = False
    return MarkForm("image", "look_here", None, encode_mask(mask))


def test_a_report_is_made_by_the_worker_kept_and_recorded(product):
    run = product.trust.start_report(WORKSPACE, actor=product.default_actor, methods=METHODS, cases=6)
    product.jobs.wait(run.job_id)
    view = product.trust.view(WORKSPACE)
    report = view.report
    assert view.run.status == "done"
    assert {one.method for one in report.methods} == set(METHODS)
    assert (report.version, report.target, report.cases, report.skipped, report.flips) == ("v1", TARGET, 6, (), ())
    assert all({test.name for test in one.tests} >= {"deletion_random", "randomisation"} for one in report.methods)
    assert all(one.seconds.n == 6 for one in report.methods)
    (pair,) = report.agreement
    assert {pair.one, pair.other} == set(METHODS)
    event = product.audit.events(kind="quality")[0]
    assert "measured a version's explanations" in event.summary
    with product.runtime.database.read() as tx:
        workspace = product.retraining.catalogue.workspace(tx, WORKSPACE)[0]
        assert quality.get(tx, versions.get(tx, workspace.id, "v1").id, TARGET) == report
    assert dict(event.details)["methods"] == "2"
    again = product.trust.start_report(WORKSPACE, actor=product.default_actor, methods=METHODS, cases=6)
    assert again.job_id != run.job_id


def test_a_useless_method_is_not_supported_and_comes_last(product):
    report = measure(product, random_map(), cases=20)
    assert [one.method for one in report.methods][-1] == "random_map"
    useless = report.methods[-1]
    assert useless.support == "not supported"
    assert "random" in useless.reason
    assert report.default in METHODS


def test_two_reports_of_the_same_say_the_same(product):
    one, other = (measure(product, cases=6) for _ in range(2))
    assert [method.tests for method in one.methods] == [method.tests for method in other.methods]
    assert one.agreement == other.agreement


def test_a_method_that_fails_on_some_cases_goes_on_with_the_rest(product):
    report = measure(product, failing(lambda inputs: float(inputs[0][0, 0, 0, 0]) > 0.35), cases=12)
    partly = next(one for one in report.methods if one.method == "failing")
    assert 0 < partly.seconds.n < 12
    assert f"could not explain {12 - partly.seconds.n} of 12 cases: failed on purpose" in partly.reason


def test_a_method_that_fails_on_all_cases_is_listed_with_the_reason(product):
    listener = Listener()
    report = measure(product, failing(lambda inputs: True), cases=6, listener=listener)
    assert [name for name, _ in report.skipped] == ["failing"]
    assert "failed on purpose" in report.skipped[0][1]
    assert {one.method for one in report.methods} == set(METHODS)


def test_progress_tells_method_case_and_time_left(product):
    listener = Listener()
    measure(product, cases=4, listener=listener)
    told = [one for one in listener.heard if one.message.startswith("case")]
    assert [one.done for one in told] == list(range(1, 9))
    assert {one.total for one in told} == {8}
    assert told[0].stage == "Saliency (1 of 2)"
    assert told[-1].message == "case 4 of 4"
    assert told[-1].seconds_left == pytest.approx(0, abs=1e-6)
    assert all(one.seconds_left >= 0 for one in told)


@pytest.mark.parametrize("after", [0, 1, 5])
def test_cancel_in_the_middle_stops_it(product, after):
    with pytest.raises(Cancelled):
        measure(product, cases=6, listener=Listener(after))
    assert product.trust.view(WORKSPACE).report is None


def test_cancel_while_one_case_takes_long(product, monkeypatch):
    monkeypatch.setattr("core.services.trust.following.LOOK_SECONDS", 0.0)
    listener = Listener(2)
    with pytest.raises(Cancelled):
        measure(product, cases=6, listener=listener)
    assert len(listener.heard) == 3
    assert not listener.heard[-1].message.startswith("case 6")


def test_cancel_while_marked_cases_are_explained(product, monkeypatch):
    monkeypatch.setattr("core.services.trust.following.LOOK_SECONDS", 0.0)
    for name in names_of(product, "pool")[:2]:
        verdict(product, name, marks=(corner_mark(),))
    listener = Listener()
    plain = MarkedCases.inside

    def inside(self, *arguments):
        listener.stop_after = len(listener.heard)
        return plain(self, *arguments)

    monkeypatch.setattr(MarkedCases, "inside", inside)
    with pytest.raises(Cancelled):
        measure(product, cases=3, listener=listener)
    assert len(listener.heard) == listener.stop_after + 1


def test_a_cancelled_job_leaves_no_report(product, monkeypatch):
    run = product.trust.start_report(WORKSPACE, actor=product.default_actor, methods=METHODS, cases=6)
    plain = QualityReports.measure

    def cancelled_meanwhile(self, asked, reporter):
        product.trust.cancel_report(WORKSPACE, actor=product.default_actor)
        reporter.flush()
        return plain(self, asked, reporter)

    monkeypatch.setattr(QualityReports, "measure", cancelled_meanwhile)
    with pytest.raises(UserError, match="cancelled"):
        product.jobs.wait(run.job_id)
    view = product.trust.view(WORKSPACE)
    assert (view.run.status, view.report) == ("cancelled", None)


def test_marked_content_is_pasted_and_held_against_the_maps(product):
    for name in names_of(product, "pool")[:4]:
        verdict(product, name, marks=(corner_mark(),))
    report = measure(product, cases=6)
    for method in report.methods:
        ((artefact, mass, chance),) = method.artefacts
        assert artefact == "corner"
        assert chance.value == pytest.approx(9 / 144)
        assert (mass.n, 0 <= mass.low <= mass.value <= mass.high <= 1) == (6, True)
    ((name, share),) = report.flips
    assert (name, share.n) == ("corner", 6)


def test_where_people_say_to_look_is_compared_with_chance(product):
    for name in names_of(product, "pool")[:6]:
        verdict(product, name, marks=(look_here(int(name[1:]) % 2 == 0),))
    report = measure(product, cases=5)
    for method in report.methods:
        tests = {test.name: test for test in method.tests}
        assert tests["mass"].chance.value == pytest.approx(0.5)
        assert tests["pointing"].value.n == 5
        assert tests["mass"].verdict in ("pass", "fail")


@pytest.mark.slow
def test_marks_on_cases_that_trained_the_version_are_left_out(product):
    for name in names_of(product, "pool")[:6]:
        verdict(product, name, marks=(look_here(True),))
    candidate = retrain(product)
    tests = {test.name: test for test in measure(product, cases=4, version=candidate).methods[0].tests}
    assert (tests["pointing"].value, tests["pointing"].reason) == (None, "nobody marked where to look")


def test_maps_of_slow_methods_are_kept_and_found(product, monkeypatch):
    monkeypatch.setattr("core.services.trust.posing.KEPT_SECONDS", 0.0)
    first = measure(product, cases=3)
    calls = []
    method = explainer(METHODS[0])
    plain = type(method).explain

    def counted(self, subject, inputs, label, baselines=None, options=None):
        calls.append(label)
        return plain(self, subject, inputs, label, baselines, options)

    monkeypatch.setattr(type(method), "explain", counted)
    second = measure(product, cases=3)
    forgetful_and_again = LIGHT.stages * 3 + 3
    assert len(calls) == forgetful_and_again
    found, kept = ({one.method: one.tests for one in report.methods}[METHODS[0]] for report in (first, second))
    assert found == kept


def test_what_is_unknown_is_named(product):
    with pytest.raises(NotFound, match="v9"):
        measure(product, version="v9")
    parts = product.trust
    asked = ReportQuestion(WORKSPACE, "v1", TARGET, methods=("magic",), cases=2)
    with pytest.raises(BadInput, match=r"'magic' does not fit.*saliency"):
        QualityReports(parts.catalogue, parts.explaining.casebook, parts.explaining).measure(asked, Listener())


@pytest.mark.slow
def test_the_report_orders_the_methods_of_the_review_page(product):
    run = product.trust.start_report(
        WORKSPACE, actor=product.default_actor, methods=("occlusion", "saliency"), cases=20
    )
    product.jobs.wait(run.job_id)
    report = product.trust.view(WORKSPACE).report
    case = names_of(product, "pool")[0]
    product.review.commit_read(WORKSPACE, case, TARGET, "above", "likely", actor=product.default_actor)
    shown = product.evidence.methods(WORKSPACE, case, actor=product.default_actor)
    assert shown[0].name == report.default
    assert len(explainers()) >= len(shown) > 2
    assert json.dumps([one.support for one in shown]).count("supported") >= 1
