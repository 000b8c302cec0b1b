"""Homes that are prepared once: the tiny workspace with a champion, and decoy-digits with marked verdicts."""

from pathlib import Path

import numpy as np
import pytest

from core.contracts import MarkForm, VerdictForm
from core.media.masks import encode_mask
from core.services.container import Container
from core.services.embeddings import Silent
from core.sources.decoy_digits import patch_box
from core.storage import cases, labels
from tests.faults.desk import Desk
from tests.helpers.tiny_product import corner_mark, names_of, prepare_home, retrain, verdict

WORKSPACE, TARGET = "decoy-digits", "digit"
VERDICTS = 12


@pytest.fixture(scope="session")
def tiny_home(tmp_path_factory) -> Path:
    """A closed home with the tiny workspace and its champion."""
    return prepare_home(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def tiny(tiny_home, tmp_path) -> Desk:
    """A copy of the tiny workspace."""
    return Desk(tiny_home).copy(tmp_path / "home")


@pytest.fixture(scope="session")
def candidate_home(tiny_home, tmp_path_factory) -> Path:
    """A closed home with the tiny workspace, verdicts with marks, and a candidate that its gate has measured."""
    desk = Desk(tiny_home).copy(tmp_path_factory.mktemp("candidate") / "home")
    with desk.services() as services:
        for name in names_of(services, "pool")[:6]:
            verdict(services, name, marks=(corner_mark(),))
        assert retrain(services) == "v2"
    return desk.home


@pytest.fixture
def candidate(candidate_home, tmp_path) -> Desk:
    """A copy of the tiny workspace with its candidate `v2`."""
    return Desk(candidate_home).copy(tmp_path / "home")


@pytest.fixture(scope="session")
def taught_digits(tmp_path_factory) -> Desk:
    """Decoy-digits with its champion and 12 verdicts that mark the patch; to be copied."""
    folder = tmp_path_factory.mktemp("digits")
    desk = Desk(folder / "home")
    with desk.services() as container:
        report = container.importing.import_demo(WORKSPACE, Silent())
        container.jobs.wait(report.job_id or 0)
        _mark_the_patch(container)
    return desk


def _mark_the_patch(container: Container) -> None:
    actor, name = container.default_actor, None
    with container.runtime.database.read() as tx:
        workspace = container.retraining.catalogue.workspace(tx, WORKSPACE)[0]
        pool = {case.name: case for case in cases.list_cases(tx, workspace.id, "pool")}
        truth = {case_id: label.label for case_id, label in labels.references(tx, workspace.id, TARGET).items()}
    for _ in range(VERDICTS):
        name = container.review.next_case(WORKSPACE, actor=actor, after=name)
        case = pool[str(name)]
        label = truth[case.id]
        container.review.commit_read(WORKSPACE, case.name, TARGET, label, "certain", actor=actor)
        version = container.review.reveal(WORKSPACE, case.name, actor=actor).prediction.version
        top, left, size = patch_box(case.attributes) or (0, 0, 0)
        mask = np.zeros((28, 28), dtype=bool)
        mask[top : top + size, left : left + size] = True
        mark = MarkForm("image", "ignore", "corner patch", encode_mask(mask))
        form = VerdictForm(WORKSPACE, case.name, TARGET, label, "certain", version, marks=(mark,))
        container.review.save_verdict(form, actor=actor)
