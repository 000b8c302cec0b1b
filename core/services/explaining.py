"""Explanations of a version's answers, kept by (version, case, method, target, label, options)."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load, save
from torch import Tensor

from core.contracts import Case, EvidenceView, FieldEvidence, FieldSpec, FieldValue, Workspace
from core.errors import BadInput, NotFound
from core.media.heat import heat_png
from core.models.network import LogitModule
from core.models.preparation import map_to_original
from core.models.preparers.text import read_tokens
from core.models.registry import LoadedModel
from core.models.words import word_spans
from core.services.casebook import Casebook
from core.services.runtime import Cache, Runtime
from core.storage import cache, versions
from explain.base import Attribution, Explainer, Subject
from explain.errors import ExplainError
from explain.quality import field_shares
from explain.registry import compatible, explainer

EXPLAIN_VERSION = 2
"""To be raised when a method's result changes with the same options, so that old results are not shown."""
WordValues = tuple[tuple[int, int, float], ...]
"""Code points [start, end) of each word, and its attribution."""
Map = NDArray[np.float32] | float | WordValues
"""An image's pixels, a number's or category's one value, a text's words."""
Maps = Mapping[str, Map]


@dataclass(frozen=True, slots=True)
class Explained:
    """One explanation, in what a person sees: the original's pixels, table fields, words of the stored text."""

    version: str
    method: Explainer
    target: str
    label: str
    maps: Maps
    attribution: Attribution
    cached: bool


@dataclass(frozen=True, slots=True)
class Explaining:
    """Computes explanations, or finds them."""

    runtime: Runtime
    casebook: Casebook
    fitting: Cache[tuple[str, tuple[bool, ...]], tuple[str, ...]] = field(default_factory=lambda: Cache(32))

    def methods(self, model: LoadedModel, case: Case) -> tuple[str, ...]:
        """Return the methods that fit this version, best first.

        Decided by looking, once for each version and each combination of fields that a case holds: a missing field
        has no gradient.
        """
        held = tuple(self.casebook.value(case, item.name) != FieldValue(item.name) for item in model.spec.fields)

        def look() -> tuple[str, ...]:
            target = model.manifest.targets[0].target
            subject, inputs, _ = self._question(model, case, target)
            return tuple(method.name for method in compatible(subject, inputs))

        return self.fitting.get((model.key, held), look)

    def explain(
        self, workspace: Workspace, model: LoadedModel, case: Case, target: str, label: str, method: str
    ) -> Explained:
        """Explain the logit of `label`.

        Raises
        ------
        NotFound
            When the method does not exist or does not fit this version.
        """
        chosen, index = self._method(model, case, method), _index_of(label, model, target)
        key = evidence_key(chosen, target, label)
        with self.runtime.database.read() as tx:
            version_id = versions.get(tx, workspace.id, model.version).id
            stored = cache.evidence(tx, version_id, case.id, key)
        attribution = _unpack(self.runtime.blobs.get(stored), chosen.signed) if stored else None
        if attribution is None:
            attribution = self._compute(chosen, model, case, target, index)
            blob = self.runtime.blobs.put(_pack(attribution))
            with self.runtime.database.write() as tx:
                cache.put_evidence(tx, version_id, case.id, key, blob)
        maps = self._maps(model, case, attribution)
        return Explained(model.version, chosen, target, label, maps, attribution, stored is not None)

    def explain_given(self, model: LoadedModel, case: Case, target: str, label: str, method: str) -> Explained:
        """Explain as `explain` does, for inputs that are no stored case: nothing is looked up, nothing kept."""
        chosen, index = self._method(model, case, method), _index_of(label, model, target)
        attribution = self._compute(chosen, model, case, target, index)
        return Explained(
            model.version, chosen, target, label, self._maps(model, case, attribution), attribution, cached=False
        )

    def view(self, explained: Explained, model: LoadedModel) -> EvidenceView:
        """Return an explanation ready to draw, with what it is, what it is not, and its own quality."""
        a, method = explained.attribution, explained.method
        shares = dict(zip(explained.maps, field_shares(a.values), strict=True))
        fields = tuple(
            _field_evidence(model.spec.field(name), values, method.signed, shares[name])
            for name, values in explained.maps.items()
        )
        return EvidenceView(
            version=explained.version,
            method=method.name,
            title=method.title,
            target=explained.target,
            label=explained.label,
            fields=fields,
            completeness_error=a.completeness_error,
            reached=a.reached,
            signed=method.signed,
            what=method.what,
            what_not=method.what_not,
            seconds=a.seconds,
            steps=a.steps,
            cached=explained.cached,
        )

    def _method(self, model: LoadedModel, case: Case, name: str) -> Explainer:
        fitting = self.methods(model, case)
        try:
            chosen = explainer(name)
        except ExplainError as error:
            raise NotFound(f"{str(error)[:1].upper()}{str(error)[1:]}") from None
        if name not in fitting:
            raise NotFound(
                f"{name!r} does not fit the model of {model.version}. Methods that do: {', '.join(fitting)}."
            )
        return chosen

    def _compute(self, method: Explainer, model: LoadedModel, case: Case, target: str, label: int) -> Attribution:
        subject, inputs, baselines = self._question(model, case, target)
        try:
            found = method.explain(subject, inputs, label, baselines)
        except ExplainError as error:
            raise BadInput(f"{method.title} can't explain case {case.name!r}: {error}") from error
        return replace(found, values=tuple(_compact(value) for value in found.values))

    def _question(
        self, model: LoadedModel, case: Case, target: str
    ) -> tuple[Subject, tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Return what explainers ask: the model with this case's gaps, its entries, and the entries of 'absent'."""
        network, fields = model.network, model.spec.fields
        prepared = self.casebook.inputs(case, model.spec)
        batch = {name: torch.from_numpy(array)[None].to(model.device) for name, array in prepared.items()}
        with torch.no_grad():
            entries = network.enter(batch)
        module = LogitModule(network, target, [entries[item.name].present for item in fields])
        kinds = tuple(item.kind for item in fields)
        subject = Subject(module.eval(), kinds, model.manifest.target(target).output_sd, model.lock)
        values = tuple(entries[item.name].values for item in fields)
        absent = tuple(network.encoder(item.name).neutral(entries[item.name].values) for item in fields)
        return subject, values, absent

    def _maps(self, model: LoadedModel, case: Case, attribution: Attribution) -> Maps:
        """Carry attributions back to what a person sees: pixels of the original, table fields, words of the text."""
        return {
            item.name: self._map(case, item, values)
            for item, values in zip(model.spec.fields, attribution.values, strict=True)
        }

    def _map(self, case: Case, field: FieldSpec, values: Tensor) -> Map:
        stored = self.casebook.value(case, field.name)
        if field.kind == "image":
            if stored.blob is None:
                return np.zeros((0, 0), dtype=np.float32)
            return map_to_original(values.sum(dim=0), self.casebook.geometry(case, field))
        if field.kind == "text":
            return word_values(stored.text, values[:, 0], field)
        return float(values.sum())


def _index_of(label: str, model: LoadedModel, target: str) -> int:
    classes = model.manifest.target(target).classes
    if label not in classes:
        raise NotFound(f"{label!r} is no label of {target!r}. Labels: {', '.join(classes)}.")
    return classes.index(label)


def _compact(values: Tensor) -> Tensor:
    """Return a text's attributions with one number a token, [tokens, 1]."""
    return values.sum(dim=1, keepdim=True) if values.ndim == 2 else values


def word_values(text: str | None, values: Tensor, field: FieldSpec) -> WordValues:
    """Sum the attributions of tokens [tokens] to the words of a text that hold them."""
    if text is None:
        return ()
    totals: dict[tuple[int, int], float] = {}
    words = iter(word_spans(text))
    word = next(words)
    for token, value in zip(read_tokens(text, field), values.tolist(), strict=False):
        while token.start >= word[1]:
            word = next(words)
        totals[word] = totals.get(word, 0.0) + value
    return tuple((start, end, value) for (start, end), value in totals.items())


def _field_evidence(field: FieldSpec, values: Map, signed: bool, share: float) -> FieldEvidence:
    if isinstance(values, float):
        return FieldEvidence(field.name, field.kind, value=values, share=share)
    if isinstance(values, tuple):
        return FieldEvidence(field.name, field.kind, spans=values, share=share)
    heat = heat_png(values, signed) if values.size else None
    return FieldEvidence(field.name, field.kind, heat=heat, share=share)


def evidence_key(method: Explainer, target: str, label: str) -> str:
    """Return what an explanation is kept under: method, its options, target, label, and `EXPLAIN_VERSION`."""
    options = {option.name: option.default for option in method.config_spec()}
    text = json.dumps([method.name, options, target, label, EXPLAIN_VERSION], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _pack(attribution: Attribution) -> bytes:
    error = math.nan if attribution.completeness_error is None else attribution.completeness_error
    steps = -1 if attribution.steps is None else attribution.steps
    facts = torch.tensor([error, float(attribution.reached), float(steps), attribution.seconds], dtype=torch.float64)
    values = {f"value_{i:03d}": value.contiguous() for i, value in enumerate(attribution.values)}
    return save({"facts": facts, **values})


def _unpack(data: bytes, signed: bool) -> Attribution:
    tensors = load(data)
    error, reached, steps, seconds = tensors.pop("facts").tolist()
    return Attribution(
        values=tuple(tensors[name] for name in sorted(tensors)),
        completeness_error=None if math.isnan(error) else error,
        reached=bool(reached),
        steps=None if steps < 0 else int(steps),
        signed=signed,
        seconds=seconds,
    )
