"""The trust page on the real services."""

import pytest

from core.contracts import Actor
from core.errors import BadInput, Conflict, NotFound
from tests.helpers.tiny_folder import write_tiny_folder
from tests.helpers.tiny_product import TARGET, WORKSPACE, names_of, open_home

LEAD = Actor("lead", "person", "Lead")


def test_the_champion_is_shown_with_its_figures(product):
    view = product.trust.view(WORKSPACE)
    assert (view.version, view.versions, view.target, view.targets) == ("v1", ("v1",), TARGET, (TARGET,))
    ledger = len(names_of(product, "ledger"))
    figures = dict(view.figures)
    assert view.cases_available == ledger == figures["accuracy"].n
    counts = view.confusion.counts
    assert sum(map(sum, counts)) == ledger
    assert (counts[0][0] + counts[1][1]) / ledger == pytest.approx(figures["accuracy"].value)
    assert sum(one.right.n for one in view.calibration) == ledger
    assert view.calibration_error == figures["ece"]
    assert (view.report, view.run) == (None, None)
    assert ("integrated_gradients", "Integrated gradients") in view.methods
    assert view.slice_note


def test_unknown_names_are_named(product):
    for wrong in ({"version": "v9"}, {"target": "mood"}):
        with pytest.raises(NotFound, match="Known"):
            product.trust.view(WORKSPACE, **wrong)
    with pytest.raises(NotFound):
        product.trust.view("nowhere")


def test_before_the_first_version_the_page_says_so(tmp_path):
    container = open_home(tmp_path / "home")
    toml = write_tiny_folder(tmp_path / "data")
    container.importing.import_folder(toml, toml.parent, actor=container.default_actor)
    view = container.trust.view(WORKSPACE)
    assert (view.version, view.versions, view.confusion, view.methods) == (None, (), None, ())
    assert "nothing was trained" in view.slice_note
    with pytest.raises(Conflict, match="no model yet"):
        container.trust.start_report(WORKSPACE, actor=LEAD)
    container.close()


def test_a_report_is_asked_for_once(product):
    first = product.trust.start_report(WORKSPACE, actor=LEAD, methods=("saliency",), cases=3)
    assert first.status == "queued"
    again = product.trust.start_report(WORKSPACE, actor=LEAD, methods=("saliency",), cases=3)
    assert again.job_id == first.job_id
    running = rf"v1 \({TARGET}\) is under way: saliency, on 3 cases"
    for other in ({"methods": ("saliency",)}, {"cases": 3}, {"methods": ("occlusion",), "cases": 3}):
        with pytest.raises(Conflict, match=running):
            product.trust.start_report(WORKSPACE, actor=LEAD, **other)
    assert product.trust.view(WORKSPACE).run.job_id == first.job_id


def test_what_cannot_be_measured_is_refused(product):
    with pytest.raises(BadInput, match="at least 1 case, got 0"):
        product.trust.start_report(WORKSPACE, actor=LEAD, cases=0)
    with pytest.raises(BadInput, match=r"no explanation method 'magic'\. Known: .*grad_cam"):
        product.trust.start_report(WORKSPACE, actor=LEAD, methods=("magic",))
    with pytest.raises(BadInput, match=r"'attention_rollout' does not fit.*saliency"):
        product.trust.start_report(WORKSPACE, actor=LEAD, methods=("attention_rollout",))
    with pytest.raises(Conflict, match="No quality report"):
        product.trust.cancel_report(WORKSPACE, actor=LEAD)


def test_a_waiting_report_is_cancelled_at_once(product):
    product.trust.start_report(WORKSPACE, actor=LEAD)
    product.trust.cancel_report(WORKSPACE, actor=LEAD)
    assert product.trust.view(WORKSPACE).run.status == "cancelled"
    assert product.audit.events(kind="cancel")[0].actor == "Lead"
