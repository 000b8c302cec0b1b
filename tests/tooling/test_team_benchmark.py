"""The simulation behind `bench team`: its true values are what its studies scatter around."""

from dataclasses import replace

import numpy as np
import pytest

from core.contracts import BenchOptions
from core.errors import BadInput
from core.team.complementarity import team_row
from tests.benchmarks import team as bench
from tests.benchmarks._team_people import WORLDS, population, simulate

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_one_huge_study_finds_the_population_values(world):
    huge = replace(world, readers=2000, cases=24_000, reads_per_case=1, cases_per_group=1, uneven=False)
    row, truth = team_row(simulate(huge, 0), "all", 20), population(huge)
    for name, value in truth.items():
        assert getattr(row, name).value == pytest.approx(value, abs=0.03), name
    assert truth == population(world)


def test_persons_and_model_of_equal_skill_are_equal():
    values = population(next(world for world in WORLDS if world.name == "person and model equal"))
    assert values["person"] == pytest.approx(values["model"], abs=0.002)


def test_a_quick_run_gives_every_figure_and_covers_most():
    figures = bench.run(BenchOptions(quick=True, simulate=True))
    assert 0.88 <= figures["team_interval_coverage"].value <= 1.0
    assert figures["team_interval_coverage"].n == 100
    assert np.all([0 <= figure.value <= 1 for figure in figures.values()])
    assert {"gain_coverage", "over_reliance_width", "lowest_world_coverage"} <= set(figures)


def test_real_people_are_refused():
    with pytest.raises(BadInput, match="--simulate"):
        bench.run(BenchOptions())
