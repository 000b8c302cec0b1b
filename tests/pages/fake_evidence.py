"""The evidence verbs in memory: made-up maps, figures made by hand, and ways to be slow or to fail."""

from dataclasses import replace
from time import sleep

from fake_data import digit, heat, png
from fake_services import FakeReview, State, find

from core.contracts import (
    BaselineDependence,
    BaselineView,
    Comparison,
    ConceptSensitivityView,
    ConceptView,
    Curve,
    Estimate,
    EvidenceForm,
    EvidenceQualityView,
    EvidenceView,
    InfluenceView,
    MarkForm,
    MethodView,
    OptionView,
    PathStep,
    PathView,
    Prediction,
    RemovalView,
    TaughtBy,
)
from core.errors import Refused

WHAT = ("where a change would change the answer most", "not where the disease is")
METHODS = (
    MethodView(
        "integrated_gradients", "Integrated gradients", *WHAT, True,
        (OptionView("tolerance", "Completeness error to aim for", "float", 0.05, 0.001, 0.5),
         OptionView("max_steps", "Most gradient evaluations", "int", 512, 16, 2048)),
        True, 3.6, "supported",
    ),
    MethodView("grad_cam", "Grad-CAM", "which places the last layer used", "not single pixels", False, (), False, 0.05),
    MethodView(
        "lime", "LIME (local linear model)", "which parts a linear model needs", "not the model itself", True,
        (OptionView("model", "Linear model", "choice", "ridge", choices=("ridge", "lasso")),), True, 12.0,
    ),
    MethodView(
        "saliency", "Saliency", *WHAT, False, (), False, 0.1, "not supported",
        "its map hardly changes when the model's weights are drawn anew",
    ),
)  # fmt: skip
BASELINES = (
    BaselineView("neutral", "What the model takes for absent", "Black for images, the average case for fields."),
    BaselineView("blur", "Blurred picture", "The same picture without its outlines."),
    BaselineView("case", "A chosen case", "The inputs of one other case that you choose."),
)
SHARES = tuple(i / 10 for i in range(11))
CURVES = ("deletion", "insertion")


def curve(name: str, fill: str, edge: bool) -> Curve:
    falls = name == "deletion"
    own = tuple(0.81 * ((1 - x) ** 3 if falls else 1 - (1 - x) ** 3) for x in SHARES)
    middle = tuple(0.81 * (1 - x if falls else x) for x in SHARES)
    low, high = (tuple(max(0.0, y + shift) for y in middle) for shift in (-0.08, 0.08))
    return Curve(name, fill, SHARES, own, middle, low, high, tuple(y * 0.9 for y in middle) if edge else ())


def comparison(name: str, fill: str, edge: bool) -> Comparison:
    area, other = (0.2, 0.36) if name == "deletion" else (0.6, 0.36) if edge else (0.38, 0.36)
    better = True if abs(area - other) > 0.1 else None
    return Comparison(name, fill, area, Estimate(0.41, 0.33, 0.48, 20), other if edge else None, better)


class FakeEvidence:
    """What the review's fake explains, and what can be asked of it."""

    def __init__(self, states: dict[str, State], review: FakeReview) -> None:
        self.states, self.review = states, review
        self.methods_known = METHODS
        self.seconds: dict[str, float] = {}
        """Verb -> how long it takes."""
        self.failing: dict[str, Exception] = {}
        """Verb -> what it raises."""
        self.forms: list[EvidenceForm] = []
        self.removed: list[tuple[tuple[MarkForm, ...], str]] = []
        self.kept: dict[str, dict[str, bool]] = {"stripes": {"d-0002": True, "d-0003": False}}

    def _begin(self, verb: str, workspace: str, case: str, actor) -> None:
        if not self.review.open(workspace, case, actor=actor).read_done:
            raise Refused("Evidence is shown after your own read. Commit your read first.")
        find(self.states, workspace).calls.append(f"{verb} {case}")
        sleep(self.seconds.get(verb, 0.0))
        if verb in self.failing:
            raise self.failing[verb]

    def methods(self, workspace, case, *, actor) -> tuple[MethodView, ...]:
        self._begin("methods", workspace, case, actor)
        return self.methods_known

    def baselines(self, workspace, case, *, actor) -> tuple[BaselineView, ...]:
        self._begin("baselines", workspace, case, actor)
        return BASELINES

    def explain(self, form: EvidenceForm, *, actor) -> EvidenceView:
        self._begin("exact", form.workspace, form.case, actor)
        self.forms.append(form)
        return self._view(form, form.method or METHODS[0].name, actor)

    def _view(self, form: EvidenceForm, method: str, actor) -> EvidenceView:
        known = next(one for one in METHODS if one.name == method)
        view = self.review.explain(form.workspace, form.case, form.target, actor=actor, method=method, label=form.label)
        choices = next(
            one for one in self.review.open(form.workspace, form.case, actor=actor).targets if one.name == form.target
        ).choices
        label = form.label or choices[min(3, len(choices) - 1)].value
        fields = tuple(
            replace(item, total=0.42 / (i + 1), low=0.42 / (i + 1) - 0.1, high=0.42 / (i + 1) + 0.1,
                    words="mostly lower right; 61 % of the heat in the hottest 5 % of the picture")
            for i, item in enumerate(view.fields)
        )  # fmt: skip
        return replace(
            view, title=known.title, label=label, fields=fields, signed=known.signed, what=known.what,
            what_not=known.what_not, against=form.against, baseline=form.baseline or "",
            completeness_error=view.completeness_error if known.signed else None,
        )  # fmt: skip

    def coarse(self, form: EvidenceForm, *, actor) -> EvidenceView | None:
        self._begin("coarse", form.workspace, form.case, actor)
        return replace(self._view(form, "grad_cam", actor), coarse=True)

    def quality(self, form: EvidenceForm, *, actor) -> EvidenceQualityView:
        self._begin("quality", form.workspace, form.case, actor)
        edge = any(field.kind == "image" for field in self.review.open(form.workspace, form.case, actor=actor).fields)
        pairs = [(name, fill) for fill in (("mean", "blur") if edge else ("mean",)) for name in CURVES]
        return EvidenceQualityView(
            form.method or METHODS[0].name, form.target, form.label or "3", 0.031,
            tuple(curve(*pair, edge) for pair in pairs), tuple(comparison(*pair, edge) for pair in pairs),
            Estimate(0.83, 0.71, 0.9, 8), (BaselineDependence("blur", 0.41), BaselineDependence("mean", 0.92)),
            ("The map depends on what 'absent' means: with the baseline 'blur' its rank correlation is 0.41.",), 7.2,
        )  # fmt: skip

    def remove(self, form: EvidenceForm, *, actor, region=(), fill="blur") -> RemovalView:
        self._begin("remove", form.workspace, form.case, actor)
        self.removed.append((region, fill))
        before = self.review.reveal(form.workspace, form.case, actor=actor).prediction
        answer = before.target(form.target)
        last = len(answer.classes) - 1
        top = answer.classes.index(answer.label)
        other = last if top != last else 0
        shares = [0.04] * len(answer.classes)
        shares[top], shares[other] = 0.22, 0.7
        after = replace(answer, label=answer.classes[other], probabilities=tuple(shares))
        fields = tuple(
            replace(one, image=png(digit(1, one.width or 28, shade=20))) if one.kind == "image"
            else replace(one, number=None, text=None, words="the average of all cases") if one.kind != "text"
            else one
            for one in self.review.open(form.workspace, form.case, actor=actor).fields
        )  # fmt: skip
        return RemovalView(
            before, Prediction(before.version, (after,)), form.target, answer.label, -0.59, True,
            Estimate(-0.02, -0.06, 0.01, 8), 0.05, fields,
            f"Without the region the probability of {answer.label!r} falls from 0.81 to 0.22; the answer becomes "
            f"{after.label!r}. As much removed elsewhere changes it by −0.02 on average.",
        )  # fmt: skip

    def path(self, form: EvidenceForm, *, actor, steps: int = 12) -> PathView:
        self._begin("path", form.workspace, form.case, actor)
        fields = self.review.open(form.workspace, form.case, actor=actor).fields
        whole = self._view(replace(form, method="integrated_gradients"), "integrated_gradients", actor).fields
        side = next((one.width for one in fields if one.kind == "image"), 28)
        places = tuple(i / steps for i in range(steps + 1))
        made = tuple(
            PathStep(x, -1.0 + 3.2 * x**0.5, 3.1 * x**0.5, tuple(
                replace(one, total=one.total * x, value=None if one.value is None else one.value * x,
                        heat=heat(side) if one.heat and x > 0.3 else one.heat,
                        spans=tuple((a, b, v * x) for a, b, v in one.spans))
                for one in whole
            ))
            for x in places
        )  # fmt: skip
        return PathView(form.target, form.label or "3", "What the model takes for absent", made)

    def influence(self, form: EvidenceForm, *, actor, limit: int = 6) -> InfluenceView:
        self._begin("influence", form.workspace, form.case, actor)
        fields = self.review.open(form.workspace, form.case, actor=actor).fields
        image = png(digit(5)) if any(one.kind == "image" for one in fields) else None
        choices = self.review.open(form.workspace, form.case, actor=actor).targets[0].choices
        taught = tuple(
            TaughtBy(f"d-{i:04d}", choices[i % len(choices)].value, 0.4 / i, image, "Age 43, sex <b>female</b>")
            for i in range(1, limit + 1)
        )
        return InfluenceView(form.target, form.label or "3", taught, taught[:2], 3657, 1)

    def concepts(self, workspace) -> tuple[ConceptView, ...]:
        find(self.states, workspace)
        return tuple(
            ConceptView(
                name,
                tuple(case for case, present in cases.items() if present),
                tuple(case for case, present in cases.items() if not present),
            )
            for name, cases in self.kept.items()
        )

    def collect(self, workspace, concept, case, *, actor, present=True) -> None:
        find(self.states, workspace).calls.append(f"collect {concept} {case} {present}")
        cases = self.kept.setdefault(concept, {})
        if present is None:
            cases.pop(case, None)
        else:
            cases[case] = present

    def concept_sensitivity(self, workspace, concept, target, label, *, actor) -> ConceptSensitivityView:
        find(self.states, workspace).calls.append(f"sensitivity {concept}")
        if "concept_sensitivity" in self.failing:
            raise self.failing["concept_sensitivity"]
        return ConceptSensitivityView(
            concept, target, label, Estimate(0.81, 0.7, 0.9, 120), Estimate(0.5, 0.31, 0.69, 20),
            Estimate(0.9, 0.8, 0.96, 24), 0.01, True,
            f"Moving towards {concept!r} raises {label!r} in 81 % of cases; random concepts do in 50 %.",
        )  # fmt: skip
