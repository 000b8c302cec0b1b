"""From what a person or a program asks to a checked question."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from core.contracts import Case, OptionValue
from core.errors import BadInput, NotFound
from core.models.registry import LoadedModel
from core.services.evidence.baselines import DEFAULT, OF_A_CASE
from core.services.evidence.keeping import Asked
from core.services.explaining import Explaining
from core.storage import cases, workspaces
from explain.base import Explainer
from explain.baselines import baseline, baselines
from explain.errors import ExplainError
from explain.validation import checked_options


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked beside the case; empty parts are filled."""

    method: str | None = None
    label: str | None = None
    against: str | None = None
    baseline: str | None = None
    reference: str | None = None
    options: Mapping[str, OptionValue] | None = None


def asked(explaining: Explaining, model: LoadedModel, case: Case, target: str, wishes: Wishes) -> Asked:
    """Return the checked question: the best supported method and the version's own label unless others are named.

    Raises
    ------
    NotFound
        When there is no such method, label, baseline or reference case.
    BadInput
        When an option is unknown or out of range, or the contrast or the baseline makes no sense.
    """
    method = _method(explaining, model, case, target, wishes)
    label = explaining.label(model, case, target) if wishes.label is None else wishes.label
    for given in (label, wishes.against):
        _check_label(given, model, target)
    if wishes.against == label:
        raise BadInput(f"{label!r} can't be held against itself. Name another label of {target!r}.")
    try:
        options = checked_options(method, wishes.options)
    except ExplainError as error:
        raise BadInput(f"{method.title}: {error}") from None
    name, reference = _baseline(explaining, model, case, method, wishes)
    background = partial(explaining.questions.background_cases, model, case)
    return Asked(model, case, target, label, method, wishes.against, name, reference, options, background)


def _method(explaining: Explaining, model: LoadedModel, case: Case, target: str, wishes: Wishes) -> Explainer:
    methods = explaining.methods
    if wishes.method is not None:
        return methods.named(wishes.method)
    if wishes.baseline is None:
        return methods.named(methods.default(model, case, target))
    reading = [view.name for view in methods.views(model, case, target) if view.reads_baseline]
    if not reading:
        raise BadInput(f"No method that fits the model of {model.version} depends on a baseline. Leave it out.")
    return methods.named(reading[0])


def _check_label(label: str | None, model: LoadedModel, target: str) -> None:
    classes = model.manifest.target(target).classes
    if label is not None and label not in classes:
        raise NotFound(f"{label!r} is no label of {target!r}. Labels: {', '.join(classes)}.")


def _baseline(
    explaining: Explaining, model: LoadedModel, case: Case, method: Explainer, wishes: Wishes
) -> tuple[str, Case | None]:
    if wishes.reference is not None and wishes.baseline != OF_A_CASE:
        raise BadInput(f"A reference case goes with the baseline {OF_A_CASE!r} only, got {wishes.baseline!r}.")
    if not method.reads_baseline:
        if wishes.baseline is not None:
            raise BadInput(f"{method.title} does not depend on a baseline, got {wishes.baseline!r}. Leave it out.")
        return "", None
    name = _known_baseline(wishes.baseline or DEFAULT)
    return name, _reference(explaining, model, case, wishes) if name == OF_A_CASE else None


def _known_baseline(name: str) -> str:
    try:
        return baseline(name).name
    except ExplainError:
        known = ", ".join(item.name for item in baselines())
        raise NotFound(f"There is no baseline {name!r}. Known: {known}.") from None


def _reference(explaining: Explaining, model: LoadedModel, case: Case, wishes: Wishes) -> Case:
    if wishes.reference is None:
        raise BadInput(f"The baseline {OF_A_CASE!r} needs a reference case. Name one.")
    with explaining.runtime.database.read() as tx:
        found = cases.get(tx, workspaces.get(tx, model.spec.name).id, wishes.reference)
    if found.id == case.id:
        raise BadInput(f"Case {case.name!r} can't be its own baseline. Name another case.")
    return found
