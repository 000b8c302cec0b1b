"""The control run: what a retraining is held against, so that an effect of the marks is told from any other."""

from dataclasses import replace

from core.learning.strategies.labels import LabelsStrategy
from core.learning.task import Retrained, Task, context_of, started, training_plan
from core.learning.trials import Labelled
from core.models.network import TandemNetwork
from core.models.scope import close_scope
from core.models.training import fit

STAGE = "control run"


def train_control(task: Task, done: Retrained) -> TandemNetwork:
    """Train what `done` is held against: the same data, labels, regularisation, steps, start and scope; no marks.

    It stops at the step that was delivered, whatever its own validation score says: choosing a step by it would be
    choosing by data that may carry the shortcut.
    """
    network = started(task, done.start)
    context = replace(context_of(task, network), marked=task.marked.rows([]))
    plan = replace(
        training_plan(task, network, done.start), steps=done.fitted.best_step, keep_last=True, judge_start=False
    )
    if plan.steps or done.is_parent:
        fit(network, LabelsStrategy().objective(context), plan, Labelled(task.reporter, STAGE))
    close_scope(network)
    return network.eval()
