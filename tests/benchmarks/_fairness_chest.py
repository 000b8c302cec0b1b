"""Chest radiographs: pneumonia is missed more often on AP films (bedside, sicker people) than on PA films.

The workspace is the shipped one, a linear head on a frozen backbone; each seed splits by patient. The champion learns
from labels, the other model in the same way under a limit on the gap of positives found between views. Both are
measured on patients whom neither has seen: `chest_fnr_gap_` is the share of AP positives missed minus that of PA
positives (means over splits of the signed difference, for a size without sign would never be 0), `chest_auc_` the area
under the ROC curve of all.
"""

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from core.contracts import BenchOptions, FairnessAim, Figure, Progress
from core.errors import NotFound
from core.fairness.membership import Membership, membership
from core.learning.marks import MarkedExamples
from core.learning.retraining import Task
from core.learning.strategies.registry import strategy
from core.learning.task import context_of, started, training_plan
from core.models.examples import Examples
from core.models.network import build_network
from core.models.training import fit
from core.sources.workspace_file import parse_workspace
from tests.benchmarks._decoy_chest import FIELD, FINDING, QUICK_IMAGES, TARGET, radiographs, rows_of
from tests.benchmarks._decoy_recipe import DEVICE
from tests.benchmarks._decoy_vectors import kept_condensed
from tests.benchmarks._figures import mean_figure
from tests.benchmarks._worlds import shipped_text

VIEW = "view"
SPLITS = 10
LIMIT = 0.02


def chest_figures(options: BenchOptions) -> Mapping[str, Figure]:
    """Return gap and area before and after, means over splits, and how they changed.

    Raises
    ------
    NotFound
        When the radiographs are not there.
    """
    folder = (options.data_root or Path()) / "nih-chest-xray"
    if not (folder / "cases.csv").is_file():
        raise NotFound(f"There is no {folder / 'cases.csv'}. Put the radiographs there, or give --data-root.")
    most = QUICK_IMAGES if options.quick else None
    examples, views = radiographs(folder, most), _views(folder, most)
    values: defaultdict[str, list[float]] = defaultdict(list)
    for seed in range(1 if options.quick else max(SPLITS, options.seeds)):
        for name, value in chest_split(examples, views, seed).items():
            values[name].append(value)
    return {f"chest_{name}": mean_figure(found, -1.0, 1.0) for name, found in values.items()}


def chest_split(examples: Examples, views: list[str], seed: int, limit: float = LIMIT) -> dict[str, float]:
    """Return the figures of one split by patient."""
    rows = {split: rows_of(examples, seed, split) for split in ("train", "validation", "ledger")}
    known = [{VIEW: view} for view in views]
    own = membership([known[row] for row in rows["train"]], [known[row] for row in rows["validation"]], VIEW)
    test, shown = examples.select(rows["ledger"]), np.array([views[row] for row in rows["ledger"]])
    found: dict[str, float] = {}
    for name, when in (("labels", "before"), ("constrained", "after")):
        task = _task(examples, rows, own, seed, name, limit)
        gap, area = _measured(task, test, shown)
        found |= {f"fnr_gap_{when}": gap, f"auc_{when}": area}
    fall, lost = found["fnr_gap_before"] - found["fnr_gap_after"], found["auc_before"] - found["auc_after"]
    return {**found, "fnr_gap_fall": fall, "auc_loss": lost}


def _task(
    examples: Examples, rows: Mapping[str, list[int]], own: Membership, seed: int, name: str, limit: float
) -> Task:
    spec = parse_workspace(shipped_text("chest-xray", seed), "shipped")
    train = examples.select(rows["train"])

    def build():
        network = build_network(spec, seed).to(DEVICE)
        network.fit_standardiser(kept_condensed(network, train).inputs)
        return network

    nothing = torch.zeros(0, *train.inputs[FIELD].shape[1:], dtype=torch.bool)
    task = Task(
        spec=spec,
        parent=None,
        build=build,
        train=train,
        validation=examples.select(rows["validation"]),
        marked=MarkedExamples(train.select([]), {FIELD: nothing}, {FIELD: nothing}, (), {FIELD: "image"}),
        condense=kept_condensed,
        device=DEVICE,
        seed=seed,
        reporter=_Silent(),
        strategy=name,
        groups=(own,),
    )
    return replace(task, plan=replace(task.plan, aim=FairnessAim(VIEW, "equal_opportunity", limit, TARGET)))


def _measured(task: Task, test: Examples, views: np.ndarray) -> tuple[float, float]:
    """Train as the product does; return the gap of missed positives, AP minus PA, and the area under the ROC curve."""
    network = started(task)
    objective = strategy(task.strategy).objective(context_of(task, network))
    plan = replace(training_plan(task, network, "scratch"), average=int(getattr(objective, "averaged_steps", 0)))
    fit(network, objective, plan)
    with torch.no_grad():
        logits = network.eval()(kept_condensed(network, test).batch(range(len(test)), DEVICE))[TARGET].cpu()
    positive = task.spec.target(TARGET).classes.index(FINDING)
    truth, missed = (test.labels[TARGET] == positive).numpy(), (logits.argmax(dim=1) != positive).numpy()
    rates = [float(missed[truth & (views == view)].mean()) for view in ("AP", "PA")]
    return rates[0] - rates[1], float(roc_auc_score(truth, (logits[:, positive] - logits[:, 1 - positive]).numpy()))


def _views(folder: Path, most: int | None) -> list[str]:
    with (folder / "cases.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row[VIEW] for row in (rows[:: -(-len(rows) // most)] if most else rows)]


class _Silent:
    def report(self, progress: Progress) -> None:
        """Say nothing."""
