"""The real services on the tiny workspace, with a trained champion, copied for every test."""

import shutil
from pathlib import Path

import numpy as np

from core.contracts import MarkForm, SavedVerdict, VerdictForm
from core.media.masks import encode_mask
from core.services.container import Container, build_container
from core.settings import load_settings
from core.storage import cases
from tests.helpers.tiny_folder import SIZE, write_tiny_folder

WORKSPACE, TARGET = "tiny", "side"


def open_home(home: Path, **environment: str) -> Container:
    """Build the services on a home."""
    return build_container(load_settings({"TANDEM_HOME": str(home), "TANDEM_DEMOS": "", **environment}))


def prepare_home(folder: Path) -> Path:
    """Import the tiny workspace into a new home and train its champion; return the home."""
    toml = write_tiny_folder(folder / "data")
    container = open_home(folder / "home")
    report = container.importing.import_folder(toml, toml.parent, actor=container.default_actor)
    container.jobs.wait(report.job_id or 0)
    container.close()
    return folder / "home"


def copy_home(prepared: Path, target: Path) -> Path:
    """Copy a closed home."""
    return Path(shutil.copytree(prepared, target))


def names_of(container: Container, split: str) -> list[str]:
    """Names of the cases of one split."""
    with container.runtime.database.read() as tx:
        workspace = container.retraining.catalogue.workspace(tx, WORKSPACE)[0]
        return [case.name for case in cases.list_cases(tx, workspace.id, split)]


def truth(name: str) -> str:
    """The right label of a tiny case: even numbers are bright above."""
    return ("above", "below")[int(name[1:]) % 2]


def corner_mask(size: int = SIZE) -> bytes:
    """A mask of the 3 x 3 corner."""
    mask = np.zeros((size, size), dtype=bool)
    mask[:3, :3] = True
    return encode_mask(mask)


def verdict(container: Container, name: str, label: str | None = None, **changes) -> SavedVerdict:
    """Read, reveal and judge one case as the default actor (or `actor`)."""
    actor = changes.pop("actor", container.default_actor)
    container.review.commit_read(WORKSPACE, name, TARGET, truth(name), "likely", actor=actor)
    version = container.review.reveal(WORKSPACE, name, actor=actor).prediction.version
    form = VerdictForm(
        WORKSPACE, name, TARGET, label or truth(name), "certain", changes.pop("version", version), **changes
    )
    return container.review.save_verdict(form, actor=actor)


def corner_mark(artefact: str | None = "corner", mask: bytes | None = None) -> MarkForm:
    """An *ignore* mark on the corner."""
    return MarkForm("image", "ignore", artefact, mask or corner_mask())


def retrain(container: Container, **options) -> str:
    """Retrain and gate in this process; return the candidate's name."""
    run = container.retraining.start(WORKSPACE, actor=container.default_actor, **options)
    container.jobs.wait(run.job_id or 0)
    while container.jobs.work_once():
        pass
    done = container.retraining.run(WORKSPACE)
    return str(done.version if done else None)
