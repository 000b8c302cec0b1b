"""Remove a region and predict again: the behavioural test of an explanation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.contracts import Case, Estimate, FieldSpec, FieldView, Fill, Prediction, RemovalView, WorkspaceSpec
from core.errors import Unavailable
from core.media.images import encode_png
from core.models import serving
from core.models.deciding import known_of
from core.models.encoders.base import Entry
from core.models.preparers import prepare
from core.models.registry import LoadedModel
from core.models.words import word_spans
from core.services.caseviews import CaseViews
from core.services.evidence.elsewhere import elsewhere
from core.services.explaining import Explaining
from explain.answer import out_of_memory
from explain.assessment.imputation import fill_picture
from explain.assessment.intervals import next_interval

Mask = NDArray[np.bool_]
SEED = 0
"""Of noise and of the places elsewhere: the same question has the same answer."""


@dataclass(frozen=True, slots=True, eq=False)
class Without:
    """Prepared inputs without a region, by field; `average` fields are what the model takes for absent."""

    inputs: Mapping[str, Tensor]
    average: frozenset[str]
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Removing:
    """Removes regions and asks again."""

    explaining: Explaining
    views: CaseViews

    def remove(self, model: LoadedModel, case: Case, target: str, masks: Mapping[str, Mask], how: Fill) -> RemovalView:
        """Return the answer without a region, next to the same without equal regions elsewhere."""
        before = self.explaining.answer(model, case)
        label = before.target(target).label
        others = elsewhere(masks, model.spec, SEED)
        variants = [self._without(model, case, region, how) for region in (masks, *others)]
        after, *rest = self._answers(model, variants)
        changes = [_probability(other, target, label) - _probability(before, target, label) for other in rest]
        change = _probability(after, target, label) - _probability(before, target, label)
        found = next_interval(changes, -1.0, 1.0)
        around = None if found is None else Estimate(found.value, found.low, found.high, found.n)
        return RemovalView(
            before=before,
            after=after,
            target=target,
            label=label,
            change=change,
            flipped=after.target(target).label != label,
            elsewhere=around,
            share=share_of(masks, model.spec),
            fields=self._shown(model, case, masks, variants[0]),
            words=_words(before, after, target, model.spec, around),
        )

    def _without(self, model: LoadedModel, case: Case, masks: Mapping[str, Mask], how: Fill) -> Without:
        prepared = self.explaining.casebook.inputs(case, model.spec)
        inputs = {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in prepared.items()}
        average = set()
        for item in model.spec.fields:
            mask = masks.get(item.name)
            if mask is None or not mask.any():
                continue
            if item.kind == "image":
                inputs[item.name] = painted(inputs[item.name], mask, how)
            elif item.kind == "text":
                text = shortened(self.explaining.casebook.value(case, item.name).text or "", mask)
                inputs[item.name] = torch.from_numpy(prepare(text or None, item))
            elif item.required:
                average.add(item.name)
            else:
                inputs[item.name] = torch.from_numpy(prepare(None, item))
        return Without(inputs, frozenset(average), known_of(case))

    def _answers(self, model: LoadedModel, variants: Sequence[Without]) -> list[Prediction]:
        """Answer by the engine; where a field that can't be missing is removed, by the network with average entries.

        Raises
        ------
        Unavailable
            When memory does not suffice for one case at a time.
        """
        answer = self._averaged if any(one.average for one in variants) else self._by_engine
        return in_memory(lambda some: answer(model, some), variants)

    def _by_engine(self, model: LoadedModel, variants: Sequence[Without]) -> list[Prediction]:
        known = [one.attributes for one in variants]
        return self.explaining.runtime.engine.predict_many(model, _stacked(variants), attributes=known)

    def _averaged(self, model: LoadedModel, variants: Sequence[Without]) -> list[Prediction]:
        inputs = _stacked(variants)
        with torch.no_grad():
            entries = model.network.enter({name: rows.to(model.device) for name, rows in inputs.items()})
            averaged = {name: _averaged(model, name, entry, variants) for name, entry in entries.items()}
            logits = model.network.answer_entries(averaged)
        answers = {target: rows.float().cpu().numpy() for target, rows in logits.items()}
        return serving.encode(model, answers, attributes=[one.attributes for one in variants])

    def _shown(
        self, model: LoadedModel, case: Case, masks: Mapping[str, Mask], without: Without
    ) -> tuple[FieldView, ...]:
        views = self.views.fields(case, model.spec)
        return tuple(
            self._field(view, model.spec.field(view.name), case, masks.get(view.name), without) for view in views
        )

    def _field(self, view: FieldView, item: FieldSpec, case: Case, mask: Mask | None, without: Without) -> FieldView:
        if mask is None or not mask.any():
            return view
        if item.kind == "image":
            pixels = without.inputs[item.name].numpy()
            image = encode_png(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0))
            return replace(view, image=image, media_type="image/png", width=item.size, height=item.size)
        if item.kind == "text":
            text = shortened(self.explaining.casebook.value(case, item.name).text or "", mask)
            return replace(view, text=text or None, spans=word_spans(text), read_until=None)
        words = "the average of all cases" if item.name in without.average else ""
        return replace(view, number=None, text=None, words=words)


def in_memory(answer: Callable[[Sequence[Without]], list[Prediction]], variants: Sequence[Without]) -> list[Prediction]:
    """Return the answers to all; when memory runs out, each half is asked alone.

    Raises
    ------
    Unavailable
        When memory does not suffice for one.
    """
    try:
        return answer(variants)
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        if len(variants) == 1:
            raise Unavailable(
                "There is too little memory to answer one case. Ask again when less is running."
            ) from None
    half = len(variants) // 2
    return [*in_memory(answer, variants[:half]), *in_memory(answer, variants[half:])]


def painted(pixels: Tensor, mask: Mask, how: Fill) -> Tensor:
    """Return prepared pixels uint8 [C, size, size] with a region filled; the others stay to the bit."""
    inside = torch.from_numpy(mask)
    filled = fill_picture(pixels.float() / 255.0, inside, how, SEED)
    return torch.where(inside, (filled * 255.0).round().clamp(0, 255).to(torch.uint8), pixels)


def shortened(text: str, gone: Mask) -> str:
    """Return a text without some of its words; `gone` tells of the first words whether they go.

    Examples
    --------
    >>> shortened("No acute disease.", np.array([False, True]))
    'No disease.'
    """
    kept, at = "", 0
    for (start, end), goes in zip(word_spans(text), gone.tolist(), strict=False):
        if goes:
            kept, at = _joined(kept, text[at:start]).rstrip(" "), end
    return _joined(kept, text[at:]).strip()


def _joined(left: str, right: str) -> str:
    """Put two pieces together without making one word of two."""
    apart = not left or not right or left[-1].isspace() or right[0].isspace()
    return left + right if apart else f"{left} {right}"


def share_of(masks: Mapping[str, Mask], spec: WorkspaceSpec) -> float:
    """Return how much of a case goes, 0 to 1: the mean over pictures, texts and the table (its share of fields)."""
    kinds = {item.name: item.kind for item in spec.fields}
    parts = [float(mask.mean()) for name, mask in masks.items() if kinds[name] in ("image", "text")]
    table = [bool(mask.any()) for name, mask in masks.items() if kinds[name] not in ("image", "text")]
    return float(np.mean([*parts, *([float(np.mean(table))] if table else [])]))


def _stacked(variants: Sequence[Without]) -> dict[str, Tensor]:
    return {name: torch.stack([one.inputs[name] for one in variants]) for name in variants[0].inputs}


def _averaged(model: LoadedModel, name: str, entry: Entry, variants: Sequence[Without]) -> Entry:
    rows = torch.tensor([name in one.average for one in variants], device=entry.values.device)
    neutral = model.network.encoder(name).neutral(entry.values)
    return Entry(torch.where(rows.view(-1, *[1] * (entry.values.ndim - 1)), neutral, entry.values), entry.present)


def _probability(prediction: Prediction, target: str, label: str) -> float:
    answer = prediction.target(target)
    return answer.probabilities[answer.classes.index(label)]


def _words(before: Prediction, after: Prediction, target: str, spec: WorkspaceSpec, around: Estimate | None) -> str:
    display = spec.target(target).display
    label, now = before.target(target).label, after.target(target).label
    start, end = (_probability(one, target, label) for one in (before, after))
    shown = display.get(label, label)
    moves = f"{'falls' if end < start else 'rises'} from {start:.2f} to {end:.2f}"
    if f"{start:.2f}" == f"{end:.2f}":
        moves = f"stays at {end:.2f}"
    answer = "the answer stays" if now == label else f"the answer becomes {display.get(now, now)!r}"
    words = f"Without the region the probability of {shown!r} {moves}; {answer}."
    if around is None:
        return f"{words} There are too few other places to remove as much from, so nothing says whether that is much."
    return (
        f"{words} As much removed elsewhere changes it by {around.value:+.2f} on average "
        f"({around.low:+.2f} to {around.high:+.2f} in 95 % of places; {around.n} tried)."
    )
