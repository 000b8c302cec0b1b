"""What others began: a Label Studio project and a hospital's disc become cases, are read, marked, and given back."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, WebSocket, expect

from core.formats.label_studio_masks import brush_mask
from tests.helpers.commands import command
from tests.helpers.hospital_disc import CASES, WAITING, WIDE, naming_words, on_a_screen, write_disc
from tests.helpers.labelled_project import HEIGHT, NOTE, TASKS, WIDTH, boxed, brushed, is_answered, write_project
from tests.helpers.looks import Looker
from tests.helpers.persons import MousePerson
from tests.helpers.product import Served
from tests.helpers.stored import Stored
from tests.helpers.workbench import PATIENCE, Answer, Workbench

COMMENT = "why <b>not</b>? 😀"
BOX = (5, 2, 9, 6)
"""Left, top, right, bottom of what a person paints, in pixels of the picture."""
WORD = (NOTE.index("window"), len(NOTE))
"""Where the word lies that a person marks, in code points."""
KEPT = {
    "cases": "SELECT cases.name, split, group_name, content_hash FROM cases",
    "fields": "SELECT cases.name, field, blob, number, text FROM case_fields JOIN cases ON cases.id = case_id",
    "labels": "SELECT cases.name, target, label, source, revision FROM reference_labels"
    " JOIN cases ON cases.id = case_id",
    "reads": "SELECT cases.name, target, actor_id, label, confidence FROM reads JOIN cases ON cases.id = case_id",
    "verdicts": "SELECT cases.name, target, actor_id, label, stance, confidence FROM verdicts"
    " JOIN cases ON cases.id = case_id",
    "marks": "SELECT cases.name, target, actor_id, field, kind, artefacts.name, mask, names, spans FROM regions"
    " JOIN verdicts ON verdicts.id = verdict_id JOIN cases ON cases.id = case_id"
    " LEFT JOIN artefacts ON artefacts.id = artefact_id",
}
"""What must be the same wherever a project goes, down to the bits that blobs are named by."""
MARKS = """
    SELECT field, kind, artefacts.name, mask, spans FROM regions JOIN verdicts ON verdicts.id = verdict_id
    JOIN cases ON cases.id = case_id JOIN workspaces ON workspaces.id = cases.workspace_id
    LEFT JOIN artefacts ON artefacts.id = artefact_id WHERE workspaces.name = ? AND cases.name = ? ORDER BY field
"""


def marks_of(stored: Stored, case: str) -> list[tuple[str, str, str | None, list]]:
    """Return field, kind, artefact and pixels or spans of every mark on a case."""
    return [
        (field, kind, artefact, picture(stored, mask).astype(bool).tolist() if mask else json.loads(spans))
        for field, kind, artefact, mask, spans in stored.rows(MARKS, stored.workspace, case)
    ]


def picture(stored: Stored, blob: str) -> NDArray[np.uint8]:
    """Return the picture that a blob holds."""
    return np.asarray(Image.open(stored.home / "blobs" / blob[:2] / blob[2:]))


def paint(person: MousePerson, box: tuple[int, int, int, int], width: int, height: int) -> None:
    """Draw a rectangle over a picture of `width` x `height` pixels."""
    left, top, right, bottom = box
    tall = width / height
    person.bench.page.locator("[data-tandem-tool=rectangle]").click()
    person.drag((left + 0.5, (top + 0.5) * tall), (right - 0.5, (bottom - 0.5) * tall), width)
    expect(person.bench.page.locator("[data-tandem=share]").first).to_contain_text("marked", timeout=PATIENCE)


def painted(box: tuple[int, int, int, int], width: int, height: int) -> NDArray[np.bool_]:
    """Return the pixels of a box."""
    left, top, right, bottom = box
    pixels = np.zeros((height, width), dtype=bool)
    pixels[top:bottom, left:right] = True
    return pixels


def kept(stored: Stored) -> dict[str, list[tuple]]:
    """Return what a home keeps of a workspace, in an order that does not depend on when it came."""
    only = " WHERE cases.workspace_id = (SELECT id FROM workspaces WHERE name = ?)"
    return {name: sorted(stored.rows(query + only, stored.workspace), key=str) for name, query in KEPT.items()}


def test_a_label_studio_project_is_read_on_and_given_back(page: Page, served: Served, looker: Looker, tmp_path: Path):
    toml = write_project(tmp_path / "project")
    told = command(served.home, "import", toml, toml.parent, "--wait").result
    answered = sum(map(is_answered, range(TASKS)))
    assert (told["added"], told["verdicts"], told["problems"], told["version"]) == (TASKS, answered, [], "v1")
    stored, third = Stored(served.home, "windows"), NOTE.index("third")
    assert marks_of(stored, "w000") == [("image", "ignore", "corner", brushed().tolist())]
    assert marks_of(stored, "w001") == [("image", "look_here", None, boxed().tolist())]
    assert marks_of(stored, "w002") == [("note", "ignore", "number", [[third, third + 5]])]

    person = MousePerson(Workbench(page, served.url, "windows"))
    case, answer = read_and_mark(person, looker)
    mask = painted(BOX, WIDTH, HEIGHT)
    mine = [("image", "ignore", "pane", mask.tolist()), ("note", "ignore", "pane", [list(WORD)])]
    assert marks_of(stored, case) == mine

    out = tmp_path / "out"
    command(served.home, "export", "windows", out, "--format", "label-studio")
    tasks = {task["data"]["id"]: task for task in json.loads((out / "tasks.json").read_text())}
    assert len(tasks) == TASKS
    person_said(tasks[case]["annotations"], mask)
    model_said(tasks[case]["predictions"], answer)

    other = Stored(tmp_path / "home", "windows")
    again = command(other.home, "import", out / "workspace.toml", out).result
    assert (again["added"], again["problems"]) == (TASKS, [])
    before, after = kept(stored), kept(other)
    for name, rows in before.items():
        assert after[name] == rows, name
    assert (len(before["cases"]), len(before["marks"]), len(before["reads"])) == (TASKS, 5, 1)
    assert marks_of(other, case) == mine


def read_and_mark(person: MousePerson, looker: Looker) -> tuple[str, Answer]:
    """Read the next case, mark a part of its picture and a word, save; return the case and what the model said."""
    page = person.bench.page
    person.bench.visit("worklist")
    person.press("open_next")
    case = person.bench.wait_for_blind()
    assert not is_answered(int(case[1:])), "what the other team answered does not wait"
    person.commit("above")
    answer = person.bench.answer()
    person.ask_evidence()
    person.choose("verdict_label", "above")
    paint(person, BOX, WIDTH, HEIGHT)
    page.locator("[data-word]").filter(has_text="window").click()
    expect(page.locator("[data-tandem=share]").last).to_contain_text("marked 1 word", timeout=PATIENCE)
    person.name_artefact("pane")
    person.bench.key("verdict_comment").locator("input, textarea").fill(COMMENT)
    looker.look("label-studio-review")
    person.save()
    return case, answer


def model_said(predictions: list[dict], answer: Answer) -> None:
    """Check that the only prediction of a task is the answer that the person saw."""
    (offered,) = predictions
    assert offered["model_version"] == answer.version
    assert [result["value"]["choices"] for result in offered["result"]] == [[answer.label]]


def person_said(annotations: list[dict], mask: NDArray[np.bool_]) -> None:
    """Check that the only annotation of a task is what the person said and painted."""
    (annotation,) = annotations
    choice, brush, words = annotation["result"]
    assert (choice["from_name"], choice["value"]["choices"]) == ("side", ["above"])
    assert choice["meta"]["text"] == [COMMENT]
    assert (brush["type"], brush["value"]["brushlabels"]) == ("brushlabels", ["ignore: pane"])
    assert (brush["original_width"], brush["original_height"]) == (WIDTH, HEIGHT)
    assert brush_mask(brush["value"]["rle"], WIDTH, HEIGHT).tolist() == mask.tolist()
    assert words["value"] == {"start": WORD[0], "end": WORD[1], "text": "window", "labels": ["ignore: pane"]}


@pytest.fixture
def received(page: Page) -> list[bytes]:
    """Everything that the product tells the tab over its socket."""
    told: list[bytes] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda data: told.append(data if isinstance(data, bytes) else data.encode()))

    page.on("websocket", listen)
    return told


def test_a_disc_of_a_hospital_is_read_and_names_nobody(
    page: Page, served: Served, looker: Looker, received: list[bytes], tmp_path: Path
):
    disc = write_disc(tmp_path / "disc")
    told = command(served.home, "import", disc.toml, disc.folder, "--wait")
    assert (told.result["added"], told.result["version"]) == (CASES, "v1")
    assert [problem["line"] for problem in told.result["problems"]] == [disc.film_line()]

    stored, pages = Stored(served.home, "disc"), []
    person = MousePerson(Workbench(page, served.url, "disc"))
    cases = {name: case_of(stored, on_a_screen(name)) for name in WAITING}
    for name, case in cases.items():
        person.bench.open_case(case)
        person.bench.wait_for_blind()
        shows(person.bench, on_a_screen(name))
        pages.append(page.inner_text("body"))
    case = cases[WIDE]
    read_wide_one(person, stored, case, looker)
    pages.append(page.inner_text("body"))
    for path in ("worklist", "audit"):
        person.bench.visit(path)
        pages.append(page.inner_text("body"))
    pages.append(page.content())

    words, files = naming_words(), [served.log, *(path for path in served.home.rglob("*") if path.is_file())]
    nobody_is_named("the pages", "\n".join(pages).encode(), words, case)
    nobody_is_named("the tab's socket", b"\n".join(received), words, case)
    nobody_is_named("the command line", told.words.encode(), words, "PatientName")
    nobody_is_named("the home", b"\n".join(path.read_bytes() for path in files), words, case)
    on_disc = b"\n".join(path.read_bytes() for path in disc.folder.rglob("*") if path.is_file())
    assert [word for word in words if word.encode() not in on_disc] == [], "the words are on the disc as they stand"


def read_wide_one(person: MousePerson, stored: Stored, case: str, looker: Looker) -> None:
    """Read the picture that is wider than high, mark a part of it, save; the mark lies where it was drawn."""
    height, width = on_a_screen(WIDE).shape
    box = (20, 30, 200, 120)
    person.bench.open_case(case)
    person.commit("MR")
    person.ask_evidence()
    person.choose("verdict_label", "MR")
    paint(person, box, width, height)
    person.name_artefact("edge of the film")
    looker.look("dicom-review")
    person.save()
    (mark,) = stored.marks(case)
    wanted = painted(box, width, height)
    assert (mark.kind, mark.artefact, mark.pixels.shape) == ("ignore", "edge of the film", wanted.shape)
    assert (mark.pixels & wanted).sum() >= 0.95 * (mark.pixels | wanted).sum()
    said = "SELECT verdicts.label FROM verdicts JOIN cases ON cases.id = case_id WHERE cases.name = ?"
    assert stored.rows(said, case) == [("MR",)]


def nobody_is_named(where: str, content: bytes, words: frozenset[str], surely: str) -> None:
    """Check that none of the words is there; `surely` is, so the search does find what there is."""
    assert surely.encode() in content, f"{where} does not even hold {surely}"
    assert [word for word in sorted(words) if word.encode() in content] == [], where


def case_of(stored: Stored, wanted: NDArray[np.uint8]) -> str:
    """Return the only case that waits and has this picture."""
    query = """
        SELECT cases.name, blob FROM case_fields JOIN cases ON cases.id = case_id
        JOIN workspaces ON workspaces.id = cases.workspace_id WHERE workspaces.name = ? AND split = 'pool'
    """
    pictures = {name: picture(stored, blob) for name, blob in stored.rows(query, stored.workspace)}
    assert len(pictures) == len(WAITING)
    same = (one.shape == wanted.shape and np.abs(one.astype(int) - wanted).max() <= 1 for one in pictures.values())
    (name,) = (name for name, found in zip(pictures, same, strict=True) if found)
    return str(name)


def shows(bench: Workbench, wanted: NDArray[np.uint8]) -> None:
    """Check that the canvas shows a picture, in its proportions and with its greys."""
    height, width = wanted.shape
    expect(bench.canvas()).to_be_visible(timeout=PATIENCE)
    shown = bench.canvas_picture()
    assert shown.shape[1] / shown.shape[0] == pytest.approx(width / height, rel=0.02)
    assert shown.std() > 5, "the canvas is blank"
    grown = Image.fromarray(wanted).resize(shown.shape[1::-1], Image.Resampling.NEAREST)
    assert np.abs(shown - np.asarray(grown, dtype=np.float64)[..., None]).mean() < 6
