"""A stored case as explainers see it: the model with the case's gaps, its entries, and what is known around them."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from core.contracts import Case, FieldSpec, FieldValue, Split
from core.errors import BadInput
from core.models.network import LogitModule, TandemNetwork
from core.models.registry import LoadedModel
from core.models.serving import setup
from core.services.casebook import Casebook
from core.services.catalogue import Catalogue
from core.services.evidence.texts import words_of_tokens
from core.services.runtime import Cache
from core.storage import cases
from explain.base import Subject, never

BACKGROUND_CASES = 32
KEPT_NETWORKS = 4
BACKGROUND_SPLITS: tuple[Split, ...] = ("train", "calibration")
Held = tuple[bool, ...]
"""For each field whether the case has a value."""
Background = tuple[Tensor, ...] | None


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One case as explainers see it."""

    subject: Subject
    inputs: tuple[Tensor, ...]
    """The case's entries, one [1, ...] for each field."""
    neutral: tuple[Tensor, ...]
    """What the model itself takes for 'absent', of the same shapes."""


@dataclass(frozen=True, slots=True)
class Questions:
    """Makes questions of cases."""

    casebook: Casebook
    catalogue: Catalogue
    networks: Cache[str, TandemNetwork] = field(default_factory=lambda: Cache(KEPT_NETWORKS))
    """Copies of versions' networks as they serve, batch normalisation folded: a gradient takes a half to four fifths
    of the time, and answers differ by about one in a million."""
    drawn: Cache[tuple[str, Held, tuple[int, int]], tuple[Case, ...]] = field(default_factory=lambda: Cache(4))
    backgrounds: Cache[tuple[str, tuple[int, int], tuple[int, ...]], Background] = field(
        default_factory=lambda: Cache(4)
    )

    def held(self, model: LoadedModel, case: Case) -> Held:
        """Return which fields of the model hold something in this case."""
        return tuple(self.casebook.value(case, item.name) != FieldValue(item.name) for item in model.spec.fields)

    def network(self, model: LoadedModel) -> TandemNetwork:
        """Return the version's network as it serves; explainers work on views of it and change nothing."""
        return self.networks.get(model.key, lambda: setup(model).network)

    def ask(self, model: LoadedModel, case: Case, target: str, cancelled: Callable[[], bool] = never) -> Question:
        """Return the question of one stored (or given) case.

        Raises
        ------
        BadInput
            When nothing is left of the case, a required field is missing, or a value can't be prepared.
        """
        network, fields, held = self.network(model), model.spec.fields, self.held(model, case)
        if not any(held):
            raise BadInput(f"Nothing is left of case {case.name!r}: it was erased. Go on with another case.")
        prepared = self.casebook.inputs(case, model.spec)
        batch = {name: torch.from_numpy(array)[None].to(model.device) for name, array in prepared.items()}
        with torch.no_grad():
            entries = network.enter(batch)
        values = tuple(entries[item.name].values for item in fields)
        subject = Subject(
            module=LogitModule(network, target, [entries[item.name].present for item in fields]).eval(),
            kinds=tuple(item.kind for item in fields),
            output_sd=model.manifest.target(target).output_sd,
            lock=model.lock,
            background=self._background(model, case),
            words=tuple(self._words(case, item) for item in fields),
            cancelled=cancelled,
        )
        absent = tuple(network.encoder(item.name).neutral(entries[item.name].values) for item in fields)
        return Question(subject, values, absent)

    def _words(self, case: Case, item: FieldSpec) -> Tensor | None:
        """Return the word number of each token of a text, int64 [tokens], -1 for padding."""
        if item.kind != "text":
            return None
        numbers = torch.full((item.tokens,), -1, dtype=torch.int64)
        _, found = words_of_tokens(self.casebook.value(case, item.name).text, item)
        numbers[: len(found)] = torch.tensor(found, dtype=torch.int64)
        return numbers

    def background_cases(self, model: LoadedModel, case: Case) -> tuple[Case, ...]:
        """Return the cases that a case is seen against: drawn from those that hold the same fields, never itself."""
        return self._drawn(model, case)[1]

    def _drawn(self, model: LoadedModel, case: Case) -> tuple[tuple[int, int], tuple[Case, ...]]:
        """Return the state of the workspace's inputs and the background's cases."""
        held = self.held(model, case)
        with self.catalogue.runtime.database.read() as tx:
            workspace, _ = self.catalogue.workspace(tx, model.spec.name)
            state = cases.state_of_inputs(tx, workspace.id)

        def draw() -> tuple[Case, ...]:
            with self.catalogue.runtime.database.read() as tx:
                known = [one for split in BACKGROUND_SPLITS for one in self.catalogue.cases(tx, workspace, split)]
            same = [one for one in known if self.held(model, one) == held]
            return tuple(sorted(same, key=_lot)[: BACKGROUND_CASES + 1])

        found = self.drawn.get((model.key, held, state), draw)
        return state, tuple(one for one in found if one.id != case.id)[:BACKGROUND_CASES]

    def _background(self, model: LoadedModel, case: Case) -> Background:
        """Return entries of other cases that hold the same fields; None when there are none."""
        state, drawn = self._drawn(model, case)
        key = (model.key, state, tuple(one.id for one in drawn))
        return self.backgrounds.get(key, lambda: self._entries(model, drawn))

    def _entries(self, model: LoadedModel, drawn: Sequence[Case]) -> Background:
        if not drawn:
            return None
        inputs = self.casebook.examples(drawn, model.spec, {}).inputs
        with torch.no_grad():
            entries = model.network.enter({name: rows.to(model.device) for name, rows in inputs.items()})
        return tuple(entries[item.name].values for item in model.spec.fields)


def _lot(case: Case) -> str:
    """Return a case's place in a shuffled order that never changes."""
    return hashlib.sha256(f"background {case.name}".encode()).hexdigest()
