"""Each measure on eight reads, worked out by hand."""

import numpy as np
import pytest

from core.team.complementarity import by_group, by_reader, team_row, team_rows
from tests.helpers.team_parts import outcomes

# truth, read, answer, verdict
READS = (
    (0, 0, 0, 0),  # all right
    (0, 1, 0, 0),  # helped
    (0, 1, 0, 1),  # a right answer rejected
    (0, 0, 1, 1),  # harmed: a wrong answer accepted
    (0, 0, 1, 0),  # a wrong answer withstood
    (0, 1, 1, 1),  # both wrong, alike: nothing to accept
    (1, -1, 1, 1),  # could not decide, then helped
    (1, 1, 0, -1),  # right, then could not decide: harmed, and not accepted
)


def test_by_hand():
    row = team_row(outcomes(*READS, seconds=[1.0, 2, 3, 4, 5, 6, 7, float("nan")]), "all", 20)
    values = {
        "person": 4 / 8,
        "model": 4 / 8,
        "team": 4 / 8,
        "gain": 0.0,
        "helped": 2 / 4,
        "harmed": 2 / 4,
        "over_reliance": 1 / 3,
        "under_reliance": 1 / 3,
        "seconds": 4.0,
    }
    assert {name: getattr(row, name).value for name in values} == pytest.approx(values)
    assert (row.helped.n, row.over_reliance.n, row.seconds.n) == (4, 3, 7)
    assert (row.cases, row.reads, row.small) == (8, 8, True)


def test_gain_is_held_against_the_better_of_the_two():
    rows = [(0, 0, 1, 0)] * 6 + [(0, 1, 0, 0)] * 2 + [(0, 1, 1, 1)] * 2
    row = team_row(outcomes(*rows), "all", 5)
    assert (row.person.value, row.model.value, row.team.value) == (0.6, 0.2, 0.8)
    assert row.gain.value == pytest.approx(0.2)
    assert -1 <= row.gain.low < 0.2 < row.gain.high <= 1
    assert not row.small


def test_what_nobody_can_tell_is_no_figure():
    row = team_row(outcomes((0, 0, 0, 0), (1, 1, 1, 1)), "all", 20)
    assert (row.helped, row.over_reliance, row.under_reliance) == (None, None, None)
    assert row.harmed.value == 0
    assert team_rows(outcomes(), (), 20) == ()


def test_the_models_interval_does_not_depend_on_who_reads():
    rows = [(0, i % 2, int(i >= 10), 0) for i in range(20)]
    one, two = (team_row(outcomes(*rows, readers=names), "all", 5) for names in (["R1"] * 20, ["R1", "R2"] * 10))
    assert one.model == two.model
    assert two.person.high - two.person.low > one.person.high - one.person.low


def test_cuts_by_reader_experience_and_group():
    found = outcomes(*READS, readers=["R10", "R2", "R2", "R2", "R10", "R2", "R2", "R2"])
    people = by_reader(found, {"R2": "expert", "R10": ""})
    assert [cut.words for cut in people] == ["reader R2", "reader R10", "experience expert"]
    assert people[0].chosen.sum() == people[2].chosen.sum() == 6
    groups = by_group([{"sex": "F"}] * 5 + [{"sex": "M"}] * 2 + [{}], ("sex",))
    assert [(cut.words, int(cut.chosen.sum())) for cut in groups] == [("sex F", 5), ("sex M", 2)]
    rows = team_rows(found, (*people, *groups), 20)
    assert [row.cut for row in rows] == ["all", "reader R2", "reader R10", "experience expert", "sex F", "sex M"]
    assert np.all([row.reads for row in rows] == np.asarray([8, 6, 2, 6, 5, 2]))
