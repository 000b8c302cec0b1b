"""The tiny workspace under other reading modes, and the people who read in it."""

from pathlib import Path

from core.contracts import Actor, MarkForm, RevealView, VerdictForm
from core.services.container import Container
from tests.helpers.tiny_folder import TOML
from tests.helpers.tiny_product import TARGET, WORKSPACE, names_of

ANNA, BEN, LEAD = Actor("anna", name="Anna"), Actor("ben", name="Ben"), Actor("lead", name="Lea")


def read_as(product: Container, prepared_home: Path, folder: Path, reading: str, rest: str = "") -> None:
    """Declare how people read, as a new revision of the workspace."""
    toml = folder / "again.toml"
    toml.write_text(f"{TOML}\n[reading]\n{reading}\n{rest}")
    product.importing.import_folder(toml, prepared_home.parent / "data", actor=product.default_actor)


def pool_of(product: Container) -> list[str]:
    """Names of the cases that wait for people."""
    return names_of(product, "pool")


def commit(product: Container, case: str, label: str, actor: Actor) -> None:
    """Open a case and commit the own read of it."""
    product.review.open(WORKSPACE, case, actor=actor)
    product.review.commit_read(WORKSPACE, case, TARGET, label, "likely", actor=actor, seconds=5.0)


def judge(product: Container, case: str, label: str, actor: Actor, marks: tuple[MarkForm, ...] = ()) -> RevealView:
    """Read, look at what is shown, save a verdict with the same label; return what was shown."""
    commit(product, case, label, actor)
    shown = product.review.reveal(WORKSPACE, case, actor=actor)
    version = shown.prediction.version or None
    form = VerdictForm(WORKSPACE, case, TARGET, label, "certain", version, marks=marks, shown=("prediction",))
    product.review.save_verdict(form, actor=actor)
    return shown


def own_answer(product: Container, case: str) -> str:
    """Return what the champion itself says of a case."""
    return product.predictions.predict(WORKSPACE, case).target(TARGET).label


def other(label: str) -> str:
    """Return the other label of the tiny workspace."""
    return "below" if label == "above" else "above"
