"""How far one explanation can be trusted: curves, stability, what another meaning of 'absent' would have shown."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import torch
from pydantic import TypeAdapter

from core.contracts import BaselineDependence, Comparison, Curve, Estimate, EvidenceQualityView
from core.errors import BadInput, Unavailable
from core.services.evidence.baselines import built
from core.services.evidence.keeping import Asked, key_of
from core.services.explaining import Explained, Explaining
from explain.assessment import agreement
from explain.assessment import curves as curves_of
from explain.assessment.curves import Curves, curves
from explain.assessment.intervals import Estimate as Figure
from explain.assessment.parts import parts_of
from explain.assessment.removal import Plan
from explain.assessment.stability import MAPS, stability
from explain.base import Attribution
from explain.baselines import baseline_choices, explain_over
from explain.errors import ExplainError, Stopped

log = logging.getLogger(__name__)
QUALITY_VERSION = 1
"""To be raised when a figure changes for the same explanation."""
COMPARED = ("zero", "mean", "blur", "median")
MOST_COMPARED = 3
DEPENDS = 0.5
"""Below this rank correlation with another baseline's map, the answer depends on the baseline."""
UNSTABLE = 0.5
STABILITY_SECONDS = 8.0
"""What noisy maps may take; two at least."""
COMPARED_SECONDS = 8.0
"""What maps with other baselines may take; one at least."""
CURVES_SECONDS = 6.0
"""What curves may take."""
FEWEST_ROWS, MOST_ROWS = 120, 450
FILLED = {"mean": "filled with the mean", "blur": "filled with a blur"}
_VIEW = TypeAdapter(EvidenceQualityView)


@dataclass(frozen=True, slots=True)
class Quality:
    """Measures explanations; keeps what it measured like the explanations themselves."""

    explaining: Explaining

    def measure(self, asked: Asked) -> EvidenceQualityView:
        """Return how far the explanation can be trusted.

        Raises
        ------
        BadInput
            When it can't be explained or measured; says why.
        """
        key, store = key_of("quality", QUALITY_VERSION, asked.key), self.explaining.store
        data = store.get(asked.model, asked.case, key)
        if data is not None:
            return _VIEW.validate_json(data)
        explained = self.explaining.explain(asked)
        count = _affordable(COMPARED_SECONDS, explained.attribution.seconds, 1, MOST_COMPARED)
        others = tuple(self._with_baselines(asked, self._compared(asked, count)))
        row = self.explaining.methods.fits(asked.model, asked.case).row
        rows = _affordable(CURVES_SECONDS, row, FEWEST_ROWS, MOST_ROWS)

        def work(cancelled: Callable[[], bool]) -> EvidenceQualityView:
            view = self._measured(explained, others, rows, cancelled)
            cases = (asked.case,) if asked.reference is None else (asked.case, asked.reference)
            store.put(asked.model, cases, key, _VIEW.dump_json(view))
            return view

        try:
            return self.explaining.flights.answer(key, work)
        except Stopped:
            raise Unavailable("The measurement was stopped, because the program is ending. Ask again later.") from None

    def _compared(self, asked: Asked, count: int) -> tuple[str, ...]:
        """Return up to `count` baselines that differ from the chosen one on this case."""
        if not asked.method.reads_baseline:
            return ()
        question, _, own = self.explaining.posed(asked)
        known = [own]
        names: list[str] = []
        for choice in baseline_choices(question.subject):
            if choice.name in COMPARED and len(names) < count:
                made = built(choice.name, question, None)
                if not any(_same(made, other) for other in known):
                    known.append(made)
                    names.append(choice.name)
        return tuple(names)

    def _with_baselines(self, asked: Asked, names: Sequence[str]) -> Iterator[tuple[str, Attribution]]:
        """Yield the maps for other baselines; one that the method can't be asked with has none to compare."""
        for name in names:
            try:
                yield name, self.explaining.explain(replace(asked, baseline=name, reference=None)).attribution
            except BadInput as error:
                log.info("no map of %s with the baseline %s: %s", asked.method.name, name, error)

    def _measured(
        self,
        explained: Explained,
        others: tuple[tuple[str, Attribution], ...],
        rows: int,
        cancelled: Callable[[], bool],
    ) -> EvidenceQualityView:
        begin, asked, own = time.perf_counter(), explained.asked, explained.attribution
        try:
            removal = self._curves(asked, own, rows, cancelled)
            stable = self._stability(asked, own, cancelled)
            dependence = self._dependence(asked, own, others)
        except Stopped:
            raise
        except ExplainError as error:
            raise BadInput(f"The explanation of case {asked.case.name!r} can't be measured: {error}") from error
        comparisons = tuple(_comparison(one) for one in removal.comparisons)
        return EvidenceQualityView(
            method=asked.method.name,
            target=asked.target,
            label=asked.label,
            completeness_error=own.completeness_error,
            curves=tuple(Curve(**asdict(one)) for one in removal.curves),
            comparisons=comparisons,
            stability=stable,
            dependence=dependence,
            warnings=tuple(warnings(own, comparisons, stable, dependence)),
            seconds=time.perf_counter() - begin,
        )

    def _curves(self, asked: Asked, own: Attribution, rows: int, cancelled: Callable[[], bool]) -> Curves:
        question = self.explaining.question(asked.model, asked.case, asked.target, cancelled)
        plan = Plan(temperature=asked.model.manifest.target(asked.target).temperature, max_rows=rows)
        return curves(question.subject, question.inputs, own, asked.index, question.neutral, plan)

    def _stability(self, asked: Asked, own: Attribution, cancelled: Callable[[], bool]) -> Estimate | None:
        question, label, baselines = self.explaining.posed(asked, cancelled)
        count = _affordable(STABILITY_SECONDS, own.seconds, 2, MAPS)

        def explain(inputs: tuple[torch.Tensor, ...]) -> Attribution:
            return explain_over(asked.method, question.subject, inputs, label, baselines, dict(asked.options))

        found = stability(question.subject, question.inputs, own, explain, maps=count)
        return None if found is None else _estimate(found)

    def _dependence(
        self, asked: Asked, own: Attribution, others: tuple[tuple[str, Attribution], ...]
    ) -> tuple[BaselineDependence, ...]:
        question = self.explaining.question(asked.model, asked.case, asked.target)
        parts = parts_of(question.subject, question.inputs)
        found = [(name, agreement.dependence(parts, own, other)) for name, other in others]
        return tuple(BaselineDependence(name, value) for name, value in found if value is not None)


def warnings(
    own: Attribution,
    comparisons: tuple[Comparison, ...],
    stable: Estimate | None,
    dependence: tuple[BaselineDependence, ...],
) -> list[str]:
    """Return what a person should know before trusting the map, in plain words."""
    told = []
    if not own.reached and own.completeness_error is not None:
        told.append(f"The values miss what they should add up to by {100 * own.completeness_error:.0f} %.")
    told += _compared(comparisons)
    if stable is not None and stable.value < UNSTABLE:
        told.append(f"Not stable: noise that nobody would see leaves a rank correlation of {stable.value:.2f}.")
    worst = min(dependence, key=lambda one: one.correlation, default=None)
    if worst is not None and worst.correlation < DEPENDS:
        told.append(
            f"The map depends on what 'absent' means: with the baseline {worst.baseline!r} its rank correlation is "
            f"{worst.correlation:.2f}."
        )
    return told


def _compared(comparisons: tuple[Comparison, ...]) -> list[str]:
    """Return what removal says against the map, next to random maps and an edge map."""
    sentences = {
        "Worse than random maps": [one for one in comparisons if one.better_than_random is False],
        "Not shown to be better than random maps": [one for one in comparisons if one.better_than_random is None],
        "No better than a map of the picture's edges": [
            one
            for one in comparisons
            if one.edge is not None and (one.area >= one.edge if one.curve == "deletion" else one.area <= one.edge)
        ],
    }
    return [
        f"{sentence}: {', '.join(f'{one.curve}, {FILLED[one.fill]}' for one in found)}."
        for sentence, found in sentences.items()
        if found
    ]


def _affordable(budget: float, each: float, fewest: int, most: int) -> int:
    """Return how many things of `each` seconds `budget` seconds pay for."""
    return max(fewest, min(most, int(budget / max(each, 1e-6))))


def _comparison(one: curves_of.Comparison) -> Comparison:
    return Comparison(one.curve, one.fill, one.area, _estimate(one.random), one.edge, one.better_than_random)


def _estimate(found: Figure) -> Estimate:
    return Estimate(found.value, found.low, found.high, found.n)


def _same(one: tuple[tuple[torch.Tensor, ...], ...], other: tuple[tuple[torch.Tensor, ...], ...]) -> bool:
    return len(one) == len(other) and all(
        torch.equal(a, b) for mine, theirs in zip(one, other, strict=True) for a, b in zip(mine, theirs, strict=True)
    )
