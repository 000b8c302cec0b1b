"""How far the model knows its limits: answer sets, risk control, unlike cases, attacks.

The parts say what each figure is: `_guard_conformal`, `_guard_risk`, `_guard_outliers`, `_guard_attack`. `--data adult`
or `arrests` names the table; without `--data-root` it is the arrests, and CIFAR-10 is left out of the unlike cases.
"""

from collections.abc import Mapping

from core.contracts import BenchOptions, Figure
from tests.benchmarks._guard_attack import attack_figures
from tests.benchmarks._guard_conformal import conformal_figures
from tests.benchmarks._guard_outliers import outlier_figures
from tests.benchmarks._guard_risk import risk_figures


def run(options: BenchOptions) -> Mapping[str, Figure]:
    """Measure all parts."""
    return {
        **conformal_figures(options),
        **risk_figures(options),
        **outlier_figures(options),
        **attack_figures(options),
    }
