"""An odd case is left to the reader with the reason; a lead silences the model, work goes on, it answers again."""

import io
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from tests.helpers.commands import command
from tests.helpers.looks import Looker
from tests.helpers.persons import MousePerson
from tests.helpers.product import Served
from tests.helpers.tiny_folder import SIZE, TOML, write_tiny_folder
from tests.helpers.workbench import PATIENCE, Workbench

NAME, ODD = "guarded", ("odd0", "odd1")
REASON = "the *new* scanner is not set up yet"


def import_all(served: Served, folder: Path) -> None:
    """Import and train on ordinary pictures, then bring in two that are like none of them."""
    toml = write_tiny_folder(folder / "data")
    for place in (toml, folder / "odd.toml"):
        place.write_text(TOML.replace('name = "tiny"', f'name = "{NAME}"'))
    command(served.home, "import", toml, toml.parent, "--wait")
    (folder / "odd").mkdir()
    (folder / "odd" / "cases.csv").write_text("image,side\n" + "".join(f"{name}.png,above\n" for name in ODD))
    for seed, name in enumerate(ODD):
        pixels = np.random.default_rng(seed).choice([0, 255], (SIZE, SIZE)).astype(np.uint8)
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "PNG")
        (folder / "odd" / f"{name}.png").write_bytes(stream.getvalue())
    command(served.home, "import", folder / "odd.toml", folder / "odd")


def test_an_odd_case_is_left_to_the_reader_and_a_lead_silences_the_model(
    page: Page, served: Served, tmp_path: Path, looker: Looker
):
    import_all(served, tmp_path)
    bench = Workbench(page, served.url, NAME)
    person = MousePerson(bench)

    bench.open_case(ODD[0])
    person.commit("above")
    bench.wait_for_reveal()
    bench.says("prediction_panel", "left to you: unlike the cases it learnt from")
    looker.look("guard-deferral")
    told = command(served.home, "predict", NAME, ODD[0]).result["targets"]["side"]
    assert told["defers"]
    assert "unlike the cases it learnt from" in told["reason"]
    person.save()

    bench.visit("")
    bench.says("guard_panel", "are left to people")
    bench.says("guard_panel", "unlike the cases it learnt from")
    switch(bench, "suspend", REASON)
    bench.says("suspended_banner", REASON)
    bench.says("guard_panel", "Let the model answer again")
    looker.look("guard-suspended")

    bench.open_case(ODD[1])
    bench.says("suspended_banner", "The model is suspended")
    person.choose("blind_label", "above")
    person.press("blind_submit")
    bench.says("withheld", f"people decide alone: {REASON}")
    expect(bench.key("prediction_panel")).to_have_count(0)
    expect(bench.key("evidence_show")).to_have_count(0)
    looker.look("guard-withheld")
    person.save()
    silent = command(served.home, "predict", NAME, ODD[1]).result["targets"]["side"]
    assert (silent["defers"], silent["probabilities"], silent["set"]) == (True, {}, [])
    assert REASON in silent["reason"]

    bench.visit("")
    switch(bench, "resume", "set up and checked")
    expect(bench.key("suspended_banner")).to_have_count(0, timeout=PATIENCE)
    bench.open_case(ODD[1])
    bench.says("prediction_panel", "left to you")
    assert command(served.home, "guard", NAME).result["suspension"]["suspended"] is False


def switch(bench: Workbench, act: str, reason: str) -> None:
    """Open the switch, say why, and confirm."""
    bench.button(f"{act}_open").click()
    bench.key("suspend_reason").locator("input").fill(reason)
    bench.button(f"{act}_confirm").click()
    bench.steady()
