"""Models of a trade-off in the database."""

from dataclasses import replace

import pytest

from core.contracts import Estimate, NewJob
from core.errors import NotFound
from core.storage import jobs, trade_points
from core.storage.trade_points import NewTradePoint, PointFigures
from tests.helpers.stored_world import make_world

FIGURES = PointFigures(Estimate(0.8, 0.7, 0.9, 50), Estimate(0.1, 0.0, 0.2, 50), Estimate(0.2, 0.1, 0.3, 48), (1, 2))


def test_the_last_search_is_kept_apart_by_what_it_was_about_and_a_point_becomes_a_version(database):
    world = make_world(database)
    with database.write() as tx:
        first, second = (jobs.add(tx, NewJob("tradeoff", "demo", {}, "ada", key=key)).id for key in ("a", "b"))
        point = NewTradePoint(
            world.workspace.id, first, world.workspace.revision_id, "digit", "patch", "equalised_odds", "constrained",
            0.05, 7, "a" * 64, "b" * 64, "c" * 64, FIGURES, "v1",
        )  # fmt: skip
        old = trade_points.add(tx, point)
        new = trade_points.add(tx, replace(point, job_id=second, limit=None))
        other = trade_points.add(tx, replace(point, attribute="sex"))
        assert [item.id for item in trade_points.latest(tx, world.workspace.id, "digit", "patch")] == [new]
        assert [item.id for item in trade_points.latest(tx, world.workspace.id, "digit", "sex")] == [old, other]
        assert trade_points.latest(tx, world.workspace.id, "digit", "age") == ()
        assert trade_points.get(tx, world.workspace.id, old).what == point
        trade_points.set_version(tx, new, "v2")
        assert trade_points.get(tx, world.workspace.id, new).version == "v2"
        with pytest.raises(NotFound, match="no model number 77"):
            trade_points.get(tx, world.workspace.id, 77)
