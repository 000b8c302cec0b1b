"""Work that failed: said where the lead looks, and in nobody's way."""

import pytest

from core.errors import UserError
from core.services.container import Container
from core.storage import jobs, workspaces
from tests.faults.consistency import problems
from tests.helpers.tiny_product import WORKSPACE, corner_mark, names_of, retrain, verdict


def revise(services: Container, old: str, new: str) -> None:
    """Store another revision of the workspace file."""
    with services.runtime.database.write() as tx:
        text = workspaces.get(tx, WORKSPACE).toml
        assert old in text
        workspaces.ensure(tx, WORKSPACE, text.replace(old, new), services.default_actor.id)


def let_workers_die(services: Container) -> None:
    """Take the waiting job as often as it may be taken, each time falling silent at once."""
    for attempt in range(jobs.ATTEMPTS + 1):
        with services.runtime.database.write() as tx:
            jobs.claim_next(tx, f"dead {attempt}", -1.0)


def test_a_retraining_that_diverges_is_told_and_the_next_one_starts(tiny):
    with tiny.services() as services:
        actor = services.default_actor
        verdict(services, names_of(services, "pool")[0], marks=(corner_mark(),))
        revise(services, "learning_rate = 0.01", "learning_rate = 1e30")
        run = services.retraining.start(WORKSPACE, actor=actor)
        services.jobs.wait(run.job_id)
        diverged = services.retraining.run(WORKSPACE)
        assert (diverged.status, diverged.version, diverged.outcome.delivered) == ("done", "v1", "parent")
        assert "became nan at step 1" in diverged.outcome.words
        assert "lower training.learning_rate" in diverged.outcome.words
        assert services.retraining.view(WORKSPACE).candidate is None
        revise(services, "learning_rate = 1e30", "learning_rate = 0.01")
        assert retrain(services) == "v2"
        assert services.retraining.run(WORKSPACE).id != run.id
        assert services.workspaces.home(WORKSPACE, actor=actor).alarms == ()
    assert problems(tiny) == []


def test_a_retraining_whose_workers_die_is_given_up_and_the_next_one_starts(tiny):
    with tiny.services() as services:
        verdict(services, names_of(services, "pool")[0], marks=(corner_mark(),))
        run = services.retraining.start(WORKSPACE, actor=services.default_actor)
        let_workers_die(services)
        with pytest.raises(UserError, match="stopped 3 times in the middle"):
            services.jobs.wait(run.job_id)
        assert problems(tiny) == []
        assert retrain(services) == "v2"
    assert problems(tiny) == []


def test_a_candidate_that_could_not_be_measured_is_told_and_can_be_measured_again(tiny):
    with tiny.services() as services:
        actor = services.default_actor
        verdict(services, names_of(services, "pool")[0], marks=(corner_mark(),))
        services.retraining.start(WORKSPACE, actor=actor)
        assert services.jobs.work_once()
        let_workers_die(services)
        (alarm,) = services.workspaces.home(WORKSPACE, actor=actor).alarms
        assert "v2 could not be measured: The worker stopped 3 times" in alarm
        assert f"python -m core gate {WORKSPACE} v2" in alarm
        assert tiny.run("gate", WORKSPACE, "v2").returncode == 0
        assert "could not be measured" not in " ".join(services.workspaces.home(WORKSPACE, actor=actor).alarms)
