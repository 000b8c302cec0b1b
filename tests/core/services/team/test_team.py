"""The team page on the real services: which reads count, against which truth, and what comes of them."""

from dataclasses import dataclass

import pytest

from core.contracts import Actor, VerdictForm
from core.errors import BadInput, NotFound, Refused
from core.services.container import Container
from core.storage import actors, adjudications, arms, audit, labels
from tests.helpers.simulated_readers import SimulatedReader, Task, read_cases
from tests.helpers.tiny_product import TARGET, WORKSPACE, names_of, truth

pytestmark = pytest.mark.slow

ADA, BEN, CY, LEAD = (Actor(name) for name in ("ada", "ben", "cy", "lead"))
OTHER = {"above": "below", "below": "above"}
TASK = Task(WORKSPACE, TARGET, ("above", "below"), truth)


@dataclass(frozen=True)
class Desk:
    """Short words for what people do."""

    product: Container

    def read(self, case: str, right: bool, actor: Actor = ADA, seconds: float | None = 10.0) -> None:
        label = truth(case) if right else OTHER[truth(case)]
        self.product.review.commit_read(WORKSPACE, case, TARGET, label, "likely", actor=actor, seconds=seconds)

    def judge(self, case: str, right: bool, actor: Actor = ADA) -> bool:
        """Give a verdict; return whether the model's answer was right."""
        shown = self.product.review.reveal(WORKSPACE, case, actor=actor).prediction
        label = truth(case) if right else OTHER[truth(case)]
        form = VerdictForm(WORKSPACE, case, TARGET, label, "likely", shown.version)
        self.product.review.save_verdict(form, actor=actor)
        return shown.targets[0].label == truth(case)

    def view(self, **options):
        return self.product.team.view(WORKSPACE, **options)

    def case_id(self, name: str) -> int:
        with self.product.runtime.database.read() as tx:
            return self.product.retraining.catalogue.case(tx, WORKSPACE, name)[2].id


@pytest.fixture
def desk(product) -> Desk:
    return Desk(product)


def test_nobody_has_read_yet(desk):
    view = desk.view()
    assert (view.rows, view.curves, view.person_alone, view.model_alone) == ((), (), None, None)
    assert view.note.startswith("Nobody has read a case before the model's answer was shown yet. Read cases from the")


def test_reads_are_held_against_the_data_set_even_where_a_verdict_replaced_its_label(desk):
    first, second, third = names_of(desk.product, "pool")[:3]
    for case, right in ((first, False), (second, True), (third, True)):
        desk.read(case, right)
    model = [desk.judge(case, right) for case, right in ((first, True), (second, False), (third, True))]
    row = desk.view().rows[0]
    assert (row.cut, row.cases, row.reads, row.small) == ("all", 3, 3, True)
    assert row.person.value == pytest.approx(2 / 3)
    assert row.team.value == pytest.approx(2 / 3)
    assert row.model.value == pytest.approx(sum(model) / 3)
    assert (row.helped.value, row.helped.n) == (1.0, 1)
    assert (row.harmed.value, row.harmed.n) == (0.5, 2)
    assert row.seconds.value == 10.0


def test_a_verdict_taken_back_leaves_the_read_and_a_later_one_counts(desk):
    first, second = names_of(desk.product, "pool")[:2]
    for case in (first, second):
        desk.read(case, True)
        desk.judge(case, False)
    desk.judge(first, True)
    desk.product.review.undo(WORKSPACE, second, TARGET, actor=ADA)
    view = desk.view()
    assert (view.rows[0].reads, view.rows[0].team.value) == (1, 1.0)
    assert (view.person_alone.n, view.person_alone.value) == (2, 1.0)
    assert "1 read without a verdict after the reveal yet: they count for people alone." in view.excluded
    desk.product.review.undo(WORKSPACE, first, TARGET, actor=ADA)
    assert desk.view().rows[0].team.value == 0.0, "the verdict before the last stands again, with what it had seen"


def test_arms_count_for_what_they_are(desk):
    usual, off, wrong = names_of(desk.product, "pool")[:3]
    with desk.product.runtime.database.write() as tx:
        actors.ensure(tx, ADA)
        arms.add(tx, desk.case_id(off), ADA.id, "ai off", {})
        arms.add(tx, desk.case_id(wrong), ADA.id, "known wrong", {TARGET: OTHER[truth(wrong)]})
    for case in (usual, off, wrong):
        desk.read(case, case != off)
    desk.judge(usual, True)
    form = VerdictForm(WORKSPACE, off, TARGET, truth(off), "likely", None)
    desk.product.review.save_verdict(form, actor=ADA)
    view = desk.view()
    assert (view.rows[0].reads, view.rows[0].person.value) == (1, 1.0)
    assert (view.person_alone.n, view.person_alone.value) == (2, 0.5)
    assert [words.split()[0] for words in view.excluded] == ["1", "1", "The"]
    assert "wrong on purpose" in view.excluded[0]
    assert "switched off" in view.excluded[1]
    assert view.excluded[2].startswith("The queue puts first what the model is least sure of")


def test_a_label_that_only_the_reader_gave_is_no_truth(desk, monkeypatch):
    case = names_of(desk.product, "pool")[0]
    monkeypatch.setattr(labels, "of_data_set", lambda tx, workspace_id, target: {})
    desk.read(case, True)
    desk.judge(case, True)
    view = desk.view()
    assert view.rows == ()
    assert view.note.startswith("Cases were read, but the right answer is known from their own readers alone")
    assert "nobody but the reader gave" in view.excluded[0]
    for actor, right in ((BEN, False), (CY, False)):
        desk.read(case, right, actor)
        desk.judge(case, right, actor)
    row = {row.cut: row for row in desk.view().rows}
    assert set(row) == {"all", "reader R1"}, "ben and cy have one other each, and ada two who agree"
    assert row["reader R1"].person.value == 0.0
    with desk.product.runtime.database.write() as tx:
        actors.ensure(tx, LEAD)
        adjudications.add(tx, desk.case_id(case), TARGET, truth(case), (), CY.id)
    row = {row.cut: row for row in desk.view().rows}
    assert set(row) == {"all", "reader R1", "reader R2"}, "cy's own adjudication is no truth for cy"
    assert (row["reader R1"].person.value, row["reader R2"].person.value) == (1.0, 0.0)


def test_an_erased_case_is_left_out(desk):
    first, second = names_of(desk.product, "pool")[:2]
    for case in (first, second):
        desk.read(case, True)
        desk.judge(case, True)
    desk.product.maintenance.erase(WORKSPACE, first, "consent withdrawn", actor=LEAD)
    view = desk.view()
    assert view.rows[0].reads == 1
    assert "1 read of a case that was erased." in view.excluded


def test_programs_and_cases_that_the_model_had_learnt_from_are_left_out(desk):
    program = Actor("service:lab", "service")
    pool, learnt = names_of(desk.product, "pool")[0], names_of(desk.product, "train")[0]
    desk.read(pool, True, program)
    desk.read(learnt, True)
    desk.judge(learnt, True)
    view = desk.view()
    assert view.rows == ()
    assert view.person_alone.n == 1
    assert any("by programs" in words for words in view.excluded)
    assert any("had learnt from" in words for words in view.excluded)


def test_simulated_readers_make_the_whole_page(desk):
    cases = names_of(desk.product, "pool")[:25]
    for reader in (SimulatedReader("good", 0.95, 0.3), SimulatedReader("poor", 0.55, 0.8, 40.0)):
        read_cases(desk.product, TASK, reader, cases)
    view = desk.view(hour_cost=2.0)
    rows = {row.cut: row for row in view.rows}
    assert list(rows) == ["all", "reader R1", "reader R2"]
    assert rows["all"].reads == 2 * len(cases)
    assert rows["reader R1"].person.value > rows["reader R2"].person.value + 0.15
    assert rows["reader R2"].seconds.value > rows["reader R1"].seconds.value + 10
    assert {curve.rule for curve in view.curves} >= {"confidence", "conformal"}
    ends = view.curves[0].points
    assert ends[0].accuracy == view.model_alone
    assert ends[-1].accuracy.value == pytest.approx(view.person_alone.value)
    assert view.hour_cost == 2.0
    assert desk.view(hour_cost=0.0).curves[0].points[-1].cost < ends[-1].cost
    assert view.experiences == (("R1", ""), ("R2", ""))


def test_experience_is_noted_by_pseudonym_and_makes_a_cut(desk):
    case = names_of(desk.product, "pool")[0]
    desk.read(case, True)
    desk.judge(case, True)
    desk.view()
    desk.product.team.set_experience(WORKSPACE, "R1", "  board   certified ", actor=LEAD)
    view = desk.view()
    assert view.experiences == (("R1", "board certified"),)
    assert "experience board certified" in [row.cut for row in view.rows]
    with desk.product.runtime.database.read() as tx:
        assert audit.events(tx, workspace=WORKSPACE, kind="experience")[0].actor_id == "lead"
    with pytest.raises(NotFound, match=r"'R9' here. Known: R1"):
        desk.product.team.set_experience(WORKSPACE, "R9", "x", actor=LEAD)
    with pytest.raises(BadInput, match="61 characters"):
        desk.product.team.set_experience(WORKSPACE, "R1", "x" * 61, actor=LEAD)


def test_wrong_questions_are_refused_in_words(desk):
    for cost in (-1.0, float("nan"), float("inf")):
        with pytest.raises(BadInput, match="zero or more"):
            desk.view(hour_cost=cost)
    with pytest.raises(NotFound, match="no target 'x'"):
        desk.view(target="x")


def test_where_leads_are_named_only_they_note_experience(desk, monkeypatch):
    spec = desk.product.workspaces.spec(WORKSPACE)
    named = spec.model_copy(update={"reading": spec.reading.model_copy(update={"leads": ("lead",)})})
    monkeypatch.setattr(type(desk.product.runtime), "spec", lambda self, workspace: named)
    with pytest.raises(Refused, match="Only a lead"):
        desk.product.team.set_experience(WORKSPACE, "R1", "expert", actor=ADA)
