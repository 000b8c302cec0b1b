"""Attacks on an undefended network of digits: PGD must succeed, else it is broken.

`pgd_success`: share of correctly answered test digits that PGD turns within L-infinity 0.3 in 40 steps, all seeds
together, with Wilson's interval; `fgsm_success` and `auto_pgd_success` likewise. `pgd_sound`: share of seeds in which
PGD passes its own checks. `hint_auroc`: how well feature squeezing tells attacked digits from honest ones, mean over
seeds.
"""

from collections.abc import Mapping

import numpy as np
from sklearn.metrics import roc_auc_score

from core.contracts import BenchOptions, Figure
from core.fairness.intervals import wilson
from core.guard.robustness.screen import Findings, Screen
from core.guard.robustness.work import Plan
from tests.benchmarks._decoy_images import TARGET
from tests.benchmarks._decoy_world import Silent
from tests.benchmarks._figures import mean_figure
from tests.benchmarks._guard_digits import digits

EPSILON, STEPS = 0.3, 40


def attack_figures(options: BenchOptions) -> Mapping[str, Figure]:
    """Return the figures of attacks over all seeds."""
    found = [_screened(seed, options.quick) for seed in range(1 if options.quick else options.seeds)]
    return {
        **{f"{name}_success": _success(found, name) for name in ("pgd", "fgsm", "auto_pgd")},
        "pgd_sound": mean_figure([float(_sound(one)) for one in found], 0.0, 1.0),
        "hint_auroc": mean_figure([_area(one) for one in found], 0.0, 1.0),
    }


def _screened(seed: int, quick: bool) -> Findings:
    data = digits(seed, quick=quick)
    plan = Plan(epsilons=(EPSILON,), steps=STEPS, seconds=3600.0, seed=seed)
    return Screen(data.trained(seed), TARGET, data.test, Silent(), plan).run()


def _success(found: list[Findings], attack: str) -> Figure:
    flips = np.concatenate([one.flipped for each in found for one in each.attacked if one.attack == attack])
    share = wilson(int(flips.sum()), len(flips))
    return Figure(share.value, share.low, share.high, share.n)


def _sound(found: Findings) -> bool:
    return all(one.soundness.sound for one in found.attacked if one.attack == "pgd")


def _area(found: Findings) -> float:
    turned = found.suspicion_attacked[np.isfinite(found.suspicion_attacked)]
    attacked = np.repeat([False, True], [len(found.suspicion), len(turned)])
    return float(roc_auc_score(attacked, np.concatenate([found.suspicion, turned])))
