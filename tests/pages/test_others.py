"""Home, worklist, retraining and audit on the fake services."""

import pytest
from fake_services import FakeServices, digits_state

from core.contracts import Progress
from core.errors import Unavailable

pytestmark = pytest.mark.slow


def said(app):
    parts = [*app.markdown, *app.caption, *app.text, *app.info, *app.success, *app.error, *app.warning]
    return " ".join(part.value for part in parts).replace("\\", "")


def test_home_shows_tour_needs_and_figures(open_page):
    app = open_page("home", FakeServices(digits_state()))
    assert not app.exception
    assert app.title[0].value == "Decoy Digits"
    assert "five-minute tour" in said(app)
    assert [m.value for m in app.metric] == ["0.47", "0.87", "0.046"]
    assert "[0.43, 0.51] · n 500" in said(app)
    app.button(key="home_next").click().run()
    assert app.title[0].value == "Review"


def test_home_while_the_first_model_is_prepared(open_page):
    progress = Progress("training", 3, 10, "epoch 3 of 10", seconds_left=14)
    state = digits_state(champion=None, candidate=None, preparing=progress)
    app = open_page("home", FakeServices(state))
    assert not app.exception
    assert "being prepared" in app.info[0].value
    assert "No version serves yet" in said(app)


def test_without_a_workspace_every_page_says_what_to_do(open_page):
    for page in ("home", "worklist", "review", "whatif", "trust", "retraining"):
        app = open_page(page, FakeServices())
        assert not app.exception
        assert "no workspace yet" in app.info[0].value
        assert len(app.title) == 1


def test_sidebar_counts_and_switch(open_page):
    app = open_page("home", FakeServices(digits_state(), digits_state("second", cases=3)))
    labels = [link.label for link in app.sidebar.get("page_link")]
    assert labels == [
        "Home",
        "Worklist · 27",
        "Review",
        "What if",
        "Trust",
        "Fairness",
        "Team",
        "Retraining · 1",
        "Audit",
    ]
    app.selectbox(key="workspace_select").set_value("second").run()
    assert app.title[0].value == "Second"
    assert app.query_params["workspace"] == "second"
    assert "Worklist · 3" in [link.label for link in app.sidebar.get("page_link")]


def test_worklist_opens_next_and_filters(open_page):
    app = open_page("worklist", FakeServices(digits_state()))
    assert len(app.dataframe[0].value) == 27
    app.text_input(key="queue_search").set_value("0012").run()
    assert list(app.dataframe[0].value["case"]) == ["d-0012"]
    app.text_input(key="queue_search").set_value("zzz").run()
    assert "No case fits" in app.info[0].value
    app.button(key="open_next").click().run()
    assert app.title[0].value == "Review"


def test_worklist_empty(open_page):
    app = open_page("worklist", FakeServices(digits_state(cases=0)))
    assert app.button(key="open_next").disabled
    assert app.info


def test_retraining_starts_and_follows_a_run(open_page):
    state = digits_state(report=None, candidate=None)
    app = open_page("retraining", FakeServices(state))
    app.button(key="retrain_start").click().run()
    assert "start guided" in state.calls
    assert app.button(key="retrain_start").disabled
    assert "epoch" in app.get("progress")[0].proto.text
    app.button(key="retrain_cancel").click().run()
    assert "Cancelled" in said(app)


def test_gate_report_in_words(open_page):
    app = open_page("retraining", FakeServices(digits_state()))
    words = said(app)
    for part in ("Reliance on “corner patch”", "−0.56 [−0.61, −0.51]", "pass", "not assessable", "d-0003"):
        assert part in words or part in " ".join(link.label for link in app.get("page_link")).replace("\\", "")
    assert "about 20 cases would settle it" in words


def test_decisions_need_reason_and_acknowledgement(open_page):
    state = digits_state()
    app = open_page("retraining", FakeServices(state))
    app.button(key="promote").click().run()
    assert "needs a reason" in app.error[0].value
    app.text_input(key="decision_reason").set_value("it listens").run()
    app.button(key="promote").click().run()
    assert "not assessable" in app.error[0].value
    app.checkbox(key="gate_acknowledge").check().run()
    app.button(key="promote").click().run()
    assert "v4 serves now" in said(app)
    assert state.decisions[0].reason == "it listens"
    assert state.decisions[0].acknowledged
    assert app.text_input(key="decision_reason").value == ""
    app.text_input(key="decision_reason").set_value("worse on 3").run()
    app.button(key="rollback").click().run()
    assert "v3 serves again" in said(app)


def test_failed_check_offers_an_override(open_page):
    from fake_data import report

    app = open_page("retraining", FakeServices(digits_state()))
    assert not [box for box in app.checkbox if box.key == "gate_override"]
    state = digits_state()
    state.report = report("fail")
    app = open_page("retraining", FakeServices(state))
    assert "1 failed check" in app.checkbox(key="gate_override").label


def test_somebody_decided_first(open_page):
    state = digits_state()
    app = open_page("retraining", FakeServices(state))
    app.text_input(key="decision_reason").set_value("reject it").run()
    state.champion = "v9"
    app.button(key="reject").click().run()
    assert "Somebody decided first" in app.error[0].value.replace("\\", "")


def test_audit_filters_details_verify(open_page):
    app = open_page("audit", FakeServices(digits_state()))
    assert len(app.dataframe[0].value) == 20
    app.selectbox(key="audit_kind").set_value("verdict").run()
    assert set(app.dataframe[0].value["what"]) == {"Verdict"}
    app.text_input(key="audit_actor").set_value("nobody").run()
    assert "No event fits" in app.info[0].value
    app.button(key="audit_verify").click().run()
    assert "all 20 events hold together" in app.success[0].value


def test_audit_broken_chain_is_said(open_page):
    app = open_page("audit", FakeServices(digits_state(), ok=False))
    app.button(key="audit_verify").click().run()
    assert "event 12 was changed" in app.error[0].value


def test_service_error_on_every_page(open_page):
    def down(*args, **kwargs):
        raise Unavailable("The store is read-only. Ask who runs this server.")

    for page, owner, verb in (
        ("worklist", "review", "worklist"),
        ("trust", "trust", "view"),
        ("whatif", "whatif", "open"),
        ("retraining", "retraining", "view"),
        ("audit", "audit", "events"),
        ("home", "workspaces", "home"),
    ):
        fake = FakeServices(digits_state())
        setattr(getattr(fake, owner), verb, down)
        app = open_page(page, fake)
        assert not app.exception
        assert any("store is read" in error.value for error in app.error), page
