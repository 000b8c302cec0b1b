"""Every way of tampering with the audit chain is found and named."""

import pytest

from core.contracts import AuditEvent
from core.storage import audit, chain_head
from tests.helpers.audit_chain import EVENTS, append, is_sqlite, problem, tamper

pytestmark = pytest.mark.slow

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
