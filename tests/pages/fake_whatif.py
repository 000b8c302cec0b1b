"""The what-if verbs in memory: a model whose answer moves with every edit."""

from dataclasses import replace
from time import sleep

from fake_data import digit, image_field, png
from fake_services import FakeReview, State, find

from core.contracts import (
    Change,
    ChoiceView,
    Counterfactual,
    CounterfactualsView,
    Edit,
    EvidenceView,
    FieldRange,
    FieldView,
    Prediction,
    SimilarCase,
    SimilarView,
    TargetAnswer,
    WhatIfCase,
    WhatIfView,
)
from core.errors import NotFound, Refused

COLOURS = (("White", "White"), ("Black", "Black"), ("Other", "Other"))
SEXES = (("F", "female"), ("M", "male"))


def range_of(field: FieldView) -> FieldRange:
    if field.kind == "numeric":
        whole = field.name in ("age", "checks")
        bounds = {"low": 18.0 if whole else 0.0, "high": 90.0 if whole else 60000.0, "step": 1.0 if whole else 0.1}
        return FieldRange(field.name, **bounds, can_be_missing=True)
    if field.kind == "categorical":
        sex = field.name == "sex"
        return FieldRange(field.name, categories=SEXES if sex else COLOURS, can_be_missing=True, sensitive=sex)
    return FieldRange(field.name, can_be_missing=field.kind == "text")


def edited(field: FieldView, edits: tuple[Edit, ...]) -> FieldView:
    edit = next((one for one in edits if one.field == field.name), None)
    if edit is None:
        return field
    if edit.missing:
        return replace(field, number=None, text=None, words="", image=None)
    if edit.number is not None:
        return replace(field, number=edit.number)
    if edit.mask is not None:
        return replace(field, image=png(digit(1, field.width, shade=40)))
    words = dict(COLOURS + SEXES).get(edit.text, "")
    return replace(field, text=edit.text, words=words if field.kind == "categorical" else "", spans=())


def moved(answer: TargetAnswer, edits: tuple[Edit, ...]) -> TargetAnswer:
    """Each edit takes a quarter of the answer's probability and gives it to the first class."""
    shares = list(answer.probabilities)
    top = answer.classes.index(answer.label)
    other = 0 if top else len(shares) - 1
    taken = shares[top] * min(0.9, 0.45 * len(edits))
    shares[top] -= taken
    shares[other] += taken
    label = answer.classes[shares.index(max(shares))]
    return replace(
        answer, label=label, probabilities=tuple(shares), answer_set=tuple(dict.fromkeys((label, answer.label)))
    )


class FakeWhatIf:
    """What the review's fake answers, moved by the edits."""

    def __init__(self, states: dict[str, State], review: FakeReview) -> None:
        self.states, self.review = states, review
        self.seconds = 0.0
        """How long a search for counterfactuals takes."""
        self.asked: list[tuple[Edit, ...]] = []
        self.constraints: list[tuple] = []

    def _read(self, workspace, case, actor):
        view = self.review.open(workspace, case, actor=actor)
        if not view.read_done:
            raise Refused("What if shows the model's answer, which comes after your own read. Commit your read first.")
        return view, self.review.reveal(workspace, case, actor=actor).prediction

    def open(self, workspace, case, *, actor) -> WhatIfCase:
        view, prediction = self._read(workspace, case, actor)
        ranges = tuple(range_of(field) for field in view.fields)
        methods = ("integrated_gradients", "saliency")
        return WhatIfCase(workspace, case, "v3", view.fields, ranges, view.targets, prediction, methods)

    def predict(self, workspace, case, edits, *, actor) -> WhatIfView:
        view, before = self._read(workspace, case, actor)
        self.asked.append(edits)
        after = Prediction(before.version, tuple(moved(answer, edits) for answer in before.targets))
        far = ("far from every case that the model was trained on",) if len(edits) > 1 else ()
        return WhatIfView(before, after, tuple(edited(field, edits) for field in view.fields), far)

    def explain(self, workspace, case, edits, target, *, actor, method=None, label=None) -> EvidenceView:
        self._read(workspace, case, actor)
        found = self.review.explain(workspace, case, target, actor=actor, method=method or "saliency", label=label)
        if not edits:
            return found
        fields = tuple(
            replace(item, value=None if item.value is None else item.value / 2, spans=item.spans[:3])
            for item in found.fields
        )
        return replace(found, fields=fields)

    def counterfactuals(
        self, workspace, case, target, *, actor, wanted=None, constraints=(), limit=4
    ) -> CounterfactualsView:
        view, prediction = self._read(workspace, case, actor)
        self.constraints.append(constraints)
        sleep(self.seconds)
        answer = prediction.target(target)
        wanted = wanted or next(name for name in answer.classes if name != answer.label)
        found = tuple(
            self._counterfactual(view.fields, field, prediction, wanted, place)
            for place, field in enumerate(view.fields[:limit])
            if not field.missing
        )
        words = f"{len(found)} small changes make the model answer {wanted}."
        return CounterfactualsView(target, wanted, found, words, 412, 1.7)

    def _counterfactual(self, fields, field, prediction, wanted, place) -> Counterfactual:
        if field.kind == "numeric":
            change, edit = Change(field.name, "43", "61"), Edit(field.name, number=61.0)
        elif field.kind == "categorical":
            change, edit = Change(field.name, field.words, "male"), Edit(field.name, text="M")
        elif field.kind == "text":
            rest = (field.text or "").replace("normal", "enlarged", 1)
            change, edit = Change(field.name, "normal", "enlarged", 13, 19), Edit(field.name, text=rest)
        else:
            change, edit = Change(field.name, "as it is", "2 % painted over"), Edit(field.name, mask=corner(field))
        changed = tuple(edited(one, (edit,)) for one in fields)
        return Counterfactual(
            (change,), (edit,), prediction, wanted, 0.61 - 0.05 * place, 0.2 + 0.3 * place,
            (0.62, 0.03, None)[place % 3], changed,
        )  # fmt: skip

    def similar(self, workspace, case, target, *, actor, edits=(), limit=8) -> SimilarView:
        view, _ = self._read(workspace, case, actor)
        names = find(self.states, workspace).cases
        if case not in names:
            raise NotFound(f"There is no case {case!r}.")
        choices = next(one.choices for one in view.targets if one.name == target)
        near = tuple(self._similar(view.fields, name, place, choices) for place, name in enumerate(names[:limit]))
        other = self._similar(view.fields, names[-1], 3, choices)
        prototypes = tuple((one.value, near[:2]) for one in choices[:3])
        return SimilarView(target, near, other, prototypes, 400, 0.62)

    def _similar(self, fields, name: str, place: int, choices: tuple[ChoiceView, ...]) -> SimilarCase:
        label = None if place == 2 else choices[place % len(choices)].value
        said = (("Dr. <b>Ada</b>", choices[0].value, "**odd** comment"),) if place < 2 else ()
        image = image_field(place, 64).image if any(field.kind == "image" for field in fields) else None
        return SimilarCase(
            name, 0.97 - place / 20, label, "data set", choices[0].value if place else None, said, image,
            "Age 43, sex female, and a few more words", "train",
        )  # fmt: skip


def corner(field: FieldView) -> bytes:
    from PIL import Image

    mask = Image.new("1", (field.width, field.height), 0)
    mask.paste(1, (field.width - 6, field.height - 6, field.width, field.height))
    return png(mask)
