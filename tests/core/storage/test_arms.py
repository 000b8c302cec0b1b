"""Arms of readings, what they keep from training, and adjudications."""

from core.storage import adjudications, arms, verdicts
from core.storage.arms import Drawn
from tests.helpers.stored_world import new_verdict


def test_an_arm_is_drawn_once(world):
    with world.database.write() as tx:
        first = arms.add(tx, world.pool, "ada", "known wrong", {"digit": "8"})
        again = arms.add(tx, world.pool, "ada", "usual", {})
        arms.add(tx, world.pool, "ben", "ai off", {})
    with world.database.read() as tx:
        assert first == again == arms.get(tx, world.pool, "ada") == Drawn("known wrong", {"digit": "8"})
        assert arms.get(tx, world.cases["train"].id, "ada") is None
        workspace = world.workspace.id
        assert arms.of_workspace(tx, workspace) == {(world.pool, "ada"): "known wrong", (world.pool, "ben"): "ai off"}
        assert arms.of_workspace(tx, workspace, "ben") == {(world.pool, "ben"): "ai off"}
        assert set(arms.of_workspace(tx, workspace, arm="known wrong")) == {(world.pool, "ada")}


def test_a_verdict_after_a_wrong_answer_stands_for_its_person_alone(world):
    with world.database.write() as tx:
        arms.add(tx, world.pool, "ada", "known wrong", {"digit": "8"})
        verdicts.add(tx, new_verdict(world, "8"))
        other = verdicts.add(tx, new_verdict(world, "3", actor_id="ben"))
        assert verdicts.standing(tx, world.workspace.id) == (other,)
        assert verdicts.shared(tx, world.workspace.id) == {}
        assert set(verdicts.answered(tx, world.workspace.id)) == {(world.pool, "ada"), (world.pool, "ben")}
        assert verdicts.current(tx, world.pool, "digit", "ada").label == "8"
        assert verdicts.ever_answered(tx, world.pool, "ada") == {"digit"}
        assert verdicts.ever_answered(tx, world.pool, "carl") == frozenset()


def test_verdicts_of_several_people_on_one_case_are_shared(world):
    with world.database.write() as tx:
        first = verdicts.add(tx, new_verdict(world, "3"))
        second = verdicts.add(tx, new_verdict(world, "8", actor_id="ben"))
        later = verdicts.add(tx, new_verdict(world, "8"))
        assert first.id < second.id < later.id
        assert verdicts.shared(tx, world.workspace.id) == {(world.pool, "digit"): (second.id, later.id)}


def test_the_newest_adjudication_counts_and_the_earlier_stay(world):
    with world.database.write() as tx:
        adjudications.add(tx, world.pool, "digit", "3", [1, 2], "ada")
        newest = adjudications.add(tx, world.pool, "digit", "8", [1, 2], "ben")
        assert adjudications.latest(tx, world.workspace.id) == {(world.pool, "digit"): newest}
    assert (newest.label, newest.verdict_ids, newest.actor_id) == ("8", (1, 2), "ben")
