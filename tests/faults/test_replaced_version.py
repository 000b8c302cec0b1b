"""What happens to people and programs while the served version changes."""

import json
import sqlite3
import threading
from contextlib import closing

import pytest

from core.contracts import VerdictForm
from core.services.container import Container
from tests.faults.consistency import problems
from tests.faults.desk import wait_for
from tests.helpers.tiny_product import TARGET, WORKSPACE, names_of, truth

PROMOTE = ("promote", WORKSPACE, "v2", "--reason", "it listens", "--override", "--acknowledge")
THREADS = 12


@pytest.mark.slow
def test_a_verdict_on_a_version_replaced_meanwhile_is_kept_with_what_was_shown(candidate):
    with candidate.services() as services:
        actor = services.default_actor
        name = services.review.next_case(WORKSPACE, actor=actor)
        services.review.commit_read(WORKSPACE, name, TARGET, truth(name), "certain", actor=actor)
        seen = services.review.reveal(WORKSPACE, name, actor=actor).prediction
        assert seen.version == "v1"
        assert candidate.run_process(*PROMOTE).returncode == 0  # somebody else, in another process
        form = VerdictForm(WORKSPACE, name, TARGET, truth(name), "certain", seen.version, shown=("prediction",))
        saved = services.review.save_verdict(form, actor=actor)
    assert saved.notes == ("v2 serves since you saw v1's answer. Your verdict is recorded with what you saw.",)
    version, shown = candidate.rows(
        "SELECT v.name, d.shown FROM verdicts d JOIN versions v ON v.id = d.version_id WHERE d.id = ?", saved.verdict_id
    )[0]
    assert version == "v1"
    assert json.loads(shown) == {"shown": ["prediction"], "label": seen.target(TARGET).label, "version": "v1"}
    assert problems(candidate) == []


@pytest.mark.slow
def test_promotion_drops_no_request_and_reaches_other_processes(candidate):
    """Twelve threads ask without a pause while other processes promote and roll back."""
    answered: list[str] = []
    failed: list[BaseException] = []
    stop = threading.Event()
    with candidate.services() as services:
        pictures = [picture(services, name) for name in names_of(services, "pool")[:THREADS]]

        def ask(number: int) -> None:
            while not stop.is_set():
                try:
                    answered.append(services.predictions.predict(WORKSPACE, {"image": pictures[number]}).version)
                except BaseException as error:
                    failed.append(error)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        try:
            wait_for(lambda: answered, "answers before the promotion")
            for command, version in ((PROMOTE, "v2"), (("rollback", WORKSPACE, "--reason", "complaints"), "v1")):
                result = candidate.run_process(*command)
                assert result.returncode == 0, result.stderr
                start = len(answered)
                wait_for(lambda start=start: len(answered) > start + 10 * THREADS, "answers after the decision")
                assert set(answered[-THREADS:]) == {version}
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        stats = services.runtime.engine.stats()
    assert failed == []
    assert (stats.failures, stats.refused) == (0, 0)
    assert stats.requests == len(answered)
    assert set(answered) == {"v1", "v2"}


def picture(services: Container, name: str) -> bytes:
    """Return the image file of a stored case; answers to what is given are not kept, so each reaches the engine."""
    with services.runtime.database.read() as tx:
        case = services.review.catalogue.case(tx, WORKSPACE, name)[2]
    return services.runtime.blobs.get(services.review.casebook.blob(case, "image"))


def test_sql_can_not_make_a_second_champion(candidate):
    with closing(sqlite3.connect(candidate.home / "tandem.db")) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute("UPDATE versions SET status = 'champion' WHERE name = 'v2'")
