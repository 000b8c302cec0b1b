"""Answer sets against MAPIE's, and whether they hold the truth as often as they say on real people's data.

`conformal_differences`: sets that differ from MAPIE's, over 50 random problems: 25 of least ambiguous sets (two to ten
classes), 25 of adaptive sets (three to ten) given the same random numbers. `coverage`: share of sets that hold the
truth where .9 is promised, temperature and least ambiguous sets as the product makes them; mean over random splits of
the held-out rows into 1,000 calibration cases and the rest. `coverage_worst_group`: the same in the group with the
lowest mean, sets made within the groups; `coverage_worst_group_together`: when they are not.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from core.contracts import BenchOptions, CalibrationSpec, Figure, SetMethod
from core.models.calibration import answer_sets, calibrated, set_rule, softmax
from core.models.calibration.fitting import CalibrationCases, fit_calibration
from core.models.calibration.sets.base import ROUNDING, of_truth, order_statistic
from core.models.manifest import TargetCalibration
from tests.benchmarks._fairness_data import divided
from tests.benchmarks._figures import mean_figure
from tests.helpers.calibration_parts import mapie_sets

PROBLEMS, SPLITS, CALIBRATION = 50, 60, 1000
CASES = 200
"""New cases of a random problem."""
GROUP = "group"
Array = NDArray[np.float64]
Integers = NDArray[np.int64]


def conformal_figures(options: BenchOptions) -> Mapping[str, Figure]:
    """Return the figures of answer sets; rows are Adult's where they are, else the arrests of a package."""
    problems = 10 if options.quick else PROBLEMS
    different = sum(_differences(number, number % 2 == 1) for number in range(problems))
    data = options.data or ("adult" if options.data_root is not None else "arrests")
    world = [_world(options, data, seed) for seed in range(1 if options.quick else options.seeds)]
    turns = range((6 if options.quick else SPLITS) // len(world))
    apart = [_covered(one, turn, CalibrationSpec(groups=GROUP)) for one in world for turn in turns]
    together = [_covered(one, turn, CalibrationSpec()) for one in world for turn in turns]
    return {
        "conformal_differences": Figure(float(different), n=problems),
        "coverage": mean_figure([overall for overall, _ in together], 0.0, 1.0),
        "coverage_worst_group": _worst([groups for _, groups in apart]),
        "coverage_worst_group_together": _worst([groups for _, groups in together]),
    }


def _differences(number: int, adaptive: bool) -> int:
    """Return how many of a random problem's sets differ from MAPIE's."""
    generator = np.random.default_rng(number)
    name: SetMethod = "aps" if adaptive else "lac"
    classes = int(generator.integers(3 if adaptive else 2, 11))
    count, coverage = int(generator.integers(40, 800)), float(generator.choice([0.7, 0.8, 0.9, 0.95]))
    shown = softmax(generator.normal(size=(count + CASES, classes)) * generator.uniform(0.5, 3.0))
    labels = np.array([generator.choice(classes, p=row) for row in shown[:count]])
    extra = {"seed": number, "include_last_label": "randomized"} if adaptive else {}
    reference = mapie_sets(shown[:count], labels, shown[count:], coverage, name, **extra)
    rule = set_rule(name)
    item = TargetCalibration(target="t", classes=tuple(map(str, range(classes))), coverage=coverage)
    draws = [np.random.RandomState(number).uniform(size=n) if adaptive else None for n in (count, CASES)]
    threshold = order_statistic(of_truth(rule.scores(item, shown[:count], draws[0]), labels), coverage)
    if threshold is None:
        threshold = rule.everything(item)
    ours = rule.scores(item, shown[count:], draws[1]) - threshold <= ROUNDING
    return int((ours != reference).any(axis=1).sum())


@dataclass(frozen=True)
class _World:
    """Held-out rows with a model's logits [rows, 2]."""

    logits: Array
    truth: Integers
    groups: tuple[str, ...]


def _world(options: BenchOptions, data: str, seed: int) -> _World:
    parts = divided(options, data, seed)
    model = LogisticRegression(max_iter=1000).fit(parts.train.features, parts.train.truth)
    shown = np.asarray(model.decision_function(parts.test.features), dtype=np.float64)
    logits = np.stack([np.zeros_like(shown), shown], axis=1)
    return _World(logits, parts.test.truth, tuple(str(group) for group in parts.test.groups))


def _covered(world: _World, turn: int, wanted: CalibrationSpec) -> tuple[float, dict[str, float]]:
    """Return the coverage of one split, over all and by group."""
    order = np.random.default_rng(turn).permutation(len(world.truth))
    count = min(CALIBRATION, len(order) // 2)
    known, new = order[:count], order[count:]
    attributes = [{GROUP: world.groups[row]} for row in order.tolist()]
    alone = [str(row) for row in known]
    cases = CalibrationCases(world.logits[known], world.truth[known], alone, attributes[:count])
    item = fit_calibration(TargetCalibration(target="t", classes=("no", "yes")), wanted, cases)
    sets = answer_sets(item, calibrated(item, world.logits[new]), attributes[count:])
    right = sets[np.arange(len(new)), world.truth[new]]
    member = np.array([one[GROUP] for one in attributes[count:]])
    return float(right.mean()), {name: float(right[member == name].mean()) for name in sorted(set(world.groups))}


def _worst(splits: list[dict[str, float]]) -> Figure:
    """Return the figure of the group with the lowest mean."""
    means = {name: float(np.mean([one[name] for one in splits])) for name in splits[0]}
    lowest = min(means, key=lambda name: means[name])
    return mean_figure([one[lowest] for one in splits], 0.0, 1.0)
