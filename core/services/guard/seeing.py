"""Cases as a version sees them: fused vectors and logits, and what is odd about the inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from core.contracts import Case, FieldValue, Prediction, Progress, ProgressReporter
from core.guard.outliers.base import Array, Seen
from core.guard.robustness.hint import suspicion
from core.guard.robustness.pictures import image_fields
from core.models.batching import cases_per_pass, passes
from core.models.deciding import known_of
from core.models.embedding import condense
from core.models.examples import Examples
from core.models.registry import LoadedModel
from core.models.serving import encode
from core.services.casebook import Casebook, References
from core.services.embeddings import Silent, stored_embeddings
from core.services.runtime import Runtime

AT_ONCE = 256
"""Cases whose inputs are in memory at the same time."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Cases of a version, row by row."""

    cases: tuple[Case, ...]
    seen: Seen
    suspicion: Array
    """How suspicious each input is [n]; zeros where that was not asked for or has no meaning."""
    answers: tuple[Prediction, ...]
    """The version's own answers, before any judgement."""


@dataclass(frozen=True, slots=True)
class Seeing:
    """Looks at cases through a version, whose network nobody else may put hooks on meanwhile."""

    runtime: Runtime
    casebook: Casebook
    references: References = field(default_factory=dict)

    def look(
        self,
        model: LoadedModel,
        cases: Sequence[Case],
        *,
        suspicious: bool = False,
        reporter: ProgressReporter | None = None,
        stage: str = "Looking at the cases",
    ) -> Look:
        """Look at `cases` (at least one), in pieces; `suspicious` also asks whether inputs were tampered with."""
        said, parts = reporter or Silent(), []
        for first in range(0, len(cases), AT_ONCE):
            said.report(Progress(stage=stage, done=first, total=len(cases)))
            parts.append(self._part(model, cases[first : first + AT_ONCE], suspicious))
        return _joined(parts)

    def _part(self, model: LoadedModel, cases: Sequence[Case], suspicious: bool) -> Look:
        examples = self.casebook.examples(cases, model.spec, self.references)
        target = model.manifest.targets[0].target
        odd = torch.zeros(len(cases))
        if suspicious and image_fields(model.spec):
            odd = suspicion(model.network, target, examples.inputs)
        vectors, logits = self._passed(model, examples)
        answers = encode(
            model,
            {name: values.astype(np.float32) for name, values in logits.items()},
            attributes=[known_of(case) for case in cases],
        )
        seen = Seen(vectors, logits, examples.labels[target].numpy())
        return Look(tuple(cases), seen, odd.double().numpy(), tuple(answers))

    def _passed(self, model: LoadedModel, examples: Examples) -> tuple[Array, dict[str, Array]]:
        """Return fused vectors [n, d] and each target's logits [n, classes]."""
        network, device = model.network, model.device
        condensed = condense(network, examples, device, caches=stored_embeddings(self.runtime))
        rows, size = torch.arange(len(examples)), cases_per_pass(condensed.inputs, device)
        with torch.no_grad():
            fused = [network.embed(condensed.batch(rows[part], device)) for part in passes(len(rows), size)]
            vectors = torch.cat(fused)
            logits = network.decide(vectors)
        return vectors.double().cpu().numpy(), {name: t.double().cpu().numpy() for name, t in logits.items()}


def _joined(parts: Sequence[Look]) -> Look:
    targets = parts[0].seen.logits
    seen = Seen(
        np.concatenate([part.seen.vectors for part in parts]),
        {name: np.concatenate([part.seen.logits[name] for part in parts]) for name in targets},
        np.concatenate([part.seen.labels for part in parts]),
    )
    return Look(
        tuple(case for part in parts for case in part.cases),
        seen,
        np.concatenate([part.suspicion for part in parts]),
        tuple(answer for part in parts for answer in part.answers),
    )


def missing_fields(model: LoadedModel, case: Case) -> tuple[str, ...]:
    """Return the optional fields that hold nothing."""
    held: Mapping[str, FieldValue] = {value.field: value for value in case.fields}
    return tuple(
        item.name
        for item in model.spec.fields
        if not item.required and held.get(item.name, FieldValue(item.name)) == FieldValue(item.name)
    )
