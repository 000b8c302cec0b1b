"""Proposed marks in the database: replaced, decided, undone, standing once accepted, gone with their case."""

import pytest

from core.contracts import NewJob, NewRegion
from core.errors import NotFound
from core.storage import erasure, jobs, proposals, regions, runs
from core.storage.proposals import NewProposal
from tests.helpers.stored_world import make_world


def found(world, probability: float, split: str = "train") -> NewProposal:
    """A find on the case of a split."""
    mark = NewRegion("note", "ignore", "corner", spans=((0, 2),))
    return NewProposal(world.cases[split].id, probability, mark)


def test_an_act_is_undone_as_one_and_decided_ones_outlive_a_search(database):
    world = make_world(database)
    with database.write() as tx:
        number = regions.artefact(tx, world.workspace.id, "corner")
        proposals.replace_open(tx, number, 1, [found(world, 0.4), found(world, 0.9, "pool"), found(world, 0.6)])
        first, second, third = proposals.list_proposals(tx, number)
        assert [item.probability for item in (first, second, third)] == [0.9, 0.6, 0.4]
        proposals.decide(tx, number, [first.id], "accepted", "ada", proposals.next_decision(tx, number))
        proposals.decide(tx, number, [second.id, third.id], "accepted", "ada", -proposals.next_decision(tx, number))
        assert [item.seen for item in proposals.list_proposals(tx, number)] == [True, False, False]
        assert proposals.reopen_last(tx, number) == 2
        proposals.replace_open(tx, number, 2, [found(world, 0.8)])
        assert [(item.status, item.probability) for item in proposals.list_proposals(tx, number)] == [
            ("accepted", 0.9),
            ("open", 0.8),
        ]
        with pytest.raises(NotFound, match="is gone"):
            proposals.decide(tx, number, [third.id], "accepted", "ada", 9)


def test_accepted_ones_stand_and_a_run_has_those_of_its_time(database):
    world = make_world(database)
    with database.write() as tx:
        number = regions.artefact(tx, world.workspace.id, "corner")
        proposals.replace_open(tx, number, 1, [found(world, 0.9), found(world, 0.8, "pool")])
        early, late = proposals.list_proposals(tx, number)
        proposals.decide(tx, number, [early.id], "accepted", "ada", 1)
        run = runs.add(tx, world.workspace.id, "retrain", "guided", 1, True, (), None)
        proposals.decide(tx, number, [late.id], "accepted", "ben", 2)
        standing = regions.standing(tx, world.workspace.id)
        assert [(mark.id, mark.verdict_id, mark.actor_id) for mark in standing] == [
            (-early.id, None, "ada"),
            (-late.id, None, "ben"),
        ]
        assert standing[0].mark == NewRegion("note", "ignore", "corner", spans=((0, 2),))
        assert [mark.id for mark in regions.of_run(tx, run.id)] == [-early.id]
        (artefact,) = regions.artefacts(tx, world.workspace.id)
        assert (artefact.marks, artefact.spread) == (0, 2)
        erasure.erase_case(tx, world.pool, "ada", "asked for")
        assert [item.id for item in proposals.list_proposals(tx, number)] == [early.id]


def test_searches_are_found_by_their_artefact(database):
    world = make_world(database)
    with database.write() as tx:
        number = regions.artefact(tx, world.workspace.id, "corner")
        assert proposals.searches(tx, "demo", number) == (None, None)
        key = proposals.search_key(number)
        job = jobs.add(tx, NewJob("spread", "demo", {"artefact": "corner", "number": number}, "ada", key=key))
        newest, done = proposals.searches(tx, "demo", number)
        assert (newest.id, done) == (job.id, None)
        assert proposals.searches(tx, "demo", number + 1) == (None, None)
