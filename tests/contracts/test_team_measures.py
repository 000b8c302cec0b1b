"""Every registered measure of the team."""

import numpy as np
import pytest

from core.contracts import TeamRow
from core.team.intervals import clusters_of
from core.team.measures.registry import team_measures
from tests.helpers.team_parts import outcomes

NAMES = [measure.name for measure in team_measures()]


@pytest.fixture(params=NAMES)
def measure(request):
    return next(one for one in team_measures() if one.name == request.param)


def random_outcomes(count: int = 120, seed: int = 0):
    generator = np.random.default_rng(seed)
    rows = generator.integers(0, 3, (count, 4))
    return outcomes(
        *map(tuple, rows.tolist()), readers=[f"R{1 + i % 4}" for i in range(count)],
        groups=[f"g{i // 2}" for i in range(count)], seconds=generator.gamma(3.0, 5.0, count).tolist(),
    )  # fmt: skip


def test_is_a_figure_of_the_row(measure):
    assert measure.name in TeamRow.__dataclass_fields__
    assert measure.title
    assert len(set(NAMES)) == len(NAMES)


def test_gives_a_figure_inside_its_interval(measure):
    found = random_outcomes()
    figure = measure.measure(found, clusters_of(found))
    assert figure.low <= figure.value <= figure.high
    assert figure.low < figure.high
    assert 0 < figure.n <= len(found)


def test_neither_the_order_of_reads_nor_names_of_readers_matter(measure):
    found = random_outcomes()
    order = np.random.default_rng(1).permutation(len(found)).astype(np.int64)
    turned = found.subset(order)
    one, other = (measure.measure(rows, clusters_of(rows)) for rows in (found, turned))
    assert (one.value, one.low, one.high, one.n) == pytest.approx((other.value, other.low, other.high, other.n))


def test_one_read_says_next_to_nothing(measure):
    found = outcomes((0, 1, 0, 0))
    figure = measure.measure(found, clusters_of(found))
    assert figure is None or figure.high - figure.low > 0.9
