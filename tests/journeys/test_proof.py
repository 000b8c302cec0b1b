"""The proof on real digits, read in the browser: marks that say nothing, marks over the digits, marks on the patch."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, expect

from core.contracts import MarkForm, Proof, VerdictForm
from core.media.masks import encode_mask
from core.services.container import Container, build_container
from core.settings import load_settings
from tests.helpers.commands import command
from tests.helpers.looks import Looker
from tests.helpers.persons import MousePerson
from tests.helpers.product import ROOT, Served
from tests.helpers.stored import Stored
from tests.helpers.workbench import LONG, PATIENCE, Workbench

NAME, TARGET, CASES = "proven-digits", "digit", 15
DEMO = ROOT / "assets" / "workspaces" / "decoy-digits.toml"
Mask = NDArray[np.bool_]


@pytest.fixture
def home(served: Served, tmp_path: Path) -> Iterator[Container]:
    """The served home with a second workspace of decoy digits, whose cases this journey reads."""
    toml = tmp_path / f"{NAME}.toml"
    text = DEMO.read_text().replace('name = "decoy-digits"', f'name = "{NAME}"')
    toml.write_text(text.replace('title = "Decoy digits"', 'title = "Digits with a proof"'))
    command(served.home, "import", toml, tmp_path, "--wait")
    container = build_container(load_settings({"TANDEM_HOME": str(served.home), "TANDEM_DEMOS": ""}))
    yield container
    container.close()


def box(top: int, left: int, bottom: int, right: int) -> Mask:
    mask = np.zeros((28, 28), dtype=bool)
    mask[top:bottom, left:right] = True
    return mask


def waiting(home: Container) -> list[str]:
    rows = home.review.worklist(NAME, actor=home.default_actor, limit=CASES).rows
    return [row.case for row in rows]


def mark(home: Container, stored: Stored, cases: list[str], artefact: str, masks: list[Mask]) -> None:
    """Judge each case right, with this mark alone; what was marked on it before counts no more."""
    for case, mask in zip(cases, masks, strict=True):
        label = stored.truth(case)
        home.review.commit_read(NAME, case, TARGET, label, "certain", actor=home.default_actor)
        version = home.review.reveal(NAME, case, actor=home.default_actor).prediction.version
        form = MarkForm("image", "ignore", artefact, encode_mask(mask))
        home.review.save_verdict(
            VerdictForm(NAME, case, TARGET, label, "certain", version, marks=(form,)), actor=home.default_actor
        )


def retrained(home: Container) -> Proof:
    """Retrain by guidance; return the proof once the served product has measured it."""
    run = home.retraining.start(NAME, actor=home.default_actor, strategy="guided")
    home.jobs.wait(run.job_id or 0)
    candidate, end = home.retraining.run(NAME).version, time.monotonic() + LONG / 1000
    while time.monotonic() < end:
        report = home.retraining.view(NAME).report
        if report is not None and report.version == candidate:
            return report.proof
        time.sleep(0.5)
    raise AssertionError(f"{candidate} was not measured")


def read_proof(person: MousePerson, looker: Looker, name: str, *words: str) -> None:
    """Open the page, read the proof, keep pictures of it."""
    bench = person.bench
    bench.visit("retraining")
    expect(bench.key("proof")).to_be_visible(timeout=PATIENCE)
    for part in words:
        bench.says("proof", re.compile(re.escape(part), re.IGNORECASE))
    bench.key("proof").scroll_into_view_if_needed()
    expect(bench.key("proof_price").locator(".js-plotly-plot")).to_be_visible(timeout=PATIENCE)
    bench.steady()
    looker.look(f"proof-{name}")
    person.decide("reject", "The next marks are to be measured against the same champion.")


def test_three_proofs(page: Page, served: Served, home: Container, looker: Looker) -> None:
    person, stored = MousePerson(Workbench(page, served.url, NAME)), Stored(served.home, NAME)
    cases = waiting(home)

    mark(home, stored, cases, "empty strip", [box(0, 12, 2, 16)] * CASES)
    nothing = retrained(home)
    assert nothing.has_control
    assert nothing.effect == "no effect"
    read_proof(person, looker, "no-effect", "No effect", "What to try next", "hardly relied on empty strip")

    mark(home, stored, cases, "the digit", [box(4, 4, 24, 24)] * CASES)
    harm = retrained(home)
    assert harm.effect == "harm"
    read_proof(person, looker, "harm", "Harm", "Worse:", "Keep the champion", "may carry real signal")

    mark(home, stored, cases, "corner patch", [stored.patch_pixels(case) for case in cases])
    good = retrained(home)
    assert good.effect == "effect"
    insert = next(line for line in good.artefacts[0].lines if line.name == "insert")
    assert insert.claimed.high < 0
    assert insert.candidate.value < insert.control.value / 2
    clean = next(line for line in good.price if line.name == "clean accuracy")
    assert clean.difference.low > 0
    read_proof(person, looker, "good", "Effect", "candidate minus control", "Nothing got worse")
