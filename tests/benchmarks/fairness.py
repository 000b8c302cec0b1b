"""Training under a limit on group gaps, held against Fairlearn: same splits, same features, same run.

`--data adult|compas|arrests`: 30 % of the cases are measured on, stratified by label and group (sex, race, colour);
figures are means over `--seeds` splits. `dp_` is trained for demographic parity, `eo_` for equalised odds: `_gap` is
the gap that was aimed at, `_accuracy` and `_seconds` come with it, and `dp_eo_gap`, `eo_dp_gap` are the other one.
Without a prefix ours is a linear model, with `mlp_` a network; `expgrad_` and `threshold_` are Fairlearn's
ExponentiatedGradient and ThresholdOptimizer on logistic regression, `plain_` ours on labels alone. Seconds are those
of one processor, for others may be using the machine. `diverged` counts
trainings of ours whose accuracy is below what the data set allows (.80 on `adult`).

`--data chest`: radiographs, positive AP cases missed more often than PA ones; see `_fairness_chest`.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

import torch
from threadpoolctl import threadpool_limits

from core.contracts import BenchOptions, Figure, GapMetric
from tests.benchmarks._fairness_chest import chest_figures
from tests.benchmarks._fairness_data import TABLES, Divided, divided
from tests.benchmarks._fairness_fairlearn import judged, reduced, thresholded
from tests.benchmarks._fairness_models import LINEAR, NETWORK, Answered, trained
from tests.benchmarks._figures import mean_figure, time_figure

METRICS: Mapping[str, GapMetric] = {"dp": "demographic_parity", "eo": "equalised_odds"}
KINDS = {"": LINEAR, "mlp_": NETWORK}
CHEST = "chest"
OTHER = {"dp": "eo", "eo": "dp"}


def run(options: BenchOptions) -> Mapping[str, Figure]:
    """Measure everything on one data set."""
    name = options.data or "adult"
    if name == CHEST:
        return chest_figures(options)
    values: defaultdict[str, list[float]] = defaultdict(list)
    diverged, runs = 0, 0
    warm_up(options, name)
    for seed in range(1 if options.quick else options.seeds):
        measured = _split(divided(options, name, seed))
        ours = [value for key, value in measured.items() if key in OURS]
        diverged, runs = diverged + sum(value < TABLES[name].lowest for value in ours), runs + len(ours)
        for key, value in measured.items():
            values[key].append(value)
    figures = {key: _figure(key, found) for key, found in values.items()}
    return {**figures, "diverged": Figure(float(diverged), n=runs)}


def warm_up(options: BenchOptions, name: str) -> None:
    """Train for one epoch, so that what is loaded at first use is not measured; everything uses one processor."""
    torch.set_num_threads(1)
    threadpool_limits(1)
    trained(divided(options, name, 0), replace(LINEAR, epochs=1), "demographic_parity")


OURS = {f"{prefix}{aim}_accuracy" for prefix in KINDS for aim in METRICS}


def _split(split: Divided) -> dict[str, float]:
    """Return all figures of one split."""
    found: dict[str, float] = {}
    for aim, metric in METRICS.items():
        for prefix, recipe in KINDS.items():
            found |= _named(split, f"{prefix}{aim}", aim, trained(split, recipe, metric))
        found |= _named(split, f"expgrad_{aim}", aim, reduced(split, aim))
        found |= _named(split, f"threshold_{aim}", aim, thresholded(split, aim))
        found[f"{aim}_seconds_ratio"] = found[f"{aim}_seconds"] / found[f"expgrad_{aim}_seconds"]
    for prefix, recipe in KINDS.items():
        measured = judged(split, trained(split, recipe, None).selected)
        found |= {f"{prefix}plain_{key}": value for key, value in measured.items()}
    return found


def _named(split: Divided, name: str, aim: str, answered: Answered) -> dict[str, float]:
    measured = judged(split, answered.selected)
    return {
        f"{name}_gap": measured[f"{aim}_gap"],
        f"{name}_accuracy": measured["accuracy"],
        f"{name}_{OTHER[aim]}_gap": measured[f"{OTHER[aim]}_gap"],
        f"{name}_seconds": answered.seconds,
    }


def _figure(name: str, values: list[float]) -> Figure:
    if name.endswith("_seconds"):
        return time_figure(values)
    return mean_figure(values, 0.0, float("inf") if name.endswith("_ratio") else 1.0)
