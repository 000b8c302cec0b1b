"""Suspensions, guards and routings, on both databases."""

from datetime import timedelta

from core.contracts import Deferral
from core.storage import guards, reads, routings, suspensions, verdicts, versions
from core.storage.columns import now
from core.storage.guards import StoredGuard
from core.storage.routings import Routed
from tests.helpers.stored_world import new_verdict

WHY = Deferral("outlier", "nothing like it was seen", 3.5, 2.0)


def routed(world, **changes) -> Routed:
    given = {"case_id": world.pool, "target": "digit", "label": "3", "accepted": True, "automatic": False}
    return Routed(**(given | changes))


def test_the_latest_word_on_suspension_counts(world):
    workspace = world.workspace.id
    with world.database.write() as tx:
        assert suspensions.latest(tx, workspace) is None
        assert not suspensions.is_suspended(tx, workspace)
        suspensions.add(tx, workspace, True, "it drifts", "ada")
        assert suspensions.is_suspended(tx, workspace)
        given = suspensions.add(tx, workspace, False, "fixed", "ada")
        assert suspensions.latest(tx, workspace) == given
        assert not suspensions.is_suspended(tx, workspace)


def test_a_guard_is_replaced_and_forgotten(world):
    with world.database.write() as tx:
        assert guards.get(tx, world.version.id) is None
        guards.put(tx, world.version.id, StoredGuard(None, "{}"))
        guards.put(tx, world.version.id, StoredGuard("a" * 64, '{"n":1}'))
        assert guards.get(tx, world.version.id) == StoredGuard("a" * 64, '{"n":1}')
        guards.forget(tx, world.workspace.id)
        assert guards.get(tx, world.version.id) is None


def test_routings_come_back_with_their_reasons(world):
    version = world.version.id
    with world.database.write() as tx:
        row = routed(world, accepted=False, deferrals=(WHY, Deferral("risk", "too unsure")))
        routings.put(tx, version, [row])
        assert routings.of_version(tx, version) == {world.pool: (row,)}
        assert routings.deferred(tx, version) == {world.pool: row.deferrals}
        assert routings.labels_given(tx, version, [("digit", "3")]) == {world.pool}
        assert not routings.labels_given(tx, version, [("digit", "4")])
        assert not routings.labels_given(tx, version, [])
        routings.put(tx, version, [routed(world)])
        assert not routings.deferred(tx, version)
        routings.forget(tx, version)
        assert not routings.of_version(tx, version)


def test_labels_that_people_gave_are_found(world):
    with world.database.write() as tx:
        reads.add(tx, world.pool, "digit", "ada", "3", "certain", 2.0)
        workspace = world.workspace.id
        assert routings.labels_by_people(tx, workspace, [("digit", "3")]) == {world.pool}
        assert not routings.labels_by_people(tx, workspace, [("digit", "4")])
        verdicts.add(tx, new_verdict(world, label="4"))
        assert routings.labels_by_people(tx, workspace, [("digit", "4")]) == {world.pool}


def test_what_the_model_decided_stands_and_waits_for_people_while_it_is_suspended(world):
    version, workspace = world.version.id, world.workspace.id
    with world.database.write() as tx:
        routings.put(tx, version, [routed(world, automatic=True)])
        routings.put(tx, version, [routed(world, accepted=False, deferrals=(WHY,))])
        routings.forget(tx, version)
        assert routings.decided(tx, workspace) == {world.pool}
        assert routings.automatic_since(tx, workspace, now() - timedelta(hours=1)) == 1
        assert routings.automatic_since(tx, workspace, now() + timedelta(hours=1)) == 0
        suspensions.add(tx, workspace, True, "stop", "ada")
        assert routings.decided(tx, workspace) == frozenset()


def test_the_tally_counts_what_the_champion_s_answers_came_to(world):
    with world.database.write() as tx:
        assert routings.tally(tx) == routings.Tally((), (), ())
        row = routed(world, accepted=False, deferrals=(WHY, Deferral("risk", "too unsure")))
        routings.put(tx, world.version.id, [row])
        versions.set_champion(tx, world.workspace.id, world.version.id, world.workspace.champion)
        found = routings.tally(tx)
        assert found.cases == (("demo", "deferred", 1),)
        assert found.reasons == (("demo", "outlier", 1),)
        routings.put(tx, world.version.id, [routed(world, automatic=True)])
        assert routings.tally(tx).cases == (("demo", "accepted", 1),)
        assert routings.tally(tx).automatic == (("demo", 1),)


def test_suspended_workspaces_are_named(world):
    with world.database.write() as tx:
        assert suspensions.suspended(tx) == ()
        suspensions.add(tx, world.workspace.id, True, "stop", "ada")
        assert suspensions.suspended(tx) == ("demo",)
        suspensions.add(tx, world.workspace.id, False, "go", "ada")
        assert suspensions.suspended(tx) == ()
