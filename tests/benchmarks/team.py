"""How often the team page's 95 % intervals hold the truth, on people simulated with known skill.

Each world is simulated 200 times (20 when quick) and goes through the page's own estimator. `team_interval_coverage`
is the share of true values inside, over all worlds and person, model, team, gain, helped, harmed, over- and
under-reliance; its interval takes a simulated study as one. `*_coverage` is the same for one measure, `*_width` the
mean width of its intervals (an interval that is always right by saying nothing is of no use), `lowest_world_coverage`
that of the worst world. `person_coverage_of_cases_alone` is what intervals would reach that take readers for granted.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from core.contracts import BenchOptions, Estimate, Figure
from core.errors import BadInput
from core.team.complementarity import team_row
from core.team.intervals import clusters_of
from core.team.measures.person import PersonAlone
from tests.benchmarks._figures import mean_figure
from tests.benchmarks._team_people import WORLDS, World, population, simulate

STUDIES, QUICK = 200, 20


def run(options: BenchOptions) -> Mapping[str, Figure]:
    """Measure the coverage over all worlds.

    Raises
    ------
    BadInput
        Without `--simulate`: the true skill of real people is not known.
    """
    if not options.simulate:
        raise BadInput("bench team measures on simulated people, for the skill of real ones is not known: --simulate.")
    studies = QUICK if options.quick else STUDIES
    held, widths, naive, worlds = defaultdict[str, list[float]](list), defaultdict[str, list[float]](list), [], []
    shares: list[float] = []
    for number, world in enumerate(WORLDS):
        truth, own = population(world), []
        for study in range(studies):
            figures, alone = _study(world, truth, 1000 * number + study)
            inside = {name: float(one.low <= truth[name] <= one.high) for name, one in figures.items()}
            own.append(float(np.mean(list(inside.values()))))
            naive.append(float(alone.low <= truth["person"] <= alone.high))
            for name, one in figures.items():
                held[name].append(inside[name])
                widths[name].append(one.high - one.low)
        shares += own
        worlds.append(mean_figure(own, 0.0, 1.0))
    return {
        "team_interval_coverage": mean_figure(shares, 0.0, 1.0),
        "lowest_world_coverage": min(worlds, key=lambda world: world.value),
        **{f"{name}_coverage": mean_figure(values, 0.0, 1.0) for name, values in held.items()},
        **{f"{name}_width": mean_figure(values, 0.0) for name, values in widths.items()},
        "person_coverage_of_cases_alone": mean_figure(naive, 0.0, 1.0),
    }


def _study(world: World, names: Iterable[str], seed: int) -> tuple[dict[str, Estimate], Estimate]:
    """Return the page's figures of one simulated study, and a person's accuracy as if readers were no sample."""
    outcomes = simulate(world, seed)
    row = team_row(outcomes, "all", 20)
    figures = {name: getattr(row, name) for name in names}
    alone = PersonAlone().measure(outcomes, clusters_of(outcomes).only_cases)
    if alone is None:
        raise ValueError("a simulated study has reads")
    return {name: figure for name, figure in figures.items() if figure is not None}, alone
