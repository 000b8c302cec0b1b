"""Explanations of a version's answers: computed once for equal questions about equal content, then kept."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from torch import Tensor

from core.contracts import Case, EvidenceView, FieldEvidence, Prediction
from core.errors import BadInput, Unavailable
from core.models.deciding import known_of
from core.models.registry import LoadedModel
from core.services.casebook import Casebook
from core.services.catalogue import Catalogue
from core.services.evidence.baselines import baseline_words, built
from core.services.evidence.drawing import Maps, drawn_fields, maps_of
from core.services.evidence.flights import Flights
from core.services.evidence.keeping import Asked, inputs_key, pack, unpack
from core.services.evidence.methods import Methods
from core.services.evidence.questions import Question, Questions
from core.services.evidence.store import EvidenceStore
from core.services.guard.judging import Judging
from core.services.runtime import Cache, Runtime
from core.storage import cache, versions, workspaces
from explain.base import Attribution, Explainer, never
from explain.baselines import explain_over
from explain.contrast import contrasted
from explain.errors import ExplainError, Stopped

Baselines = tuple[tuple[Tensor, ...], ...]
AnswerKey = tuple[str, str, tuple[tuple[str, str], ...]]
"""Version, inputs, attributes."""
KEPT_VIEWS = 64
KEPT_ANSWERS = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """One explanation."""

    asked: Asked
    attribution: Attribution
    casebook: Casebook
    cached: bool

    @property
    def method(self) -> Explainer:
        """The method that made it."""
        return self.asked.method

    @property
    def maps(self) -> Maps:
        """The values in what a person sees: the original's pixels, table fields, words of the stored text."""
        fields = self.asked.model.spec.fields
        return maps_of(self.casebook, self.asked.case, fields, self.attribution.values)


@dataclass(frozen=True, slots=True)
class Explaining:
    """Computes explanations, or finds them."""

    runtime: Runtime
    casebook: Casebook
    catalogue: Catalogue
    questions: Questions
    methods: Methods
    flights: Flights
    store: EvidenceStore
    judging: Judging
    keeps: bool = True
    """Whether answers are looked up and kept: not for inputs that are no stored case."""
    drawn: Cache[str, tuple[FieldEvidence, ...]] = field(default_factory=lambda: Cache(KEPT_VIEWS))
    answers: Cache[AnswerKey, Prediction] = field(default_factory=lambda: Cache(KEPT_ANSWERS))

    def of_given(self, casebook: Casebook) -> "Explaining":
        """Return the same for inputs that are no stored case: nothing is looked up, nothing kept."""
        questions = replace(self.questions, casebook=casebook)
        methods = replace(self.methods, questions=questions, store=None)
        return replace(self, casebook=casebook, questions=questions, methods=methods, keeps=False)

    def question(self, model: LoadedModel, case: Case, target: str, cancelled: Callable[[], bool] = never) -> Question:
        """Return one case as explainers see it: the model with the case's gaps, its entries, and 'absent' ones."""
        return self.questions.ask(model, case, target, cancelled)

    def answer(self, model: LoadedModel, case: Case) -> Prediction:
        """Return the version's calibrated answer; of a stored case it is kept in memory."""

        def ask() -> Prediction:
            inputs = self.casebook.inputs(case, model.spec)
            return self.runtime.engine.predict(model, inputs, attributes=known_of(case))

        return self.answers.get(_answer_key(model, case), ask) if self.keeps else ask()

    def told(self, model: LoadedModel, case: Case) -> Prediction:
        """Return the answer as it may leave the product: with every reason to leave it to a person, or silenced."""
        return self.judging.judge(model, case, self.answer(model, case), None if self.keeps else self.casebook)

    def warm(self, model: LoadedModel, case: Case) -> None:
        """Have the answer and what it is judged by at hand before anybody asks; nothing is counted."""
        self.answer(model, case)
        self.judging.warm(model, case)

    def label(self, model: LoadedModel, case: Case, target: str) -> str:
        """Return the version's own label: from memory, from the stored scores, else from the engine."""
        known = self.answers.peek(_answer_key(model, case))
        if known is None and self.keeps:
            with self.runtime.database.read() as tx:
                version = versions.get(tx, workspaces.get(tx, model.spec.name).id, model.version)
                scores = cache.scores(tx, version.id, target, case.id).get(case.id)
            if scores is not None:
                asked = model.spec.target(target)
                return asked.classes[int(self.catalogue.decided(version, asked, [case], [scores])[0])]
        return (known or self.answer(model, case)).target(target).label

    def explain(self, asked: Asked) -> Explained:
        """Return the explanation: found by content, else computed once, however many ask for it at the time.

        Raises
        ------
        NotFound
            When the method does not fit the version.
        BadInput
            When the method can't explain this case; says why.
        Unavailable
            When all who asked took it back (`stop`), or the program ends.
        """
        found = self.kept(asked)
        if found is not None:
            return Explained(asked, found, self.casebook, cached=True)
        self.methods.check_fit(asked.model, asked.case, asked.method)
        key = asked.key if self.keeps else object()
        try:
            found = self.flights.answer(key, lambda cancelled: self._found(asked, cancelled))
            return Explained(asked, found, self.casebook, cached=False)
        except Stopped:
            raise Unavailable(
                "The explanation was stopped: it was taken back, or the program is ending. Ask again if you need it."
            ) from None

    def stop(self, asked: Asked) -> bool:
        """Take one person's question back; return whether somebody waited for its answer."""
        return self.flights.abandon(asked.key)

    def explain_ahead(self, asked: Asked) -> bool:
        """Explain before anybody asks; return false when it made way for what a person asked for."""
        if self.kept(asked) is not None:
            return True
        try:
            self.flights.answer(asked.key, lambda cancelled: self._found(asked, cancelled), quiet=True)
        except Stopped:
            return False
        return True

    def kept(self, asked: Asked) -> Attribution | None:
        """Return what is kept for the question, or None."""
        if not self.keeps:
            return None
        data = self.store.get(asked.model, asked.case, asked.key)
        return None if data is None else unpack(data, asked.method.signed)

    def view(self, explained: Explained, *, coarse: bool = False) -> EvidenceView:
        """Return an explanation ready to draw, with what it is, what it is not, and its own quality."""
        asked, a = explained.asked, explained.attribution
        method, fields = asked.method, asked.model.spec.fields
        texts = {item.name: self.casebook.value(asked.case, item.name).text for item in fields}

        def draw() -> tuple[FieldEvidence, ...]:
            return drawn_fields(fields, explained.maps, texts, a)

        return EvidenceView(
            version=asked.model.version,
            method=method.name,
            title=method.title,
            target=asked.target,
            label=asked.label,
            fields=self.drawn.get(asked.key, draw) if self.keeps else draw(),
            completeness_error=a.completeness_error,
            reached=a.reached,
            signed=method.signed,
            what=method.what,
            what_not=method.what_not,
            seconds=a.seconds,
            steps=a.steps,
            cached=explained.cached,
            against=asked.against,
            baseline=baseline_words(asked),
            coarse=coarse,
            options=tuple(asked.options.items()),
        )

    def posed(self, asked: Asked, cancelled: Callable[[], bool] = never) -> tuple[Question, int, Baselines]:
        """Return the question, the label's index and the baselines that an answer is computed from.

        Raises
        ------
        ExplainError
            When the contrast or the baseline can't be used.
        BadInput
            When nothing is left of the case or of the reference.
        """
        question = self.question(asked.model, asked.case, asked.target, cancelled)
        if asked.against is not None:
            classes = asked.model.manifest.target(asked.target).classes
            subject = contrasted(question.subject, asked.index, classes.index(asked.against))
            question = replace(question, subject=subject)
        reference = None
        if asked.reference is not None:
            reference = self.question(asked.model, asked.reference, asked.target).inputs
        return question, asked.index, built(asked.baseline, question, reference)

    def _found(self, asked: Asked, cancelled: Callable[[], bool]) -> Attribution:
        """Return what somebody kept in the meantime, else compute and keep it."""
        return self.kept(asked) or self.keep(asked, self._compute(asked, cancelled))

    def _compute(self, asked: Asked, cancelled: Callable[[], bool]) -> Attribution:
        try:
            question, label, baselines = self.posed(asked, cancelled)
            found = explain_over(asked.method, question.subject, question.inputs, label, baselines, dict(asked.options))
        except Stopped:
            raise
        except ExplainError as error:
            raise BadInput(f"{asked.method.title} can't explain case {asked.case.name!r}: {error}") from error
        return found

    def keep(self, asked: Asked, found: Attribution) -> Attribution:
        """Keep an explanation, so that the next who asks finds it; return it as it is kept."""
        found = replace(found, values=tuple(_compact(value) for value in found.values))
        if self.keeps:
            cases = (asked.case,) if asked.reference is None else (asked.case, asked.reference)
            self.store.put(asked.model, cases, asked.key, pack(found))
        return found


def _answer_key(model: LoadedModel, case: Case) -> AnswerKey:
    return model.key, inputs_key(case, model.spec), tuple(sorted(known_of(case).items()))


def _compact(values: Tensor) -> Tensor:
    """Return a text's attributions with one number a token, [tokens, 1]."""
    return values.sum(dim=1, keepdim=True) if values.ndim == 2 else values
