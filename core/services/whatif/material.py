"""What training cases teach a search for counterfactuals: their rows, and the words that are typical for a label."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.contracts import Case, FieldSpec, TargetSpec, Workspace, WorkspaceSpec
from core.services.casebook import Casebook
from core.services.catalogue import Catalogue
from core.services.runtime import Cache, Runtime
from core.services.whatif.searching import Array
from core.storage import cases, labels
from explain.counterfactuals.columns import Column, Table

State = tuple[int, int, tuple[int, int]]
"""Workspace, revision, inputs that there are."""
FEWEST_ALIKE = 50
"""Training cases with the same present fields that are enough to compare with."""
WORD = r"(?u)\b\w[\w'’\-]+\b"
FEWEST_TEXTS = 3
"""Texts that a typical word must occur in."""
MOST_WORDS = 40


@dataclass(frozen=True, slots=True)
class Material:
    """Reads training cases; kept until inputs come or go."""

    runtime: Runtime
    catalogue: Catalogue
    casebook: Casebook
    trained: Cache[State, tuple[Case, ...]] = field(default_factory=lambda: Cache(4))
    tables: Cache[State, Array] = field(default_factory=lambda: Cache(4))
    densities: Cache[tuple[State, bytes], Table] = field(default_factory=lambda: Cache(8))
    vocabularies: Cache[tuple[State, str, str, str, int], tuple[str, ...]] = field(default_factory=lambda: Cache(64))

    def rows(self, workspace: Workspace, spec: WorkspaceSpec, like: Array) -> Array:
        """Return the table fields of the training cases [n, d] that hold what the row `like` [d] holds.

        All of them when those are few.
        """
        return self._alike(self._state(workspace), workspace, spec, like)

    def _alike(self, state: State, workspace: Workspace, spec: WorkspaceSpec, like: Array) -> Array:
        known = self.tables.get(state, lambda: self._rows(self._cases(state, workspace), spec))
        alike = known[(np.isnan(known) == np.isnan(like)).all(axis=1)]
        return alike if len(alike) >= FEWEST_ALIKE else known

    def plausibility(self, workspace: Workspace, spec: WorkspaceSpec, row: Array) -> float | None:
        """Return the share of training cases that lie in sparser places than a row [d]; None where none can be told.

        Higher is more usual.
        """
        if not len(row):
            return None
        state = self._state(workspace)
        known = self._alike(state, workspace, spec, row)
        if len(known) < FEWEST_ALIKE:
            return None
        columns = [_column(item) for item in table_of(spec)]
        table = self.densities.get((state, np.isnan(row).tobytes()), lambda: Table(columns, row, known))
        return float(table.plausibility(row[None])[0])

    def words(self, workspace: Workspace, target: TargetSpec, item: FieldSpec, label: str) -> tuple[str, ...]:
        """Return words typical for `label` among training texts, the most typical first: see `typical`."""
        state = self._state(workspace)
        with self.runtime.database.read() as tx:
            newest = labels.newest(tx, workspace.id)
        key = (state, target.name, item.name, label, newest)
        return self.vocabularies.get(key, lambda: self._words(self._cases(state, workspace), workspace, key))

    def _words(
        self, known: Iterable[Case], workspace: Workspace, key: tuple[State, str, str, str, int]
    ) -> tuple[str, ...]:
        _, target, name, label, _ = key
        with self.runtime.database.read() as tx:
            references = labels.references(tx, workspace.id, target)
        labelled = [(case, references[case.id].label) for case in known if case.id in references]
        texts = [(self.casebook.value(case, name).text, told == label) for case, told in labelled]
        return typical([text for text, own in texts if text and own], [text for text, own in texts if text and not own])

    def _rows(self, known: Sequence[Case], spec: WorkspaceSpec) -> Array:
        table = table_of(spec)
        rows: Array = np.array([self.row(case, table) for case in known], dtype=np.float64).reshape(
            len(known), len(table)
        )
        return rows

    def row(self, case: Case, table: Sequence[FieldSpec]) -> Array:
        """Return the table fields of a case [d]: numbers, numbers of categories, NaN where missing."""
        return np.array([self._value(case, item) for item in table], dtype=np.float64)

    def _value(self, case: Case, item: FieldSpec) -> float:
        value = self.casebook.value(case, item.name)
        if item.kind == "categorical":
            return float(item.categories.index(value.text)) if value.text in item.categories else np.nan
        return np.nan if value.number is None else value.number

    def _cases(self, state: State, workspace: Workspace) -> tuple[Case, ...]:
        def read() -> tuple[Case, ...]:
            with self.runtime.database.read() as tx:
                return self.catalogue.cases(tx, workspace, "train")

        return self.trained.get(state, read)

    def _state(self, workspace: Workspace) -> State:
        with self.runtime.database.read() as tx:
            return workspace.id, workspace.revision_id, cases.state_of_inputs(tx, workspace.id)


def _column(item: FieldSpec) -> Column:
    if item.kind == "categorical":
        return Column(item.name, "categorical", categories=len(item.categories))
    return Column(item.name, "numeric")


def table_of(spec: WorkspaceSpec) -> tuple[FieldSpec, ...]:
    """Return the numeric and categorical fields, in the order of a row's columns."""
    return tuple(item for item in spec.fields if item.kind in ("numeric", "categorical"))


def typical(own: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    """Return the words that tell texts of one label from others, most telling first, at most 40.

    By the logarithm of the ratio of the odds that a text holds the word, over its standard deviation, with half a text
    added to each count; a word must occur in three texts of the label and be more frequent there.

    Source: Monroe, Colaresi, Quinn: Fightin' Words, 2008 (the ratio and its deviation).

    Example
    -------
    >>> typical(["a noisy party"] * 3, ["a quiet night"] * 3)
    ('noisy', 'party')
    """
    from sklearn.feature_extraction.text import CountVectorizer  # loads slowly

    if not own or not others:
        return ()
    counter = CountVectorizer(binary=True, token_pattern=WORD)
    try:
        held = counter.fit_transform([*own, *others])
    except ValueError:  # no words at all
        return ()
    here = np.asarray(held[: len(own)].sum(axis=0), dtype=np.float64).ravel()
    there = np.asarray(held[len(own) :].sum(axis=0), dtype=np.float64).ravel()
    counts = (here + 0.5, len(own) - here + 0.5, there + 0.5, len(others) - there + 0.5)
    ratio = np.log(counts[0] / counts[1]) - np.log(counts[2] / counts[3])
    scores = ratio / np.sqrt(sum(1.0 / count for count in counts))
    order = np.argsort(-scores, kind="stable")
    words = counter.get_feature_names_out()
    return tuple(str(words[n]) for n in order if scores[n] > 0 and here[n] >= FEWEST_TEXTS)[:MOST_WORDS]
