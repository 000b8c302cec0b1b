"""Reading modes on the pages: what is withheld, what is told afterwards, and what readers differ on."""

from dataclasses import replace

import pytest
from fake_services import FakeServices, digits_state

from core.contracts import Prediction, ReadView, RevealView


def said(app):
    parts = [*app.markdown, *app.caption, *app.text, *app.info, *app.success, *app.error]
    return " ".join(part.value for part in parts).replace("\\", "")


@pytest.fixture
def read():
    """A workspace whose first case was read as 3."""
    return FakeServices(digits_state(reads={"d-0001": (ReadView("digit", "3", "likely"),)}))


def revealed(services, monkeypatch, change):
    """Let the services reveal what `change` makes of the usual reveal."""
    known = services.review.reveal
    monkeypatch.setattr(
        services.review, "reveal", lambda workspace, case, *, actor: change(known(workspace, case, actor=actor))
    )


def keys(app):
    return {button.key for button in app.button}


def test_what_is_withheld_is_not_on_the_page_and_the_verdict_names_no_version(open_page, read, monkeypatch):
    words = "The model is switched off for this case."
    revealed(read, monkeypatch, lambda view: RevealView(Prediction("", ()), 0, 0.9, (), withheld=words))
    app = open_page("review", read, case="d-0001")
    assert not app.exception
    assert words in said(app)
    assert "can't rule out" not in said(app)
    assert not {"evidence_show", "evidence_remove"} & keys(app)
    assert app.get("progress") == []
    assert "no evidence where the model is silent" in said(app)
    app.button(key="verdict_submit").click().run()
    (form,) = read.states["decoy-digits"].forms
    assert (form.label, form.version, form.shown) == ("3", None, ())


def test_no_objection_is_on_record_with_the_version_that_had_none(open_page, read, monkeypatch):
    revealed(
        read,
        monkeypatch,
        lambda view: replace(view, prediction=Prediction("v3", ()), methods=(), withheld="No objection."),
    )
    app = open_page("review", read, case="d-0001")
    assert "No objection." in said(app)
    app.button(key="verdict_submit").click().run()
    (form,) = read.states["decoy-digits"].forms
    assert (form.version, form.shown) == ("v3", ("no objection",))


def test_a_debrief_is_read_above_the_answer(open_page, read, monkeypatch):
    words = "For training: the answer 8 that you were shown was wrong on purpose."
    revealed(read, monkeypatch, lambda view: replace(view, debrief=words))
    app = open_page("review", read, case="d-0001")
    assert app.info[0].value.replace("\\", "") == words


def test_a_worklist_without_differences_shows_cases_alone(open_page, read):
    app = open_page("worklist", read)
    assert [one.key for one in app.get("button_group")] == ["queue_states"]


def test_differences_are_listed_with_how_far_readers_agree(open_page, read):
    read.adjudication.differ("decoy-digits", "d-0007")
    app = open_page("worklist", read)
    assert [one.key for one in app.get("button_group")] == ["worklist_part", "queue_states"]
    app.segmented_control(key="worklist_part").set_value("Differences").run()
    assert not app.exception
    table = app.dataframe[0].value
    assert list(table["readers said"]) == ["R1 3 · R2 8"]
    assert list(table["settled"]) == ["to settle"]
    assert "kappa 0.75 [0.40, 0.95] · n 24" in said(app)


def test_an_address_opens_a_dispute_and_a_lead_settles_it(open_page, read):
    read.adjudication.differ("decoy-digits", "d-0007")
    app = open_page("worklist", read, dispute="d-0007")
    assert not app.exception
    words = said(app)
    assert "R1** says **3" in words
    assert "R2** says **8" in words
    assert "comment of <b>R1</b>" in [text.value for text in app.text]
    app.button(key="dispute_settle").click().run()
    assert "No label is chosen" in said(app)
    app.segmented_control(key="dispute_label").set_value("8")
    app.text_input(key="dispute_reason").set_value("the loop is closed")
    app.button(key="dispute_settle").click().run()
    assert read.adjudication.calls == ["settle d-0007 digit 8 the loop is closed"]
    assert "Settled by Lea: 8." in said(app)


def test_who_may_not_settle_is_told_who_may(open_page, read):
    read.adjudication.differ("decoy-digits", "d-0007")
    read.adjudication.why_not = "Differences are settled by lea."
    app = open_page("worklist", read, dispute="d-0007")
    assert "Differences are settled by lea." in said(app)
    assert "dispute_settle" not in keys(app)


def test_the_record_is_not_handed_out_while_it_would_tell(open_page, read):
    read.audit.waiting = 2
    app = open_page("audit", read)
    assert not app.exception
    assert app.get("download_button")[0].proto.disabled
