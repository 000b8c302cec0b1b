"""The review page: read, reveal, verdict, one act each."""

from fake_data import target
from fake_services import FakeServices, State, digits_state

from core.errors import Unavailable


def test_nothing_of_the_model_before_the_commit(open_page):
    state = digits_state()
    app = open_page("review", FakeServices(state))
    assert app.title[0].value == "Review"
    assert not any(call.startswith(("reveal", "explain")) for call in state.calls)
    assert not [b for b in app.button if b.key in ("evidence_show", "verdict_submit")]
    assert app.query_params["case"] == "d-0001"
    assert "prefetch d-0001" in state.calls


def commit(app, label="8"):
    app.segmented_control(key="blind_label").set_value(label)
    return app.button(key="blind_submit").click().run()


def test_commit_reveals_and_keeps_the_read(open_page):
    state = digits_state()
    app = commit(open_page("review", FakeServices(state)))
    assert not app.exception
    assert "commit d-0001 digit 8 likely" in state.calls
    assert app.segmented_control(key="verdict_label").value == "8"
    words = " ".join(m.value for m in app.markdown)
    assert "you differ" in words
    assert "can't rule out: 3, 9" in " ".join(c.value for c in app.caption).replace("\\", "")


def test_commit_without_a_label_says_what_to_do(open_page):
    state = digits_state()
    app = open_page("review", FakeServices(state))
    app.button(key="blind_submit").click().run()
    assert "No label is chosen" in app.error[0].value
    assert not any(call.startswith("commit") for call in state.calls)
    app = commit(app)
    assert not app.error


def test_evidence_comes_when_asked_for(open_page):
    state = digits_state()
    app = commit(open_page("review", FakeServices(state)))
    assert not any(call.startswith("explain") for call in state.calls)
    app.button(key="evidence_show").click().run()
    assert "explain d-0001 integrated_gradients" in state.calls
    assert "error reached 3\\.1 %" in " ".join(c.value for c in app.caption)


def test_save_once_undo_next(open_page):
    state = digits_state()
    app = commit(open_page("review", FakeServices(state)))
    app.button(key="evidence_show").click().run()
    app.segmented_control(key="verdict_label").set_value("3")
    app.text_input(key="verdict_comment").set_value("<b>smudge</b> 😀 שלום")
    app.selectbox(key="mask_artefact").set_value("corner patch")
    app.button(key="verdict_submit").click().run()
    form = state.forms[0]
    assert (form.label, form.confidence, form.version) == ("3", "likely", "v3")
    assert form.comment == "<b>smudge</b> 😀 שלום"
    assert form.shown == ("prediction", "evidence:integrated_gradients")
    assert form.idempotency_key
    app.button(key="verdict_submit").click().run()
    assert len(state.forms) == 1
    assert any(c.value.startswith("saved") for c in app.caption)
    app.button(key="verdict_undo").click().run()
    assert "undo d-0001 digit" in state.calls
    assert app.segmented_control(key="verdict_label").value == "8"
    app.button(key="verdict_submit").click().run()
    assert len(state.forms) == 2
    app.button(key="next_case").click().run()
    assert app.query_params["case"] == "d-0002"
    assert app.segmented_control(key="blind_label").value is None


def test_save_error_is_plain_and_loses_nothing(open_page):
    state = digits_state()
    fake = FakeServices(state)
    app = commit(open_page("review", fake))

    def refuse(form, *, actor):
        raise Unavailable("The disk is full. Free some space and save again.")

    fake.review.save_verdict = refuse
    app.text_input(key="verdict_comment").set_value("kept")
    app.button(key="verdict_submit").click().run()
    assert app.error[0].value.startswith("The disk is full")
    assert app.text_input(key="verdict_comment").value == "kept"


def test_unexpected_error_shows_a_reference_and_no_trace(open_page, caplog):
    fake = FakeServices(digits_state())

    def broken(*args, **kwargs):
        raise RuntimeError("secret detail")

    fake.review.open = broken
    app = open_page("review", fake)
    assert "Reference" in app.error[0].value
    assert "secret" not in app.error[0].value
    assert not app.exception
    assert "secret detail" in caplog.text


def test_unknown_case_and_workspace(open_page):
    fake = FakeServices(digits_state())
    app = open_page("review", fake, case="nope")
    assert "nope" in app.error[0].value
    assert not app.exception
    app = open_page("review", fake, workspace="nowhere")
    assert "There is no workspace" in app.error[0].value
    assert app.selectbox(key="workspace_select").options == ["decoy-digits"]


def test_nothing_waits(open_page):
    app = open_page("review", FakeServices(digits_state(cases=0)))
    assert "Nothing waits" in app.info[0].value


def test_fifty_long_classes_get_a_filter_box(open_page):
    names = tuple(f"Disorder of the upper respiratory tract, variety {i} 😀 **not bold**" for i in range(50))
    state = State("long", (target(names),), ("a",))
    app = open_page("review", FakeServices(state))
    app.selectbox(key="blind_label").set_value(names[41])
    app.button(key="blind_submit").click().run()
    assert not app.exception
    assert state.reads["a"][0].label == names[41]


def test_two_questions_are_committed_together(open_page):
    state = State("two", (target(("no", "yes"), "effusion"), target(("a", "b"), "view")), ("q",))
    app = open_page("review", FakeServices(state))
    app.segmented_control(key="blind_label").set_value("yes")
    app.button(key="blind_submit").click().run()
    assert "View" in app.error[0].value
    assert "q" not in state.reads
    app.segmented_control(key="blind_label_view").set_value("b")
    app.button(key="blind_submit").click().run()
    assert {r.target: r.label for r in state.reads["q"]} == {"effusion": "yes", "view": "b"}
    app.button(key="verdict_submit").click().run()
    assert [f.target for f in state.forms] == ["effusion", "view"]


def test_concurrent_mode_has_no_first_box(open_page):
    state = digits_state(mode="concurrent")
    app = open_page("review", FakeServices(state))
    assert not [b for b in app.button if b.key == "blind_submit"]
    assert app.button(key="verdict_submit")
    app.button(key="verdict_submit").click().run()
    assert "No label is chosen" in app.error[0].value
