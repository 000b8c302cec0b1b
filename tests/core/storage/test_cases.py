"""Actors, workspaces, cases and reference labels."""

import threading

import pytest
from sqlalchemy import event

from core.contracts import Actor, FieldValue, ReferenceLabel
from core.errors import NotFound
from core.storage import actors, cases, labels, verdicts, workspaces
from tests.helpers.stored_world import SPLITS, new_case, new_verdict


def test_an_actor_is_known_once_and_can_be_renamed(database):
    with database.write() as tx:
        actors.ensure(tx, Actor("local"))
        actors.ensure(tx, Actor("ada", name="Ada"))
        actors.ensure(tx, Actor("ada", name="Ada Lovelace"))
        actors.ensure(tx, Actor("ada"))
        assert actors.names(tx) == {"local": "local", "ada": "Ada Lovelace"}


def test_only_a_changed_file_makes_a_new_revision(world):
    with world.database.write() as tx:
        assert workspaces.ensure(tx, "demo", "title = 'one'", "ben") == world.workspace
        changed = workspaces.ensure(tx, "demo", "title = 'two'", "ben")
        assert (changed.id, changed.revision, changed.toml) == (world.workspace.id, 2, "title = 'two'")
        assert workspaces.get(tx, "demo") == changed
        assert workspaces.revision_toml(tx, world.workspace.revision_id) == "title = 'one'"


def test_names_come_oldest_first_and_an_unknown_name_lists_them(world):
    with world.database.write() as tx:
        workspaces.ensure(tx, "alpha", "", "ada")
        assert workspaces.names(tx) == ("demo", "alpha")
        with pytest.raises(NotFound, match=r"'nowhere'.*Known workspaces: demo, alpha"):
            workspaces.get(tx, "nowhere")
        with pytest.raises(NotFound, match="revision with the number 99"):
            workspaces.revision_toml(tx, 99)


def test_has_verdicts_looks_at_its_own_workspace(world):
    with world.database.write() as tx:
        other = workspaces.ensure(tx, "other", "", "ada")
        assert not workspaces.has_verdicts(tx, world.workspace.id)
        verdicts.add(tx, new_verdict(world))
        assert workspaces.has_verdicts(tx, world.workspace.id)
        assert not workspaces.has_verdicts(tx, other.id)


def test_a_case_comes_back_as_it_went_in(world):
    with world.database.read() as tx:
        case = cases.get(tx, world.workspace.id, "pool")
    new = new_case("pool")
    assert (case.name, case.group, case.split, case.fields) == ("pool", "group of pool", "pool", new.fields)
    assert (case.attributes, case.content_hash) == (new.attributes, new.content_hash)


def test_fields_keep_their_order_and_missing_values_stay_missing(world):
    fields = (FieldValue("z"), FieldValue("a", number=0.1), FieldValue("m", text=""))
    new = new_case("odd", label=None)
    object.__setattr__(new, "fields", fields)
    with world.database.write() as tx:
        cases.add_many(tx, world.workspace.id, world.workspace.revision_id, [new])
        assert cases.get(tx, world.workspace.id, "odd").fields == fields


def test_importing_again_adds_nothing_and_changed_content_is_a_conflict(world):
    ids = world.workspace.id, world.workspace.revision_id
    again = [new_case("train", "train"), new_case("ledger", "pool", content="b"), new_case("fresh"), new_case("fresh")]
    with world.database.write() as tx:
        before = cases.list_cases(tx, world.workspace.id)
        result = cases.add_many(tx, *ids, again)
        after = cases.list_cases(tx, world.workspace.id)
    assert (result.added, result.unchanged, result.conflicts) == (1, 2, ("ledger",))
    assert after[:-1] == before
    assert after[-1].name == "fresh"


def test_the_same_name_lives_in_two_workspaces(world):
    with world.database.write() as tx:
        other = workspaces.ensure(tx, "other", "", "ada")
        assert cases.add_many(tx, other.id, other.revision_id, [new_case("pool", label="8")]).added == 1
        assert cases.get(tx, other.id, "pool").id != world.pool
        assert labels.references(tx, other.id, "digit")[cases.get(tx, other.id, "pool").id].label == "8"
        assert labels.references(tx, world.workspace.id, "digit")[world.pool].label == "3"


def test_cases_can_be_chosen_by_split_and_by_number(world):
    with world.database.read() as tx:
        assert [case.name for case in cases.list_cases(tx, world.workspace.id)] == list(SPLITS)
        assert [case.name for case in cases.list_cases(tx, world.workspace.id, "ledger")] == ["ledger"]
        assert cases.counts(tx, world.workspace.id) == dict.fromkeys(SPLITS, 1)
        assert cases.by_ids(tx, [world.pool, 999, world.pool]) == {world.pool: world.cases["pool"]}
        assert cases.by_ids(tx, []) == {}
        with pytest.raises(NotFound, match="no case 'nobody'"):
            cases.get(tx, world.workspace.id, "nobody")


def test_a_hundred_cases_take_as_many_statements_as_one(world):
    more = [new_case(f"case {number:03}") for number in range(100)]
    with world.database.write() as tx:
        cases.add_many(tx, world.workspace.id, world.workspace.revision_id, more)
    counts = []
    for split in ("ledger", None):
        with world.database.read() as tx:
            statements = []
            event.listen(tx, "before_cursor_execute", lambda *args, seen=statements: seen.append(args[2]))
            cases.list_cases(tx, world.workspace.id, split)
            counts.append(len(statements))
    assert counts == [3, 3]


def test_more_numbers_than_one_statement_can_bind(world):
    with world.database.read() as tx:
        assert set(cases.by_ids(tx, range(1, 34_000))) == {case.id for case in world.cases.values()}


def test_a_reference_label_is_revised_and_earlier_ones_stay(world):
    with world.database.write() as tx:
        verdict = verdicts.add(tx, new_verdict(world, "7"))
        assert labels.references(tx, world.workspace.id, "digit")[world.pool] == ReferenceLabel(
            world.pool, "digit", "3", "data set", 1
        )
        labels.set_reference(tx, world.pool, "digit", "7", "single verdict", verdict.id)
        labels.set_reference(tx, world.pool, "digit", "9", "adjudication")
        current = labels.references(tx, world.workspace.id, "digit")
        assert current[world.pool] == ReferenceLabel(world.pool, "digit", "9", "adjudication", 3)
        assert len(current) == len(SPLITS)
        assert labels.references(tx, world.workspace.id, "another target") == {}


def test_the_data_sets_label_returns_when_verdicts_are_withdrawn(world):
    with world.database.write() as tx:
        cases.add_many(tx, world.workspace.id, world.workspace.revision_id, [new_case("bare", label=None)])
        bare = cases.get(tx, world.workspace.id, "bare").id
        for case_id in (world.pool, bare):
            labels.set_reference(tx, case_id, "digit", "7", "single verdict")
            labels.restore_data_set(tx, case_id, "digit")
        assert labels.references(tx, world.workspace.id, "digit", world.pool) == {
            world.pool: ReferenceLabel(world.pool, "digit", "3", "data set", 3)
        }
        assert labels.references(tx, world.workspace.id, "digit", bare) == {}


def test_labels_revised_at_once_all_stay_on_record(world):
    start = threading.Barrier(6)

    def revise(label: str) -> None:
        start.wait()
        with world.database.write() as tx:
            labels.set_reference(tx, world.pool, "digit", label, "single verdict")

    threads = [threading.Thread(target=revise, args=(label,)) for label in "012345"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with world.database.read() as tx:
        assert labels.references(tx, world.workspace.id, "digit")[world.pool].revision == 7
