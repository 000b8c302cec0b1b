"""What can be asked of evidence on the review page: each part, each state."""

import re
from dataclasses import replace

import pytest
from fake_evidence import METHODS
from fake_kinds import kind_states
from fake_services import FakeServices, digits_state

from core.contracts import EvidenceForm
from core.errors import BadInput, Refused
from pages._ui.evidence_panel import PARTS
from pages._ui.evidence_question import cost_words
from pages._ui.reading import PART

pytestmark = pytest.mark.slow


def commit(app, label="8"):
    app.segmented_control(key="blind_label").set_value(label)
    return app.button(key="blind_submit").click().run()


def shown(open_page, fake, label="8", **parameters):
    """Open the review page, commit, ask for evidence."""
    app = commit(open_page("review", fake, **parameters), label)
    return app.button(key="evidence_show").click().run()


def look_at(app, part):
    return app.segmented_control(key=PART).set_value(part).run()


def said(app):
    """Everything that the page says in words."""
    kinds = (app.markdown, app.caption, app.warning, app.error, app.text)
    return " ".join(one.value for kind in kinds for one in kind).replace("\\", "")


def keys(app):
    return {one.key for one in app.button} | {one.key for one in app.segmented_control}


def patient(app, holds, runs=20):
    """Look again until it is there, as the page does by itself."""
    for _ in range(runs):
        if holds(app):
            return app
        app.run()
    raise AssertionError(said(app))


def test_nothing_can_be_asked_before_evidence_is_shown(open_page):
    app = commit(open_page("review", FakeServices(digits_state())))
    assert PART not in keys(app)
    assert app.button(key="evidence_remove").disabled
    assert app.button(key="evidence_remove_marked").disabled


def test_methods_are_ordered_and_named_with_their_support(open_page):
    fake = FakeServices(digits_state())
    app = commit(open_page("review", fake))
    picker = app.selectbox(key="method_select")
    assert picker.options == [
        "Integrated gradients", "Grad-CAM", "LIME (local linear model)", "Saliency · not supported by evidence here",
    ]  # fmt: skip
    assert picker.value == "integrated_gradients"
    picker.set_value("saliency")
    app.button(key="evidence_show").click().run()
    assert fake.evidence.forms[-1].method == "saliency"
    assert "not supported by evidence here" in said(app)
    assert METHODS[3].reason in said(app)


@pytest.mark.parametrize(
    ("taken", "words"), [(None, "not measured"), (0.2, "at once"), (3.6, "about 4.0 s"), (123.0, "about 2 min")]
)
def test_cost_in_words(taken, words):
    assert cost_words(replace(METHODS[0], seconds=taken)) == words


def test_a_slow_map_is_preceded_by_a_quick_one(open_page):
    state = digits_state()
    fake = FakeServices(state)
    fake.evidence.seconds["exact"] = 2.0
    app = shown(open_page, fake)
    patient(app, lambda a: "Quick map: **Grad-CAM**" in said(a), 8)
    assert "version v3" not in said(app)
    patient(app, lambda a: "version v3" in said(a))
    assert "Quick map" not in said(app)
    assert sum(call.startswith("exact") for call in state.calls) == 1


def test_a_map_that_fails_is_said_and_the_read_stays(open_page):
    fake = FakeServices(digits_state())
    fake.evidence.failing["exact"] = BadInput("Integrated gradients can't explain case 'd-0001': gradients vanish.")
    app = shown(open_page, fake)
    assert "gradients vanish" in app.error[0].value
    assert app.button(key="verdict_submit")
    assert not app.exception


def test_why_this_rather_than_that(open_page):
    fake = FakeServices(digits_state())
    app = shown(open_page, fake)
    assert app.selectbox(key="evidence_label").value == "3"
    app.selectbox(key="evidence_against").set_value("8").run()
    assert fake.evidence.forms[-1] == EvidenceForm(
        "decoy-digits", "d-0001", "digit", "integrated_gradients", None, "8", None, None, {}
    )
    assert "rather than “8”" in said(app)
    app.selectbox(key="evidence_label").set_value("8").run()
    assert (fake.evidence.forms[-1].label, fake.evidence.forms[-1].against) == ("8", None)
    app.selectbox(key="evidence_label").set_value("3").run()
    assert app.selectbox(key="evidence_label").value == "3"


def test_baseline_and_options(open_page):
    fake = FakeServices(digits_state())
    app = shown(open_page, fake)
    app.selectbox(key="evidence_baseline").set_value("blur").run()
    assert fake.evidence.forms[-1].baseline == "blur"
    app.selectbox(key="evidence_baseline").set_value("case").run()
    assert fake.evidence.forms[-1].baseline == "blur"
    app.text_input(key="evidence_reference").set_value("d-0007").run()
    assert (fake.evidence.forms[-1].baseline, fake.evidence.forms[-1].reference) == ("case", "d-0007")
    app.selectbox(key="evidence_baseline").set_value("neutral").run()
    app.number_input(key="evidence_option_integrated_gradients_tolerance").set_value(0.2).run()
    assert fake.evidence.forms[-1].options == {"tolerance": 0.2}
    assert not app.exception


def test_fields_have_bars_with_intervals_and_words(open_page):
    app = shown(open_page, FakeServices(*kind_states()), "yes", workspace="arrests")
    told = said(app)
    assert "Age moved the answer most: 61 % of what all fields do." in told
    assert "Lines: 95 % intervals over what the method draws at random." in told
    assert "Age: mostly lower right" in told
    assert "Colour: mostly lower right" in told


def test_two_methods_side_by_side(open_page):
    fake = FakeServices(*kind_states())
    app = look_at(shown(open_page, fake, "yes", workspace="arrests"), "Compare")
    assert app.selectbox(key="evidence_second").value == "grad_cam"
    assert "The two maps: **alike** (rank correlation 1.00)." in said(app)
    app.selectbox(key="evidence_second").set_value("lime").run()
    assert fake.evidence.forms[-1].method == "lime"
    assert not app.exception


def test_quality_is_measured_when_somebody_looks(open_page):
    state = digits_state()
    app = shown(open_page, FakeServices(state))
    assert not any(call.startswith("quality") for call in state.calls)
    app = look_at(app, "How far to trust it")
    told = said(app)
    assert "depends on what 'absent' means" in told
    assert "rank correlation 0.83 [0.71, 0.90] · n 8" in told
    assert "Blurred picture: partly another map" in told
    assert app.table[0].value["random"][0] == "0.41 [0.33, 0.48]"
    assert "Deletion: the probability goes from 0.81 to 0.00 (lower is better)." in told
    look_at(look_at(app, "Map"), "How far to trust it")
    assert sum(call.startswith("quality") for call in state.calls) == 1


def test_a_long_measurement_can_be_stopped_and_asked_again(open_page):
    fake = FakeServices(digits_state())
    fake.evidence.seconds["quality"] = 3.0
    app = look_at(shown(open_page, fake), "How far to trust it")
    assert "Measuring: parts are removed" in said(app)
    app.button(key="quality_stop").click().run()
    assert "Stopped." in said(app)
    fake.evidence.seconds["quality"] = 0.0
    app.button(key="quality_again").click().run()
    patient(app, lambda a: "Under noise" in said(a))


def test_the_hottest_part_is_removed_with_one_act(open_page):
    fake = FakeServices(digits_state())
    app = shown(open_page, fake)
    app.button(key="evidence_remove").click().run()
    assert fake.evidence.removed == [((), "blur")]
    assert app.segmented_control(key=PART).value == "Remove"
    told = said(app)
    assert "Without the hottest part: “3” 0.81 → 0.22, now **“9”** · elsewhere −0.02" in told
    assert "**Without the region the probability of '3' falls from 0.81 to 0.22; the answer becomes '9'.**" in told
    assert "5 % of the case was removed; the probability changed by −0.59." in told
    app.segmented_control(key="removal_fill").set_value("mean").run()
    assert fake.evidence.removed[-1] == ((), "mean")
    assert app.segmented_control(key=PART).value == "Remove"


def test_marks_that_were_not_saved_are_removed(open_page):
    fake = FakeServices(*kind_states())
    app = shown(open_page, fake, "yes", workspace="arrests")
    reading = app.session_state["reading"]
    case = fake.review.open("arrests", "case-1", actor=None)
    assert case.read_done
    app.session_state["marked_fields"] = {
        "marks": {"opening": f"{reading.nonce}:True:None", "ignore": ["age"], "look_here": ["colour"]}
    }
    app.button(key="evidence_remove_marked").click().run()
    ((region, fill),) = fake.evidence.removed
    assert ([mark.names for mark in region], fill) == ([("age",)], "blur")
    assert "Without what you marked" in said(app)


def test_removing_nothing_says_what_to_do(open_page):
    fake = FakeServices(digits_state())
    app = shown(open_page, fake)
    app.button(key="evidence_remove_marked").click().run()
    assert "Nothing is marked" in app.error[0].value
    assert fake.evidence.removed == []


def test_a_removal_that_fails_is_asked_once(open_page):
    state = digits_state()
    fake = FakeServices(state)
    fake.evidence.failing["remove"] = BadInput("The region holds nothing that the model reads. Mark another part.")
    app = shown(open_page, fake)
    app.button(key="evidence_remove").click().run()
    assert said(app).count("holds nothing that the model reads") == 2, "under the map and in its part"
    app.run()
    assert sum(call.startswith("remove") for call in state.calls) == 1


def test_the_path_is_told_in_words(open_page):
    fake = FakeServices(digits_state())
    app = look_at(shown(open_page, fake), "Path")
    assert "the logit goes from −1.00 to 2.20 (+3.20)" in said(app)
    assert "Nothing moves until you press play." in said(app)


def test_no_path_where_integrated_gradients_do_not_fit(open_page):
    fake = FakeServices(digits_state())
    fake.evidence.methods_known = METHODS[1:]
    app = shown(open_page, fake)
    assert "Path" not in app.segmented_control(key=PART).options


def test_cases_that_taught_the_model_link_to_their_review(open_page):
    app = look_at(shown(open_page, FakeServices(digits_state())), "Taught by")
    told = said(app)
    assert "**Taught the model “3” here**" in told
    assert "Of 3,657 training cases" in told
    assert "Age 43, sex <b>female</b>" in told
    assert not app.exception


def test_a_concept_is_collected_and_asked_for(open_page):
    state = digits_state()
    fake = FakeServices(state)
    app = look_at(shown(open_page, fake), "Concepts")
    app.selectbox(key="concept_name").set_value("stripes").run()
    assert "1 case with it, 1 case without; this case is not in it." in said(app)
    app.button(key="concept_has").click().run()
    assert "collect stripes d-0001 True" in state.calls
    assert "2 cases with it, 1 case without; this case has it." in said(app)
    assert not any(call.startswith("sensitivity") for call in state.calls)
    app.button(key="concept_measure").click().run()
    assert "Moving towards 'stripes' raises '3' in 81 % of cases" in said(app)
    app.button(key="concept_out").click().run()
    assert "1 case with it" in said(app)
    assert "81 % of cases" not in said(app), "what was measured was another collection"


def test_too_few_cases_for_a_concept(open_page):
    fake = FakeServices(digits_state())
    fake.evidence.failing["concept_sensitivity"] = Refused("Collect 8 more cases with 'stripes'.")
    app = look_at(shown(open_page, fake), "Concepts")
    app.selectbox(key="concept_name").set_value("stripes").run()
    app.button(key="concept_measure").click().run()
    assert "Collect 8 more cases" in said(app)


@pytest.mark.parametrize("workspace", [state.name for state in kind_states()])
@pytest.mark.slow
def test_every_part_stands_on_every_kind_of_case(open_page, workspace):
    fake = FakeServices(*kind_states())
    app = open_page("review", fake, workspace=workspace)
    for control in app.segmented_control:
        if (control.key or "").startswith("blind_label"):
            control.set_value(_values(fake, workspace, control.key)[0])
    app = app.button(key="blind_submit").click().run()
    app = app.button(key="evidence_show").click().run()
    for part in PARTS:
        app = look_at(app, part)
        if part == "Remove":
            app.button(key="evidence_remove").click().run()
        assert not app.exception, part
        assert not app.error, part


def _values(fake, workspace, key):
    targets = fake.states[workspace].targets
    name = re.sub("^blind_label_?", "", key)
    one = next((target for target in targets if target.name == name), targets[0])
    return [choice.value for choice in one.choices]


def test_the_next_case_begins_with_its_own_map_and_nothing_of_the_last(open_page):
    fake = FakeServices(digits_state())
    app = shown(open_page, fake)
    app.button(key="evidence_remove").click().run()
    app.button(key="next_case").click().run()
    assert PART not in keys(app)
    app = commit(app)
    assert PART not in keys(app)
    assert "Without the hottest part" not in said(app)
    app.button(key="evidence_show").click().run()
    assert app.segmented_control(key=PART).value == "Map"
