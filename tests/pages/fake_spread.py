"""The spread verbs in memory: a search takes four looks, every tenth proposal is wrong."""

import io
from dataclasses import replace

import numpy as np
from fake_services import State, find
from PIL import Image

from core.contracts import Progress, Proposal, SpreadLevel, SpreadView, Thumbnail
from core.errors import Conflict, NotFound
from core.services.spread_precision import Look, estimated, page, refusal

LEVELS = (0.5, 0.8, 0.9, 0.95)
WORDS = "the note has «quondam» in its second line, seen <b>bold</b> and **starred**"


def picture(number: int) -> bytes:
    """A grey square with an outlined corner."""
    pixels = np.full((120, 120, 3), 40 + number % 60, np.uint8)
    pixels[4:28, 4:28] = (255, 140, 0)
    pixels[6:26, 6:26] = 200
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def proposal(number: int, words: bool) -> Proposal:
    """One open proposal."""
    probability = 0.99 - 0.001 * number if number < 90 else max(0.06, 0.9 - 0.006 * (number - 90))
    case = f"case-{number:04d}" if number != 1 else "a case with a very long name, <b>odd</b> 😀"
    shown = Thumbnail(case, None if words else picture(number), "image", WORDS if words else "")
    return Proposal(number, case, "image", probability, "open", shown)


class FakeSpread:
    """What was decided is kept in memory."""

    def __init__(self, states: dict[str, State], count: int = 240) -> None:
        self.states = states
        self.count = count
        self.searches: dict[str, int] = {}
        self.found: dict[str, list[Proposal]] = {}
        self.acts: list[tuple[str, tuple[int, ...], bool]] = []

    def _view(self, artefact: str, limit: int) -> SpreadView:
        found = self.found.get(artefact, [])
        waiting = [(item.id, item.probability) for item in found if item.status == "open"]
        chances = [probability for _, probability in waiting]
        decided = [item for item in found if item.status != "open"]
        seen = {number for _, numbers, by_eye in self.acts if by_eye for number in numbers}
        looks = [Look(item.probability, item.status == "accepted") for item in decided if item.id in seen]
        left = self.searches.get(artefact)
        by_id = {item.id: item for item in found}
        words = f"{len(waiting)} of {4000 if found else 0} cases may carry it too."
        return SpreadView(
            artefact, 5, Progress("looking for the artefact", 1600, 4000, seconds_left=6.0) if left else None,
            4000 if found else 0, (*(by_id[n] for n in page(waiting, limit)), *decided[-limit:]), len(waiting),
            sum(item.status == "accepted" for item in found), sum(item.status == "rejected" for item in found),
            estimated(looks, chances), sum(chances) / len(chances) if chances else None, words,
            tuple(
                SpreadLevel(least, n, estimated(looks, chances, least) if n else None, refusal(looks, chances, least))
                for least in LEVELS
                if chances
                for n in [sum(p >= least for p in chances)]
            ),
        )  # fmt: skip

    def view(self, workspace, artefact, *, limit=24) -> SpreadView:
        find(self.states, workspace)
        if self.searches.get(artefact):
            self.searches[artefact] -= 1
            if not self.searches[artefact]:
                kept = [item for item in self.found.get(artefact, []) if item.status != "open"]
                old = {item.id for item in kept}
                words = "word" in artefact
                self.found[artefact] = kept + [proposal(n, words) for n in range(self.count) if n not in old]
        return self._view(artefact, limit)

    def search(self, workspace, artefact, *, actor) -> SpreadView:
        self.searches[artefact] = 4
        return self._view(artefact, 24)

    def cancel(self, workspace, artefact, *, actor) -> None:
        self.searches[artefact] = 0

    def _set(self, artefact: str, ids: tuple[int, ...], status: str) -> None:
        known = {item.id for item in self.found.get(artefact, [])}
        if not set(ids) <= known:
            raise NotFound("A proposal is gone: a new search replaced it. Look at the proposals again.")
        self.found[artefact] = [replace(p, status=status) if p.id in ids else p for p in self.found[artefact]]

    def decide(self, workspace, artefact, *, actor, right=(), wrong=()) -> SpreadView:
        self._set(artefact, right, "accepted")
        self._set(artefact, wrong, "rejected")
        self.acts.append((artefact, (*right, *wrong), True))
        return self._view(artefact, 24)

    def accept_above(self, workspace, artefact, probability, *, actor) -> SpreadView:
        ids = tuple(p.id for p in self.found[artefact] if p.status == "open" and p.probability >= probability)
        self._set(artefact, ids, "accepted")
        self.acts.append((artefact, ids, False))
        return self._view(artefact, 24)

    def reopen(self, workspace, artefact, *, actor) -> SpreadView:
        if not self.acts:
            raise Conflict("There is nothing to undo: no proposal is decided.")
        name, ids, _ = self.acts.pop()
        self._set(name, ids, "open")
        return self._view(artefact, 24)
