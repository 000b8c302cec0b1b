"""Claims, reads, verdicts, regions and artefacts."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from core.contracts import Artefact, NewRegion
from core.errors import Conflict, NotFound
from core.storage import claims, labels, reads, regions, verdicts, workspaces
from tests.helpers.stored_world import new_verdict

PATCH = NewRegion("image", "ignore", "corner patch", mask="d" * 64)
LOOK = NewRegion("note", "look_here", spans=((0, 2), (5, 9)))
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
NAMES = NewRegion("table", "ignore", None, names=("age", "postal code"))


def test_a_claim_holds_until_it_is_released(world):
    with world.database.write() as tx:
        assert claims.claim(tx, world.pool, "ada", 15) is None
        assert claims.claim(tx, world.pool, "ben", 15) == "ada"
        assert claims.claim(tx, world.pool, "ada", 15) is None
        assert claims.holders(tx, world.workspace.id) == {world.pool: "ada"}
        claims.release(tx, world.pool, "ben")
        assert claims.holders(tx, world.workspace.id) == {world.pool: "ada"}
        claims.release(tx, world.pool, "ada")
        assert claims.holders(tx, world.workspace.id) == {}
        assert claims.claim(tx, world.pool, "ben", 15) is None


def test_a_claim_that_ran_out_is_replaced(world, monkeypatch):
    with world.database.write() as tx:
        claims.claim(tx, world.pool, "ada", 15)
        later = datetime.now(UTC) + timedelta(minutes=16)
        monkeypatch.setattr(claims, "now", lambda: later)
        assert claims.holders(tx, world.workspace.id) == {}
        assert claims.claim(tx, world.pool, "ben", 15) is None
        assert claims.holders(tx, world.workspace.id) == {world.pool: "ben"}


def test_of_many_who_claim_at_once_one_gets_the_case(world):
    start, answers = threading.Barrier(8), []

    def claim(actor: str) -> None:
        start.wait()
        with world.database.write() as tx:
            answers.append(claims.claim(tx, world.pool, actor, 15))

    threads = [threading.Thread(target=claim, args=("ada" if number % 2 else "ben",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert answers.count(None) == 4
    assert len(set(answers)) == 2


def test_the_first_read_stays(world):
    with world.database.write() as tx:
        first = reads.add(tx, world.pool, "digit", "ada", "3", "certain", 4.5)
        assert reads.add(tx, world.pool, "digit", "ada", "8", "guess", None) == first
        assert (first.label, first.confidence, first.seconds) == ("3", "certain", 4.5)
        assert first.created.utcoffset() == timedelta(0)
        assert abs(first.created - datetime.now(UTC)) < timedelta(minutes=1)


def test_reads_are_counted_per_case_and_seen_per_person(world):
    with world.database.write() as tx:
        digit = reads.add(tx, world.pool, "digit", "ada", "3", "certain", None)
        shade = reads.add(tx, world.pool, "shade", "ada", "dark", "guess", None)
        other = reads.add(tx, world.pool, "digit", "ben", "4", "likely", None)
        assert reads.of_case(tx, world.pool, "ada") == (digit, shade)
        assert reads.of_case(tx, world.pool, None) == (digit, shade, other)
        assert reads.by_actor(tx, world.workspace.id, "ada") == {world.pool: 2}
        assert reads.by_actor(tx, world.workspace.id, "nobody") == {}


def test_a_verdict_comes_back_whole(world):
    with world.database.write() as tx:
        read = reads.add(tx, world.pool, "digit", "ada", "3", "certain", None)
        marks = (PATCH, LOOK, NAMES)
        new = new_verdict(world, shown='{"label":"8"}', comment="a\u202e <b>é🩻", read_id=read.id, regions=marks)
        stored = verdicts.add(tx, new)
        assert verdicts.current(tx, world.pool, "digit", "ada") == stored
        assert verdicts.by_ids(tx, [stored.id, 999]) == (stored,)
        assert verdicts.by_ids(tx, []) == ()
    assert tuple(region.mark for region in stored.regions) == marks
    assert (stored.comment, stored.shown, stored.version) == ("a\u202e <b>é🩻", '{"label":"8"}', "v1")
    assert {region.verdict_id for region in stored.regions} == {stored.id}


def test_a_later_verdict_supersedes_and_a_withdrawn_one_stands_no_more(world):
    with world.database.write() as tx:
        first = verdicts.add(tx, new_verdict(world, "3", regions=(PATCH,)))
        second = verdicts.add(tx, new_verdict(world, "4", version=None))
        other = verdicts.add(tx, new_verdict(world, "5", actor_id="ben", stance="agree", regions=(PATCH, PATCH)))
        shade = verdicts.add(tx, new_verdict(world, "dark", target="shade"))
        assert verdicts.current(tx, world.pool, "digit", "ada") == second
        assert verdicts.standing(tx, world.workspace.id, "digit") == (second, other)
        assert verdicts.standing(tx, world.workspace.id) == (second, other, shade)
        assert regions.artefacts(tx, world.workspace.id) == (Artefact(1, "corner patch", 2),)
        withdrawn = verdicts.add(tx, new_verdict(world, "4", stance="withdrawn"))
        assert verdicts.current(tx, world.pool, "digit", "ada") is None
        assert verdicts.standing(tx, world.workspace.id, "digit", world.pool) == (other,)
        assert verdicts.history(tx, world.pool, "digit", "ada") == (first, second, withdrawn)


def test_the_same_key_saves_once(world):
    new = new_verdict(world, "3", idempotency_key="click 1", comment="once", regions=(PATCH,))
    with world.database.write() as tx:
        stored = verdicts.add(tx, new)
        assert verdicts.add(tx, new) == stored
        assert verdicts.history(tx, world.pool, "digit", "ada") == (stored,)
        with pytest.raises(Conflict, match="'click 1' was already used"):
            verdicts.add(tx, new_verdict(world, actor_id="ben", idempotency_key="click 1"))


def test_a_double_click_in_two_threads_saves_once(world):
    start, stored = threading.Barrier(4), []

    def save() -> None:
        start.wait()
        with world.database.write() as tx:
            stored.append(verdicts.add(tx, new_verdict(world, idempotency_key="click 2", comment="once")))

    threads = [threading.Thread(target=save) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stored) == 4
    assert len({verdict.id for verdict in stored}) == 1


def test_an_unknown_version_is_refused_and_nothing_is_saved(world):
    with pytest.raises(NotFound, match="no version 'v9'"), world.database.write() as tx:
        verdicts.add(tx, new_verdict(world, version="v9"))
    with world.database.read() as tx:
        assert not workspaces.has_verdicts(tx, world.workspace.id)


def test_artefacts_belong_to_a_workspace_and_count_standing_ignore_marks_only(world):
    with world.database.write() as tx:
        other = workspaces.ensure(tx, "other", "", "ada")
        number = regions.artefact(tx, world.workspace.id, "corner patch")
        assert regions.artefact(tx, world.workspace.id, "corner patch") == number
        assert regions.artefact(tx, other.id, "corner patch") != number
        look = NewRegion("image", "look_here", "corner patch", mask="e" * 64)
        verdict = verdicts.add(tx, new_verdict(world, regions=(PATCH, look)))
        assert regions.artefacts(tx, world.workspace.id) == (Artefact(number, "corner patch", 1),)
        assert [region.mark for region in regions.standing(tx, world.workspace.id)] == [PATCH, look]
        assert regions.standing(tx, other.id) == ()
        verdicts.add(tx, new_verdict(world, stance="withdrawn"))
        assert regions.artefacts(tx, world.workspace.id) == (Artefact(number, "corner patch", 0),)
        assert regions.standing(tx, world.workspace.id) == ()
        assert [region.mark for region in verdict.regions] == [PATCH, look]


def test_settled_cases_are_those_that_people_first_settled_after_a_moment(world):
    database, pool, ledger = world.database, world.pool, world.cases["ledger"].id
    with database.write() as tx:
        labels.set_reference(tx, pool, "digit", "4", "single verdict")
    with database.read() as tx:
        (first,) = labels.settled(tx, world.workspace.id, "digit", EPOCH).values()
    with database.write() as tx:
        labels.set_reference(tx, pool, "digit", "5", "agreement")
        labels.set_reference(tx, ledger, "digit", "6", "adjudication")
    with database.read() as tx:
        found = labels.settled(tx, world.workspace.id, "digit", EPOCH)
        later = labels.settled(tx, world.workspace.id, "digit", first[1])
    assert [(case, label) for case, (label, _) in found.items()] == [(pool, "5"), (ledger, "6")]
    assert found[pool][1] == first[1]  # the first time counts, the last label
    assert list(later) == [ledger]
    with database.write() as tx:
        labels.restore_data_set(tx, pool, "digit")
    with database.read() as tx:
        assert list(labels.settled(tx, world.workspace.id, "digit", EPOCH)) == [ledger]
