"""The audit chain: append, filters, payloads, erasure."""

import hashlib
import json
from itertools import pairwise

import pytest
from sqlalchemy import text

from core.contracts import NewRegion
from core.errors import NotFound
from core.storage import audit, cases, chain_head, payloads, regions, verdicts
from core.storage.database import Database, open_database
from core.storage.erasure import erase_case
from tests.helpers.audit_chain import EVENTS, append, problem
from tests.helpers.stored_world import new_verdict


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


def test_payloads_are_kept_apart_and_salted(chain):
    same = append(chain, 7, payload=b"words 3")
    with chain.read() as tx:
        third = audit.events(tx)[-3]
        assert payloads.of_event(tx, 3) == b"words 3"
        assert payloads.of_event(tx, 2) is None
        assert payloads.of_events(tx, [2, 3, 5, 99]) == {3: b"words 3", 5: b"words 5"}
    assert third.payload_digest != same.payload_digest


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
