"""The integrated path as it adds up, ready to be played."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from core.contracts import FieldEvidence, PathStep, PathView
from core.errors import BadInput, Unavailable
from core.media.heat import heat_scale
from core.models.preparation import Geometry
from core.services.evidence.baselines import baseline_words
from core.services.evidence.drawing import Map, drawn_field, maps_of
from core.services.evidence.keeping import Asked, key_of
from core.services.explaining import Explaining
from core.services.runtime import Cache
from explain.along import Place, along
from explain.errors import ExplainError, Stopped
from explain.quality import field_shares

METHOD = "integrated_gradients"
FEWEST, MOST = 2, 48
LARGEST = 384
"""Longer side of a drawn map in pixels: a dozen in the original's size would take seconds to draw and to send."""


@dataclass(frozen=True, slots=True)
class Path:
    """Computes paths; the last ones stay in memory."""

    explaining: Explaining
    known: Cache[str, PathView] = field(default_factory=lambda: Cache(8))

    def view(self, asked: Asked, steps: int) -> PathView:
        """Return integrated gradients at `steps` + 1 places from the baseline to the input.

        Raises
        ------
        BadInput
            When `steps` is out of range, there are several baselines, or the case can't be explained.
        """
        if not FEWEST <= steps <= MOST:
            raise BadInput(f"A path is shown in {FEWEST} to {MOST} steps, got {steps}.")
        key = key_of("path", asked.key, steps)
        return self.known.get(key, lambda: self._view(asked, key, steps))

    def _view(self, asked: Asked, key: str, steps: int) -> PathView:
        def work(cancelled: Callable[[], bool]) -> tuple[Place, ...]:
            return self._computed(asked, steps, cancelled)

        try:
            places = self.explaining.flights.answer(key, work)
        except Stopped:
            raise Unavailable("The path was stopped, because the program is ending. Ask again later.") from None
        except ExplainError as error:
            raise BadInput(f"The path of case {asked.case.name!r} can't be shown: {error}") from error
        last = self._maps(asked, places[-1])
        scales = {name: heat_scale(m) for name, m in last.items() if isinstance(m, np.ndarray) and m.size}
        shown = tuple(self._step(asked, place, scales) for place in places)
        return PathView(asked.target, asked.label, baseline_words(asked), shown)

    def _computed(self, asked: Asked, steps: int, cancelled: Callable[[], bool]) -> tuple[Place, ...]:
        question, label, baselines = self.explaining.posed(asked, cancelled)
        if len(baselines) > 1:
            raise ExplainError("several baselines have no one path. Choose another baseline.")
        return along(question.subject, question.inputs, label, baselines[0], steps=steps)

    def _step(self, asked: Asked, place: Place, scales: Mapping[str, float]) -> PathStep:
        total = sum(float(value.double().sum()) for value in place.values)
        return PathStep(place.place, place.logit, total, self._fields(asked, place, scales))

    def _fields(self, asked: Asked, place: Place, scales: Mapping[str, float]) -> tuple[FieldEvidence, ...]:
        shares, maps = field_shares(place.values), self._maps(asked, place)
        return tuple(
            drawn_field(
                item,
                maps[item.name],
                self.explaining.casebook.value(asked.case, item.name).text,
                signed=True,
                share=share,
                total=float(value.double().sum()),
                scale=scales.get(item.name),
            )
            for item, share, value in zip(asked.model.spec.fields, shares, place.values, strict=True)
        )

    def _maps(self, asked: Asked, place: Place) -> dict[str, Map]:
        """Return the maps of one place, pictures in the original's shape but no larger than needed."""
        fields = asked.model.spec.fields
        return maps_of(self.explaining.casebook, asked.case, fields, place.values, smaller)


def smaller(place: Geometry) -> Geometry:
    """Return the same geometry for an original whose longer side is at most `LARGEST` pixels."""
    factor = min(1.0, LARGEST / max(place.height, place.width))
    scaled = {
        name: max(1, round(getattr(place, name) * factor)) for name in ("height", "width", "crop_height", "crop_width")
    }
    top, left = (round(side * factor) for side in (place.top, place.left))
    return replace(
        place,
        **scaled,
        top=min(top, scaled["height"] - scaled["crop_height"]),
        left=min(left, scaled["width"] - scaled["crop_width"]),
    )
