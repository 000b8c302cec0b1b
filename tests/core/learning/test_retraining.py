"""One retraining from start to delivery: what is delivered, what is said, what a guard stops, where it resumes."""

import math
from dataclasses import dataclass, replace

import pytest
import torch

from core.contracts import RunPlan
from core.errors import Cancelled, NotFound, Refused
from core.learning import retraining
from core.learning.guarding import destroyed
from core.learning.retraining import retrain, train_control
from core.learning.search import NOT_TRIED
from core.learning.strategies.labels import LabelsStrategy
from core.learning.strategies.registry import strategies
from core.learning.swapped import SwappedValidation
from core.models import training
from core.models.calibration import fit_temperature
from core.models.supervised import SupervisedObjective
from tests.helpers.decoy_parts import decoy_marks, decoy_spec, decoy_task, share_right
from tests.helpers.model_parts import Keeper, Watcher

EMPTY = (6, 8, 0, 1)
"""Pixels at the lower left that are black in all digits."""
QUICK = RunPlan(budget_seconds=0.001)


def equal(one, other) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(first, second) for first, second in pairs)


def test_marks_change_the_model_and_the_control_without_them_does_not():
    task = decoy_task("guided")
    done = retrain(task)
    champion = share_right(task.parent)
    assert champion < 0.7  # fooled
    assert share_right(done.network) > champion + 0.2
    assert abs(share_right(train_control(task, done)) - champion) < 0.04
    assert (done.outcome.delivered, done.outcome.marks, done.start) == ("guided", 10, "scratch")
    (trial,) = done.outcome.trials
    assert trial.verdict == "delivered"
    assert done.outcome.parent.score < trial.low < trial.score < trial.high
    assert (trial.n, "points [+" in trial.reason) == (200, True)


def test_the_champion_is_never_changed_and_equal_tasks_give_equal_networks():
    task = decoy_task("counterexamples", plan=RunPlan(start="champion"))
    before = {name: tensor.clone() for name, tensor in task.parent.state_dict().items()}
    assert equal(retrain(task).network, retrain(task).network)
    assert all(torch.equal(before[name], tensor) for name, tensor in task.parent.state_dict().items())


def test_scopes_leave_the_rest_as_the_champion_has_it():
    for scope, trains in (("head", ["heads"]), ("last blocks", ["heads", "encoders"])):
        task = decoy_task("counterexamples", plan=RunPlan(start="champion", scope=scope))
        network, champion = retrain(task).network, task.parent.state_dict()
        changed = {
            name.split(".")[0] for name, value in network.state_dict().items() if not value.equal(champion[name])
        }
        assert sorted(changed) == sorted(trains)
        assert all(weights.requires_grad for weights in network.parameters())  # as the workspace declares it


def test_starting_from_a_champion_needs_one_that_reads_the_same_inputs():
    plan = RunPlan(start="champion")
    with pytest.raises(Refused, match="no champion"):
        retrain(decoy_task("labels", parent=None, plan=plan))
    task = decoy_task("labels")
    field = task.spec.fields[0].model_copy(update={"equalise": True})
    other = task.spec.model_copy(update={"fields": (field,)})
    with pytest.raises(Refused, match="fields or targets changed"):
        retrain(replace(task, spec=other, plan=plan))
    with pytest.raises(NotFound, match="Known: guided"):
        retrain(decoy_task("magic"))


def test_auto_tries_delivers_the_best_and_says_why_the_others_were_left_out():
    task = decoy_task("auto", plan=QUICK)
    done = retrain(task)
    trials = {trial.title: trial for trial in done.outcome.trials}
    assert {trial.strategy for trial in done.outcome.trials} == {
        s.name for s in strategies() if s.family not in NOT_TRIED
    }
    assert done.outcome.delivered == "guided"  # labels alone and the recommended one are tried whatever they take
    assert trials["Labels only"].verdict == "tried"
    assert "of the budget are left" in trials["Counterexamples"].reason
    assert "convolutions" in trials["Grad-CAM penalty"].reason
    stages = [report.stage for report in task.reporter.reports]
    assert any(stage.startswith("2 of ") and stage.endswith(": Guided by marks") for stage in stages)


def test_auto_without_marks_is_labels_alone():
    done = retrain(decoy_task("auto", marked=decoy_marks(10).rows([])))
    assert [trial.strategy for trial in done.outcome.trials] == ["labels"]


def test_where_nothing_is_better_the_champion_stays_and_is_told_plainly():
    task = decoy_task("auto", plan=QUICK, marked=decoy_marks(10, box=EMPTY))
    done = retrain(task)
    assert (done.is_parent, done.network is task.parent) == (True, True)
    assert done.outcome.parent.verdict == "delivered"
    assert {trial.verdict for trial in done.outcome.trials} == {"tried", "skipped"}
    for words in ("No effect: none of 2", "The champion stays", "mark more cases", "real signal"):
        assert words in done.outcome.words


@dataclass
class Destroyer(LabelsStrategy):
    """Gradient penalty with a fixed weight that nothing caps: made for this test."""

    name: str = "destroyer"
    uses_regions: bool = True

    def objective(self, context):
        return DestroyingObjective(
            context.train, context.validation, context.spec, seed=context.seed, device=context.device
        )


class DestroyingObjective(SupervisedObjective):
    """Punishes every gradient, and with it every answer."""

    def loss(self, network, step, generator):
        values = self.train.batch(range(64))["image"].float().div(255).requires_grad_()
        answers = torch.log_softmax(network({"image": values})["digit"], dim=1)
        (gradient,) = torch.autograd.grad(answers.sum(), values, create_graph=True)
        return super().loss(network, step, generator) + 1e4 * gradient.pow(2).sum(dim=(1, 2, 3)).mean()


def test_a_penalty_that_destroys_is_stopped_and_the_champion_stays(monkeypatch):
    monkeypatch.setattr(retraining, "strategy", lambda _: Destroyer())
    task = decoy_task("destroyer", plan=RunPlan(start="champion"), spec=decoy_spec(epochs=30))
    done = retrain(task)
    (trial,) = done.outcome.trials
    assert (trial.verdict, done.is_parent) == ("stopped", True)
    assert "right answers fell from" in trial.reason
    assert len(done.fitted.curve) < task.spec.training.epochs


@pytest.mark.parametrize(
    ("history", "words"),
    [
        ([(1.0, 0.7), (0.9, 0.7), (2.3, 0.5), (2.3, 0.4), (2.3, 0.3)], None),  # .5 is more than .7 of .7
        ([(1.0, 0.7), (0.9, 0.8), (2.3, 0.5), (2.3, 0.4), (2.3, 0.3)], "right answers fell from 80 % to 30 %"),
        ([(2.3, 0.1), (9.0, 0.1), (9.0, 0.1), (2.0, 0.2)], None),  # recovered
        ([(1.0, 0.7), (8.0, 0.6), (8.0, 0.6), (9.0, 0.6)], "the loss on other cases rose from 1 to 9"),
        ([(1.0, 0.15), (1.0, 0.1), (1.0, 0.1), (1.0, 0.1)], None),  # had learnt nothing that it could lose
        ([(1.0, 0.7), (float("nan"), 0.6), (float("nan"), 0.6), (float("nan"), 0.6)], "the loss on other cases rose"),
    ],
)
def test_what_counts_as_destroyed(history, words):
    found = destroyed(history, constant=2.3, majority=0.1)
    assert found is None if words is None else found.startswith(words)


def test_a_cancelled_search_goes_on_where_it_was(monkeypatch):
    monkeypatch.setattr(training, "REPORT_SECONDS", 0.0)
    task, keeper = decoy_task("auto", plan=QUICK), Keeper()
    whole = retrain(task)
    steps = len(task.reporter.reports)
    with pytest.raises(Cancelled):
        retrain(replace(task, reporter=Watcher(cancel_at=steps * 2 // 3), checkpointer=keeper))
    rest = Watcher()
    resumed = retrain(replace(task, reporter=rest, checkpointer=keeper))
    assert equal(resumed.network, whole.network)
    assert len(rest.reports) < steps / 2
    assert not any(report.stage.startswith("1 of") for report in rest.reports)
    assert [trial.score for trial in resumed.outcome.trials] == [trial.score for trial in whole.outcome.trials]
    again = Watcher()
    finished = retrain(replace(task, reporter=again, checkpointer=keeper))
    assert (again.reports, equal(finished.network, whole.network)) == ([], True)


def test_the_checkpoint_of_another_task_is_ignored():
    keeper = Keeper()
    retrain(decoy_task("labels", checkpointer=keeper))
    other = decoy_task("labels", checkpointer=keeper, seed=1)
    assert not equal(retrain(other).network, other.parent)
    assert other.reporter.reports


def test_the_swapped_score_is_that_of_answers_on_exchanged_cases():
    task = decoy_task("labels", marked=decoy_marks(10).rows([]))
    swapped = SwappedValidation(task)
    judged = swapped.judge(task.parent)
    objective = SupervisedObjective(task.train, task.validation, task.spec)
    with torch.no_grad():
        assert swapped.score(judged).value >= objective.validation_score(task.parent)  # it is calibrated first
        answers = task.parent(task.validation.inputs)["digit"].double()
    heat = fit_temperature(answers.numpy(), task.validation.labels["digit"].numpy())
    loss = torch.nn.functional.cross_entropy(answers / heat, task.validation.labels["digit"])
    assert swapped.score(judged).value == pytest.approx(math.exp(-float(loss)), rel=1e-5)
    assert not judged.changed.any()  # nothing is marked, so nothing was swapped
    fooled = SwappedValidation(decoy_task("labels")).judge(task.parent)
    assert fooled.changed.mean() > 0.2
