"""The audit chain: append, filters, payloads, erasure, and every way of tampering with it."""

import hashlib
import json
import sqlite3
from contextlib import closing
from itertools import pairwise

import pytest
from sqlalchemy import text

from core.contracts.records import AuditEvent, NewRegion
from core.errors import NotFound
from core.storage import audit, cases, chain_head, payloads, regions, verdicts
from core.storage.database import Database, open_database
from core.storage.erasure import erase_case
from tests.helpers.stored_world import new_verdict

EVENTS = 6


def append(database: Database, number: int, **changes: object) -> AuditEvent:
    values = {"actor_id": "ada", "kind": "read", "workspace": "demo", "subject": {"number": number, "share": 0.1}}
    with database.write() as tx:
        return audit.append(tx, **{**values, **changes})


@pytest.fixture
def chain(database) -> Database:
    """A database with six events, the third and fifth with a payload."""
    for number in range(1, EVENTS + 1):
        append(database, number, payload=f"words {number}".encode() if number in (3, 5) else None)
    return database


def problem(database: Database) -> str | None:
    check = audit.verify(database, database.head_path)
    assert check.ok is (check.problem is None)
    return check.problem


def tamper(database: Database, *statements: str) -> None:
    """Do what somebody can who owns the database: get past the guards and write."""
    if is_sqlite(database):
        with closing(sqlite3.connect(database.where, isolation_level=None)) as raw:  # its foreign keys are off
            for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                raw.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                raw.execute(statement)
        return
    with database.write() as tx:
        for statement in ("SET LOCAL session_replication_role = replica", *statements):
            tx.exec_driver_sql(statement)


def is_sqlite(database: Database) -> bool:
    with database.read() as tx:
        return tx.dialect.name == "sqlite"


def test_the_chain_links_and_its_hash_can_be_worked_out_by_hand(chain):
    with chain.read() as tx:
        events = audit.events(tx)[::-1]
    assert [event.sequence for event in events] == [1, 2, 3, 4, 5, 6]
    assert events[0].previous_hash == "0" * 64
    assert all(later.previous_hash == earlier.hash for earlier, later in pairwise(events))
    second = events[1]
    by_hand = {
        "actor_id": "ada",
        "at": second.at.isoformat(timespec="microseconds"),
        "kind": "read",
        "payload_digest": None,
        "previous_hash": events[0].hash,
        "sequence": 2,
        "subject": {"number": 2, "share": 0.1},
        "workspace": "demo",
    }
    canonical = json.dumps(by_hand, separators=(",", ":"))
    assert second.hash == hashlib.sha256(canonical.encode()).hexdigest() == audit.event_hash(second)


def test_a_whole_chain_verifies_and_the_head_file_follows(chain):
    check = audit.verify(chain, chain.head_path)
    assert (check.ok, check.events, check.problem) == (True, EVENTS, None)
    with chain.read() as tx:
        last = audit.events(tx, limit=1)[0]
    assert chain_head.read_head(chain.head_path) == chain_head.ChainHead(EVENTS, last.hash)


def test_an_empty_chain_verifies(database):
    assert audit.verify(database, database.head_path).events == 0
    assert problem(database) is None


def test_events_are_filtered_newest_first(chain):
    append(chain, 7, kind="promote", workspace=None, actor_id="ben")
    with chain.read() as tx:
        assert [event.sequence for event in audit.events(tx, limit=2)] == [7, 6]
        assert [event.sequence for event in audit.events(tx, kind="promote")] == [7]
        assert [event.sequence for event in audit.events(tx, actor_id="ben", workspace="demo")] == []
        assert len(audit.events(tx, workspace="demo", limit=None)) == EVENTS
        assert audit.kinds(tx) == ("promote", "read")


def append_and_fail(database: Database) -> None:
    with database.write() as tx:
        audit.append(tx, actor_id="ada", kind="read", workspace=None, subject={})
        audit.erase(tx, (), "ada", "nothing here")


def test_a_rolled_back_event_leaves_no_trace(chain):
    with pytest.raises(NotFound, match="nothing to erase"):
        append_and_fail(chain)
    assert chain_head.read_head(chain.head_path).sequence == EVENTS
    append(chain, 7)
    assert problem(chain) is None


EDITS = (
    "actor_id = 'eve'",
    "kind = 'promote'",
    "workspace = NULL",
    "at = '2020-01-01T00:00:00.000000+00:00'",
    "at = 'yesterday'",
    'subject = \'{"number":9,"share":0.1}\'',
    'subject = \'{"number":4,"number":4,"share":0.1}\'',
    "subject = 'no json'",
    "payload_digest = 'x'",
    f"hash = '{'1' * 64}'",
)


def test_an_edit_is_found(database):
    for number in range(1, EVENTS + 1):
        append(database, number)
    columns = "sequence, at, actor_id, kind, workspace, subject, payload_digest, previous_hash, hash"
    tamper(database, f"CREATE TABLE kept AS SELECT {columns} FROM audit_events")
    for edit in EDITS:
        tamper(database, f"UPDATE audit_events SET {edit} WHERE sequence = 4")
        assert problem(database) == "event 4 was edited: its content does not match its hash", edit
        restore = f"INSERT INTO audit_events ({columns}) SELECT {columns} FROM kept WHERE sequence = 4"
        tamper(database, "DELETE FROM audit_events WHERE sequence = 4", restore)
        assert problem(database) is None


def test_a_deletion_is_found(chain):
    tamper(chain, "DELETE FROM audit_events WHERE sequence = 2")
    assert problem(chain) == "event 2 is missing: it was deleted (the next one is 3)"


def test_a_deletion_of_the_first_is_found(chain):
    tamper(chain, "DELETE FROM audit_events WHERE sequence = 1")
    assert problem(chain) == "event 1 is missing: it was deleted (the next one is 2)"


def test_a_deletion_with_renumbering_is_found(chain):
    moves = [f"UPDATE audit_events SET sequence = {number - 1} WHERE sequence = {number}" for number in (5, 6)]
    tamper(chain, "DELETE FROM audit_events WHERE sequence = 4", *moves)
    assert problem(chain).startswith("event 4 is not the one that was written here")


def test_two_swapped_events_are_found(chain):
    numbers = ((2, -2), (3, 2), (-2, 3))
    tamper(chain, *(f"UPDATE audit_events SET sequence = {new} WHERE sequence = {old}" for old, new in numbers))
    assert problem(chain).startswith("event 2 is not the one that was written here: events were reordered")


def test_an_insertion_is_found(chain):
    make_room = [f"UPDATE audit_events SET sequence = {number + 1} WHERE sequence = {number}" for number in (6, 5, 4)]
    forged = """INSERT INTO audit_events SELECT 4, at, 'eve', kind, workspace, subject, NULL, hash, 'forged'
        FROM audit_events WHERE sequence = 3"""
    tamper(chain, "UPDATE audit_events SET previous_hash = 'free' WHERE sequence = 4", *make_room, forged)
    assert problem(chain) == "event 4 was edited: its content does not match its hash"


def test_an_insertion_before_the_first_is_found(chain):
    tamper(chain, "INSERT INTO audit_events VALUES (0, '', 'eve', 'read', NULL, '{}', NULL, 'x', 'y')")
    assert problem(chain) == "event 0 was inserted: the chain begins with event 1"


def test_a_well_made_replacement_is_found_by_the_next_link(chain):
    with chain.read() as tx:
        fourth = audit.events(tx)[2]
    forged = AuditEvent(**{**{name: getattr(fourth, name) for name in fourth.__slots__}, "actor_id": "eve"})
    forged_hash = audit.event_hash(forged)
    tamper(chain, f"UPDATE audit_events SET actor_id = 'eve', hash = '{forged_hash}' WHERE sequence = 4")
    assert problem(chain).startswith("event 5 does not follow the one before it")


@pytest.mark.parametrize("kept", [5, 1, 0])
def test_a_truncation_is_found(chain, kept):
    tamper(
        chain,
        f"DELETE FROM payloads WHERE event_sequence > {kept}",
        f"DELETE FROM audit_events WHERE sequence > {kept}",
    )
    assert problem(chain) == f"event {kept + 1} is missing: the chain was truncated, {EVENTS} events were written"


def test_a_truncation_stays_visible_when_the_chain_grows_on(chain):
    tamper(chain, "DELETE FROM payloads", "DELETE FROM audit_events WHERE sequence > 2")
    for number in range(3, 9):
        append(chain, number)
    assert problem(chain) == f"event {EVENTS} is not the one that was written last: the chain was rewritten"


def test_a_chain_rewritten_from_the_start_is_found(chain):
    tamper(chain, "DELETE FROM payloads", "DELETE FROM audit_events")
    for number in range(EVENTS):
        append(chain, number)
    assert problem(chain) == f"event {EVENTS} is not the one that was written last: the chain was rewritten"


@pytest.mark.parametrize("content", [None, "", "{}", "garbage", "[1]"])
def test_a_missing_or_damaged_head_file_is_told_and_not_replaced(chain, content):
    chain.head_path.unlink()
    if content is not None:
        chain.head_path.write_text(content)
    append(chain, 7)
    assert problem(chain).startswith("the head file audit.head is missing or damaged")


def test_the_database_may_be_ahead_of_the_file_and_never_behind(chain, monkeypatch):
    monkeypatch.setattr("core.storage.database.write_head", lambda *_: None)
    append(chain, 7)
    append(chain, 8)
    assert chain_head.read_head(chain.head_path).sequence == EVENTS
    assert problem(chain) is None
    monkeypatch.undo()
    append(chain, 9)
    assert chain_head.read_head(chain.head_path).sequence == 9


def test_the_head_never_moves_backwards(chain):
    kept = chain_head.read_head(chain.head_path)
    chain_head.advance_head(chain.head_path, chain_head.ChainHead(2, "2" * 64), lambda _: kept.hash)
    assert chain_head.read_head(chain.head_path) == kept
    assert not list(chain.head_path.parent.glob(".audit.head.*"))


def test_a_head_file_that_can_not_be_written_does_not_undo_what_was_saved(chain, monkeypatch, caplog):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("core.storage.chain_head.os.fsync", full)
    append(chain, 7)
    monkeypatch.undo()
    assert "could not be written" in caplog.text
    assert problem(chain) is None
    append(chain, 8)
    assert chain_head.read_head(chain.head_path).sequence == 8
    assert not list(chain.head_path.parent.glob(".audit.head.*"))


def test_payloads_are_kept_apart_and_salted(chain):
    same = append(chain, 7, payload=b"words 3")
    with chain.read() as tx:
        third = audit.events(tx)[-3]
        assert payloads.of_event(tx, 3) == b"words 3"
        assert payloads.of_event(tx, 2) is None
        assert payloads.of_events(tx, [2, 3, 5, 99]) == {3: b"words 3", 5: b"words 5"}
    assert third.payload_digest != same.payload_digest


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE payloads SET content = 'lies' WHERE event_sequence = 3", "event 3: its text was edited"),
        ("UPDATE payloads SET digest = 'x', content = 'lies' WHERE event_sequence = 3", "event 3: its text was edited"),
        ("DELETE FROM payloads WHERE event_sequence = 5", "event 5: its text was removed"),
        (
            "UPDATE payloads SET content = NULL, salt = NULL WHERE event_sequence = 5",
            "event 5: its text was removed without a record of an erasure",
        ),
        ("UPDATE payloads SET event_sequence = NULL WHERE event_sequence = 5", "event 5: its text was removed"),
    ],
)
def test_an_edited_or_removed_text_is_found(chain, statement, found):
    statement = statement.replace("'lies'", "x'6c696573'" if is_sqlite(chain) else "'lies'::bytea")
    tamper(chain, statement)
    assert problem(chain) == found


def test_an_edited_comment_is_found(rich_world):
    database = rich_world.database
    assert problem(database) is None
    lies = "x'6c696573'" if is_sqlite(database) else "'lies'::bytea"
    tamper(database, f"UPDATE payloads SET content = {lies} WHERE verdict_id IS NOT NULL")
    assert problem(database) == "the comment of verdict 1 was edited"


def test_an_erasure_is_on_record_and_the_chain_still_verifies(rich_world):
    database = rich_world.database
    with database.write() as tx:
        ids = payloads.ids_of_case(tx, rich_world.pool)
        event = audit.erase(tx, ids, "ben", "the patient asked", "demo")
    assert (event.kind, event.actor_id, event.workspace) == ("erasure", "ben", "demo")
    assert event.subject["reason"] == "the patient asked"
    assert problem(database) is None
    with database.write() as tx:
        assert verdicts.standing(tx, rich_world.workspace.id)[0].comment == ""
        assert payloads.ids_of_case(tx, rich_world.pool) == ()
        with pytest.raises(NotFound, match="nothing to erase"):
            audit.erase(tx, (), "ben", "again")


def test_an_erased_case_keeps_its_decisions_and_nothing_else(rich_world):
    database, case = rich_world.database, rich_world.pool
    names = NewRegion("table", "ignore", None, names=("age",), spans=())
    with database.write() as tx:
        verdicts.add(tx, new_verdict(rich_world, target="shade", comment="frail", regions=(names,)))
        audit.append(
            tx, actor_id="ada", kind="verdict", workspace="demo", subject={}, payload=b"Mrs Smith", case_id=case
        )
        event = erase_case(tx, case, "ben", "the patient asked")
        left = cases.get(tx, rich_world.workspace.id, "pool")
        marks = [region.mark for region in regions.standing(tx, rich_world.workspace.id)]
        standing = verdicts.standing(tx, rich_world.workspace.id)
        texts = tx.execute(text("SELECT count(*) FROM payloads WHERE case_id IS NOT NULL AND content IS NOT NULL"))
        assert texts.scalar_one() == 0
    assert [(value.blob, value.number, value.text) for value in left.fields] == [(None, None, None)] * 3
    assert left.attributes == {}
    assert [(mark.mask, mark.names, mark.spans) for mark in marks] == [(None, (), ())] * 2
    assert [(verdict.label, verdict.comment) for verdict in standing] == [("3", ""), ("3", "")]
    assert event.subject["case_id"] == case
    assert problem(database) is None


def test_what_is_erased_is_gone_from_the_file(sqlite_settings):
    database = open_database(sqlite_settings)
    append(database, 1, payload=b"a very private sentence")
    with database.write() as tx:
        audit.erase(tx, [1], "ben", "asked")
    database.close()
    for file in sqlite_settings.home.iterdir():
        assert b"a very private sentence" not in file.read_bytes(), file
