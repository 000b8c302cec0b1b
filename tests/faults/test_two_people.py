"""Two people decide on one candidate at once, each with a process of their own: one wins, the other is told."""

from pathlib import Path

import psycopg
import pytest

from core.contracts import Actor
from core.errors import Conflict, Refused
from core.storage.chain_head import file_lock
from tests.faults.consistency import problems
from tests.faults.desk import Desk, refused, wait_for
from tests.faults.processes import has_open
from tests.helpers.postgres import NoPostgres, postgres_server
from tests.helpers.tiny_folder import write_tiny_folder
from tests.helpers.tiny_product import WORKSPACE, corner_mark, names_of, retrain, verdict

ROUNDS = (("promote", "promote"), ("promote", "reject"), ("reject", "reject"), ("promote", "promote"))
LEAD = Actor("lead", "person", "Lead")


def command(kind: str, version: str, reason: str) -> list[str]:
    """Return the command line of a decision that nothing but a rival stops."""
    allowed = ["--override", "--acknowledge"] if kind == "promote" else []
    return [kind, WORKSPACE, version, "--reason", reason, *allowed]


def decide_at_once(desk: Desk, kinds: tuple[str, str]) -> None:
    """Let two decisions on `v2` loose together, at the product's door; check that one wins and the other is told."""
    door = desk.home / "open.lock"
    with file_lock(door):
        started = [desk.start(*command(kind, "v2", f"person {i}")) for i, kind in enumerate(kinds)]
        wait_for(lambda: all(has_open(process.pid, door) for process in started), "both at the door")
    said = [process.communicate() for process in started]
    codes = [process.returncode for process in started]
    assert sorted(codes) == [0, 1], said
    loser, winner = codes.index(1), codes.index(0)
    assert "Traceback" not in said[loser][1]
    assert "v2 was already decided on: it is" in said[loser][1]
    assert f"{kinds[winner]}: v2" in said[winner][0]
    on_record = "SELECT d.kind, d.reason FROM decisions d JOIN versions v ON v.id = d.version_id WHERE v.name = 'v2'"
    assert desk.rows(on_record) == [(kinds[winner], f"person {winner}")]
    assert problems(desk) == []


@pytest.mark.slow
def test_of_two_decisions_at_once_one_wins_and_the_other_is_told(candidate_home, tmp_path):
    for number, kinds in enumerate(ROUNDS):
        decide_at_once(Desk(candidate_home).copy(tmp_path / f"round{number}"), kinds)


@pytest.mark.slow
def test_of_two_decisions_at_once_one_wins_on_postgresql(tmp_path):
    try:
        with postgres_server() as address:
            desk = Desk(tmp_path / "home", {"TANDEM_DATABASE_URL": address.format(name="postgres")})
            prepare_candidate(desk, tmp_path / "data")
            with psycopg.connect(address.format(name="template1"), autocommit=True) as connection:
                for number in range(len(ROUNDS)):
                    connection.execute(f"CREATE DATABASE round{number} TEMPLATE postgres")
            for number, kinds in enumerate(ROUNDS):
                url = address.format(name=f"round{number}")
                decide_at_once(desk.copy(tmp_path / f"round{number}", TANDEM_DATABASE_URL=url), kinds)
    except NoPostgres as error:
        pytest.skip(str(error))


def prepare_candidate(desk: Desk, folder: Path) -> None:
    """Import the tiny workspace, train its champion, teach it, train a candidate."""
    toml = write_tiny_folder(folder)
    with desk.services() as services:
        job = services.importing.import_folder(toml, folder, actor=LEAD).job_id
        services.jobs.wait(job or 0)
        for name in names_of(services, "pool")[:6]:
            verdict(services, name, marks=(corner_mark(),))
        assert retrain(services) == "v2"


def test_a_page_that_is_out_of_date_cannot_decide(candidate):
    with candidate.services() as services:
        services.retraining.decide(WORKSPACE, "promote", "v2", "first", actor=LEAD, override=True, acknowledge=True)
        with pytest.raises(Conflict, match="Somebody decided first: v2 serves now, not v1"):
            services.retraining.decide(WORKSPACE, "reject", "v2", "second", actor=LEAD, expected_champion="v1")
    assert problems(candidate) == []


def test_a_report_against_an_earlier_champion_promotes_nothing(candidate):
    with candidate.services() as services:
        assert retrain(services) == "v3"
        decide = services.retraining.decide
        decide(WORKSPACE, "promote", "v3", "first", actor=LEAD, override=True, acknowledge=True)
        with pytest.raises(Refused, match="The gate measured v2 against v1, and v3 serves now"):
            decide(WORKSPACE, "promote", "v2", "second", actor=LEAD, override=True, acknowledge=True)
        while services.jobs.work_once():  # the gate that the promotion asked for
            pass
        report = services.retraining.view(WORKSPACE).report
        assert (report.version, report.champion) == ("v2", "v3")
        decide(WORKSPACE, "promote", "v2", "measured again", actor=LEAD, override=True, acknowledge=True)
        assert services.workspaces.champion(WORKSPACE) == "v2"
    assert problems(candidate) == []


def test_the_loser_is_told_by_the_command_line(candidate):
    assert candidate.run(*command("reject", "v2", "no")).returncode == 0
    assert "v2 was already decided on: it is rejected" in refused(candidate.run(*command("promote", "v2", "yes")))
