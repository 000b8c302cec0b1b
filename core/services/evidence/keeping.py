"""Explanations as they are kept: what they are kept under, and their bytes."""

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from safetensors.torch import load, save

from core.contracts import Case, FieldValue, OptionValue, WorkspaceSpec
from core.models.registry import LoadedModel
from explain.base import Attribution, Explainer

EXPLAIN_VERSION = 3
"""To be raised when a method's result changes with the same options, so that old results are not shown."""
READ_BACKGROUND = frozenset({"expected_gradients", "mean", "median", "background"})
"""Methods and baselines that depend on other cases."""


def alone() -> tuple[Case, ...]:
    """Return no background."""
    return ()


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """One checked question for evidence."""

    model: LoadedModel
    case: Case
    target: str
    label: str
    method: Explainer
    against: str | None = None
    baseline: str = ""
    """What 'absent' means, by name; empty for a method that does not depend on it."""
    reference: Case | None = None
    """The case that is the baseline, where that is a case."""
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    """All options of the method."""
    background: Callable[[], tuple[Case, ...]] = alone
    """Gives the cases that this one is seen against; asked where the answer depends on them."""

    @property
    def index(self) -> int:
        """Place of the label among the target's classes."""
        return self.model.manifest.target(self.target).classes.index(self.label)

    @property
    def changed(self) -> tuple[tuple[str, OptionValue], ...]:
        """Options that differ from the method's own."""
        usual = {option.name: option.default for option in self.method.config_spec()}
        return tuple((name, value) for name, value in self.options.items() if value != usual[name])

    @property
    def key(self) -> str:
        """What the explanation is kept under: equal questions about equal content have equal keys."""
        reads = READ_BACKGROUND & {self.method.name, self.baseline}
        return key_of(
            self.model.key,
            inputs_key(self.case, self.model.spec),
            (self.method.name, dict(self.options), self.target, self.label, self.against, self.baseline),
            None if self.reference is None else inputs_key(self.reference, self.model.spec),
            [inputs_key(case, self.model.spec) for case in self.background()] if reads else None,
        )


def key_of(*parts: object) -> str:
    """Return the sha256 of what decides a computed answer."""
    return hashlib.sha256(json.dumps([EXPLAIN_VERSION, *parts], sort_keys=True).encode()).hexdigest()


def inputs_key(case: Case, spec: WorkspaceSpec) -> str:
    """Return the sha256 of a case's inputs alone: not of its name, labels and attributes."""
    held = {value.field: value for value in case.fields}
    values = [held.get(item.name, FieldValue(item.name)) for item in spec.fields]
    return key_of([(value.field, value.blob, value.number, value.text) for value in values])


def pack(attribution: Attribution) -> bytes:
    """Return an attribution as safetensors."""
    error = math.nan if attribution.completeness_error is None else attribution.completeness_error
    steps = -1 if attribution.steps is None else attribution.steps
    facts = [error, float(attribution.reached), float(steps), attribution.seconds]
    tensors = {f"value_{i:03d}": value.contiguous().clone() for i, value in enumerate(attribution.values)}
    tensors["facts"] = torch.tensor(facts, dtype=torch.float64)
    if attribution.standard_errors is not None:
        tensors["standard_errors"] = torch.tensor(attribution.standard_errors, dtype=torch.float64)
    return save(tensors)


def unpack(data: bytes, signed: bool) -> Attribution:
    """Return what `pack` was given."""
    tensors = load(data)
    error, reached, steps, seconds = tensors.pop("facts").tolist()
    errors = tensors.pop("standard_errors", None)
    return Attribution(
        values=tuple(tensors[name] for name in sorted(tensors)),
        completeness_error=None if math.isnan(error) else error,
        reached=bool(reached),
        steps=None if steps < 0 else int(steps),
        signed=signed,
        seconds=seconds,
        standard_errors=None if errors is None else tuple(errors.tolist()),
    )
