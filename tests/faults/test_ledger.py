"""A ledger case that a person corrected is in no training set: not through the services, not by SQL."""

import sqlite3
from contextlib import closing

import pytest

from tests.faults.desk import Desk
from tests.helpers.tiny_product import corner_mark, names_of, retrain, truth, verdict

WRONG = {"above": "below", "below": "above"}


@pytest.fixture
def corrected(tiny) -> tuple[Desk, list[str]]:
    """Verdicts with marks on pool cases and, against the data set's label, on ledger and calibration cases."""
    with tiny.services() as services:
        judging = [*names_of(services, "ledger")[:4], *names_of(services, "calibration")[:2]]
        for name in names_of(services, "pool")[:4]:
            verdict(services, name, marks=(corner_mark(),))
        for name in judging:
            saved = verdict(services, name, WRONG[truth(name)], marks=(corner_mark(),))
            assert "never trains" in " ".join(saved.notes)
    return tiny, judging


def test_a_corrected_ledger_case_trains_nothing(corrected):
    desk, judging = corrected
    with desk.services() as services:
        for strategy in ("guided", "counterexamples", "labels"):
            retrain(services, strategy=strategy)
    rows = desk.rows(
        "SELECT r.id, c.name, c.split FROM training_cases t JOIN runs r ON r.id = t.run_id"
        " JOIN cases c ON c.id = t.case_id WHERE r.kind = 'retrain'"
    )
    assert len({run for run, _, _ in rows}) == 3
    assert {split for _, _, split in rows} == {"train", "validation", "pool"}
    assert not {name for _, name, _ in rows} & set(judging)
    labelled = desk.rows("SELECT count(*) FROM reference_labels WHERE source = 'single verdict'")[0][0]
    assert labelled == 4 + len(judging)  # the corrections count as labels, for measuring


@pytest.mark.parametrize("foreign_keys", ["ON", "OFF"])
@pytest.mark.parametrize("split", ["ledger", "calibration"])
@pytest.mark.parametrize("claimed", ["own", "train", "pool"])
def test_sql_can_not_put_a_judging_case_into_training(corrected, split, claimed, foreign_keys):
    desk, _ = corrected
    with closing(sqlite3.connect(desk.home / "tandem.db")) as connection:
        connection.execute(f"PRAGMA foreign_keys = {foreign_keys}")
        case, run = connection.execute(
            "SELECT (SELECT min(id) FROM cases WHERE split = ?), (SELECT min(id) FROM runs)", (split,)
        ).fetchone()
        said = split if claimed == "own" else claimed
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(
                "INSERT INTO training_cases (run_id, case_id, split) VALUES (?, ?, ?)", (run, case, said)
            )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cases SET split = 'train' WHERE split = 'ledger'",
        "UPDATE training_cases SET case_id = (SELECT min(id) FROM cases WHERE split = 'ledger')",
        "UPDATE training_cases SET split = 'ledger'",
        "DELETE FROM training_cases",
    ],
)
def test_sql_can_not_change_what_trained_or_judges(corrected, statement):
    desk, _ = corrected
    with closing(sqlite3.connect(desk.home / "tandem.db")) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
