"""Meanings of 'absent' that a person can choose, and the mean of a method over several of them."""

import math
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from explain.absent import (
    MOST_BACKGROUND,
    Inputs,
    Make,
    blur,
    by_part,
    chosen_case,
    mean,
    median,
    models_own,
    other_cases,
    zero,
)
from explain.base import Attribution, Explainer, OptionValue, Subject
from explain.errors import ExplainError
from explain.isolation import full_precision
from explain.quality import added_up, completeness_error
from explain.validation import checked_case, checked_options, checked_tensors

AIM = 0.05
"""Completeness error to reach for methods that have no option for it."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """One meaning of 'absent'."""

    name: str
    """Stable identifier."""
    title: str
    """Name for people."""
    what: str
    """One neutral sentence: what takes the place of what is absent."""
    fits: Callable[[Subject], bool]
    """Whether it can be built for this model and its background."""
    make: Make

    def build(
        self,
        subject: Subject,
        inputs: tuple[Tensor, ...],
        neutral: tuple[Tensor, ...] | None = None,
        reference: tuple[Tensor, ...] | None = None,
    ) -> tuple[tuple[Tensor, ...], ...]:
        """Return the absent inputs, one set (several for background cases), each of its input's shape.

        Padding of a text stays zero: the model's answer must not read words where this case has none.

        Parameters
        ----------
        subject
            The model, with its background.
        inputs
            The case, each [1, ...].
        neutral
            What the model itself takes for absent, each of its input's shape.
        reference
            Another case's inputs.

        Raises
        ------
        ExplainError
            When what the baseline needs is not there.
        """
        if not self.fits(subject):
            raise ExplainError(f"the baseline {self.name!r} does not fit this model. Choose another.")
        made = self.make(subject, inputs, neutral, reference)
        return tuple(_placed(subject, inputs, absent) for absent in made)


def baselines() -> tuple[Baseline, ...]:
    """Return every baseline, the model's own first."""
    return _BASELINES


def baseline(name: str) -> Baseline:
    """Return the baseline called `name`.

    Raises
    ------
    ExplainError
        When there is none; the message lists the known names.
    """
    for known in _BASELINES:
        if known.name == name:
            return known
    names = ", ".join(known.name for known in _BASELINES)
    raise ExplainError(f"there is no baseline {name!r}; known: {names}.")


def baseline_choices(subject: Subject) -> tuple[Baseline, ...]:
    """Return the baselines that fit the model, its own first."""
    return tuple(known for known in _BASELINES if known.fits(subject))


def explain_over(
    method: Explainer,
    subject: Subject,
    inputs: tuple[Tensor, ...],
    label: int,
    baselines: tuple[tuple[Tensor, ...], ...],
    options: Mapping[str, OptionValue] | None = None,
) -> Attribution:
    """Return the mean of a method's maps over several baselines.

    The completeness error is that of the mean: sum of the mean map against F(x) - mean F(baseline). Standard errors of
    each input's sum hold what differs between baselines and what the method draws itself. Steps and seconds are summed.

    Parameters
    ----------
    method
        Any method; one that reads no baseline is asked once.
    subject, inputs, label, options
        As for `explain.base.Explainer.explain`.
    baselines
        Sets of absent inputs, as `Baseline.build` returns them.

    Raises
    ------
    ExplainError
        When there is no baseline, or as the method.
    """
    if not baselines:
        raise ExplainError("no baseline was given. Give at least one.")
    if len(baselines) == 1 or not method.reads_baseline:
        return method.explain(subject, inputs, label, baselines[0], options)
    found = [method.explain(subject, inputs, label, absent, options) for absent in baselines]
    values = tuple(
        torch.stack(parts).double().mean(dim=0).float() for parts in zip(*(f.values for f in found), strict=True)
    )
    error = None
    if all(one.completeness_error is not None for one in found):
        error = _mean_error(subject, inputs, label, baselines, values)
    aim = float(checked_options(method, options).get("tolerance", AIM))
    steps = None if any(one.steps is None for one in found) else sum(one.steps or 0 for one in found)
    return replace(
        found[0],
        values=values,
        completeness_error=error,
        reached=error is None or error <= aim,
        steps=steps,
        seconds=sum(one.seconds for one in found),
        standard_errors=_standard_errors(found),
    )


def _mean_error(subject: Subject, inputs: Inputs, label: int, baselines: tuple[Inputs, ...], values: Inputs) -> float:
    """Return the completeness error of the mean map, by forward passes at the input and at every baseline."""
    with full_precision(inputs[0].device):
        case = checked_case(subject, inputs, label, None)
        rows = [checked_tensors(subject, absent, case.device, "baseline") for absent in baselines]
        with torch.no_grad():
            whole = float(case.logit(*case.inputs))
            empty = statistics.fmean(float(case.logit(*row)) for row in rows)
    return completeness_error(added_up(values), whole - empty, case.scale)


def _standard_errors(found: list[Attribution]) -> tuple[float, ...]:
    """Return for each input sqrt(variance between baselines / their number + the method's own error squared).

    The method draws the same for every baseline (one seed), so its own error does not shrink with their number.
    """
    errors: list[float] = []
    for number in range(len(found[0].values)):
        sums = [float(one.values[number].double().sum()) for one in found]
        own = statistics.fmean(one.standard_errors[number] if one.standard_errors else 0.0 for one in found)
        errors.append(math.sqrt(statistics.variance(sums) / len(sums) + own**2))
    return tuple(errors)


def _placed(subject: Subject, inputs: Inputs, absent: Inputs) -> Inputs:
    """Return the absent inputs on the inputs' device, texts cut or filled to their length, zero at their padding."""
    if len(absent) != len(inputs):
        raise ExplainError(f"a baseline needs {len(inputs)} inputs, got {len(absent)}.")
    return tuple(
        _text_placed(item, part) if kind == "text" else part.to(item.device, item.dtype)
        for kind, item, part in zip(subject.kinds, inputs, absent, strict=True)
    )


def _text_placed(item: Tensor, part: Tensor) -> Tensor:
    length = item.shape[1]
    placed = torch.zeros_like(item)
    placed[:, : part.shape[1]] = part[:, :length].to(item.device, item.dtype)
    there = item.any(dim=-1, keepdim=True) if item.ndim == 3 else item != 0
    return placed * there


def _always(subject: Subject) -> bool:
    return True


def _has_image(subject: Subject) -> bool:
    return "image" in subject.kinds


def _has_background(subject: Subject) -> bool:
    return subject.background is not None and all(len(part) > 0 for part in subject.background)


def _has_typical_values(subject: Subject) -> bool:
    """Return whether the background tells what is usual: of embeddings of words nothing is."""
    return _has_background(subject) and set(subject.kinds) != {"text"}


def _has_mean(subject: Subject) -> bool:
    return _has_image(subject) or _has_typical_values(subject)


_BASELINES = (
    Baseline(
        "neutral",
        "What the model takes for absent",
        "Black for images, the average training case for table fields, no word for texts.",
        _always,
        models_own,
    ),
    Baseline("zero", "Zero", "Black for images, zero for table fields, no word for texts.", _always, by_part(zero)),
    Baseline(
        "mean",
        "Mean",
        "The picture's mean colour, the average of other cases for table fields, no word for texts.",
        _has_mean,
        by_part(mean),
    ),
    Baseline(
        "blur",
        "Blurred picture",
        "The same picture without its outlines; other fields as what the model takes for absent.",
        _has_image,
        by_part(blur),
    ),
    Baseline(
        "median",
        "Median case",
        "The median of other cases for pixels and numbers, their commonest category, no word for texts.",
        _has_typical_values,
        by_part(median),
    ),
    Baseline(
        "background",
        "Other cases",
        f"Up to {MOST_BACKGROUND} other cases in turn; the map is the mean over them.",
        _has_background,
        other_cases,
    ),
    Baseline("case", "A chosen case", "The inputs of one other case that you choose.", _always, chosen_case),
)
