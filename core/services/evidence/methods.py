"""Which methods fit a version and a case, in the order of what its quality report says of them, and what they cost."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

import torch
from torch import Tensor

from core.contracts import Case, MethodReport, MethodView, OptionView, QualityReport, Support
from core.errors import BadInput, NotFound
from core.models.registry import LoadedModel
from core.services.evidence.flights import Flights
from core.services.evidence.keeping import key_of
from core.services.evidence.questions import Held, Question, Questions
from core.services.evidence.store import EvidenceStore
from core.services.runtime import Cache
from explain.base import Explainer, Option
from explain.batches import rows_for
from explain.compatibility import one_look
from explain.errors import ExplainError
from explain.registry import compatible, explainer, explainers

Reports = Callable[[LoadedModel, str], QualityReport | None]
"""Finds the latest quality report of a version's answers for a target."""
ORDER: tuple[Support, ...] = ("supported", "not assessed", "not supported")
MOST_TIMED_ROWS = 8
TIMINGS = 3
OTHERS = 2
"""Cases beside the asked one on which it is tried what fits."""


def no_report(model: LoadedModel, target: str) -> QualityReport | None:
    """Return that nothing was measured."""
    return None


@dataclass(frozen=True, slots=True)
class Fits:
    """What fits a version where a case holds certain fields."""

    seconds: tuple[tuple[str, float], ...]
    """(method, estimated seconds for one map with default options), best first."""
    row: float
    """Measured seconds of one row through the model."""

    @property
    def names(self) -> tuple[str, ...]:
        """The methods."""
        return tuple(name for name, _ in self.seconds)


@dataclass(frozen=True, slots=True)
class Methods:
    """Finds what fits, and says it."""

    questions: Questions
    store: EvidenceStore | None
    """Where findings are kept; None: in memory alone."""
    flights: Flights
    reports: Reports = no_report
    known: Cache[tuple[str, Held], Fits] = field(default_factory=lambda: Cache(32))

    def fits(self, model: LoadedModel, case: Case) -> Fits:
        """Return what fits this version, best first, and how long it takes.

        Decided by looking and trying on this case and two others, once for each version and each combination of fields
        that a case holds (a missing field has no gradient); kept across restarts.
        """
        held = self.questions.held(model, case)
        key = ("fits", model.key, held)
        return self.known.get(key[1:], lambda: self.flights.answer(key, lambda _: self._fits(model, case, held)))

    def ordered(self, model: LoadedModel, case: Case, target: str | None = None) -> tuple[str, ...]:
        """Return the names of what fits: supported ones first, those that are not supported last."""
        return tuple(view.name for view in self.views(model, case, target))

    def default(self, model: LoadedModel, case: Case, target: str) -> str:
        """Return the method to show unless another is asked for.

        Raises
        ------
        NotFound
            When no method fits.
        """
        ordered = self.ordered(model, case, target)
        if not ordered:
            raise NotFound(f"No explanation method fits the model of {model.version} and case {case.name!r}.")
        return ordered[0]

    def views(self, model: LoadedModel, case: Case, target: str | None = None) -> tuple[MethodView, ...]:
        """Return what fits with its options, its cost and what the quality report says of it."""
        report = self.reports(model, target or model.manifest.targets[0].target)
        told = {one.method: one for one in report.methods} if report is not None else {}
        ranks = list(told)
        fitting = [_view(explainer(name), seconds, told.get(name)) for name, seconds in self.fits(model, case).seconds]
        places = {view.name: place for place, view in enumerate(fitting)}
        return tuple(
            sorted(
                fitting,
                key=lambda view: (
                    ORDER.index(view.support),
                    ranks.index(view.name) if view.support == "supported" else 0,
                    places[view.name],
                ),
            )
        )

    def named(self, name: str) -> Explainer:
        """Return the method called `name`.

        Raises
        ------
        NotFound
            When there is none.
        """
        try:
            return explainer(name)
        except ExplainError as error:
            raise NotFound(f"{str(error)[:1].upper()}{str(error)[1:]}") from None

    def check_fit(self, model: LoadedModel, case: Case, method: Explainer) -> None:
        """Refuse a method that does not fit.

        Raises
        ------
        NotFound
            When it does not; names those that do.
        """
        fitting = self.fits(model, case).names
        if method.name not in fitting:
            raise NotFound(
                f"{method.name!r} does not fit the model of {model.version}. Methods that do: {', '.join(fitting)}."
            )

    def _fits(self, model: LoadedModel, case: Case, held: Held) -> Fits:
        key = key_of("what fits", model.key, held, model.device.type, [method.name for method in explainers()])
        data = self.store.get(model, case, key) if self.store is not None else None
        if data is None:
            question = self.questions.ask(model, case, model.manifest.targets[0].target)
            found = found_fits(question)
            data = json.dumps(asdict(found)).encode()
            if self.store is not None:
                self.store.put(model, (case,), key, data)
        known = json.loads(data)
        return Fits(tuple((str(name), float(seconds)) for name, seconds in known["seconds"]), float(known["row"]))


def fitting_methods(question: Question) -> tuple[Explainer, ...]:
    """Return the methods that fit the asked case and another one; where these differ, a third case decides.

    One case alone can mislead: where the model is flat there, no method of slopes would fit, for good.
    """
    subject = question.subject
    own = set(compatible(subject, question.inputs))
    others = _others(question)
    if len(others) == OTHERS:
        second = set(compatible(subject, others[0]))
        with one_look():
            own = (own & second) | {method for method in own ^ second if method.is_compatible(subject, others[1])}
    return tuple(method for method in explainers() if method in own)


def _others(question: Question) -> tuple[tuple[Tensor, ...], ...]:
    """Return other cases' inputs, each [1, ...], texts padded where the asked case is; fewer where there are fewer."""
    background = question.subject.background or ()
    different = [
        number
        for number in range(min((len(part) for part in background), default=0))
        if any(not torch.equal(part[number], item[0]) for part, item in zip(background, question.inputs, strict=True))
    ]
    parts = list(zip(question.subject.kinds, question.inputs, background, strict=False))
    return tuple(
        tuple(
            part[number : number + 1] * (item.any(dim=-1, keepdim=True) if kind == "text" else 1)
            for kind, item, part in parts
        )
        for number in different[:OTHERS]
    )


def found_fits(question: Question) -> Fits:
    """Return what fits a model, and how long it takes.

    Raises
    ------
    BadInput
        When the model can't answer the case.
    """
    try:
        fitting = fitting_methods(question)
        row = row_seconds(question)
        costs = [method.cost(question.subject, question.inputs).passes * row for method in fitting]
    except Exception as error:  # a model of one's own may raise anything
        raise BadInput(f"The model can't be explained: {error}") from error
    return Fits(tuple((method.name, seconds) for method, seconds in zip(fitting, costs, strict=True)), row)


def row_seconds(question: Question) -> float:
    """Return the measured time of one row through the model, in batches as methods use them."""
    rows = min(MOST_TIMED_ROWS, rows_for(question.inputs))
    batch = tuple(item.expand(rows, *item.shape[1:]).contiguous() for item in question.inputs)
    best = float("inf")
    with torch.no_grad():
        for _ in range(TIMINGS):
            begin = time.perf_counter()
            question.subject.module(*batch).sum().item()
            best = min(best, time.perf_counter() - begin)
    return best / rows


def _view(method: Explainer, seconds: float, told: MethodReport | None) -> MethodView:
    return MethodView(
        name=method.name,
        title=method.title,
        what=method.what,
        what_not=method.what_not,
        signed=method.signed,
        options=tuple(_option(option) for option in method.config_spec()),
        reads_baseline=method.reads_baseline,
        seconds=seconds,
        support="not assessed" if told is None else told.support,
        reason="" if told is None else told.reason,
    )


def _option(option: Option) -> OptionView:
    return OptionView(
        option.name, option.title, option.kind, option.default, option.low, option.high, tuple(option.choices)
    )
