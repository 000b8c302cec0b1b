"""Radiology reports with a word in every abnormal report that a model learns from.

`--artefact word`: the shipped workspace, a small transformer that learns from scratch. `--artefact frozen-word`: the
same reports read by a frozen MiniLM with a linear head.
"""

import numpy as np
import torch

from core.contracts import BenchOptions, WorkspaceSpec
from core.errors import NotFound
from core.learning.marks import MarkedExamples
from core.services.casebook import mark_tokens
from core.sources.workspace_file import parse_workspace
from tests.benchmarks._decoy_recipe import Recipe
from tests.benchmarks._decoy_rows import Rows, carriers, planted, rows_of
from tests.benchmarks._decoy_vectors import kept_condensed
from tests.benchmarks._planted import WORD, with_word
from tests.benchmarks._worlds import shipped_text

ARTEFACTS = ("word", "frozen-word")


def recipe(options: BenchOptions, seed: int) -> Recipe:
    """Return one split by equal texts.

    Raises
    ------
    NotFound
        When there is no such artefact in texts.
    """
    artefact = options.artefact or ARTEFACTS[0]
    if artefact not in ARTEFACTS:
        raise NotFound(f"No artefact {artefact!r} in texts. Known: {', '.join(ARTEFACTS)}.")
    spec = parse_workspace(shipped_text("radiology-reports", seed), "shipped")
    rows = rows_of(_frozen(spec) if artefact == "frozen-word" else spec, quick=options.quick)
    test, learnt = rows.split("ledger"), planted(rows, with_word)
    return Recipe(
        rows.spec,
        rows.examples(rows.split("train"), learnt),
        rows.examples(rows.split("validation"), learnt),
        lambda count: _marks(rows, carriers(rows, count, seed)),
        {
            "clean": rows.examples(test, lambda row: rows.cells[row]),
            "word": rows.examples(test, lambda row: with_word(rows.cells[row], 1)),
        },
        seed,
        kept_condensed,
    )


def _frozen(spec: WorkspaceSpec) -> WorkspaceSpec:
    """Return the workspace with a frozen encoder of word pieces and a linear head."""
    parts = spec.model_dump()
    parts["fields"] = [parts["fields"][0] | {"tokeniser": "wordpiece", "tokens": 128}]
    parts["encoder"] = {"name": "minilm"}
    parts["training"] |= {"epochs": 60, "learning_rate": 3e-3}
    return WorkspaceSpec.model_validate(parts)


def _marks(rows: Rows, chosen: list[int]) -> MarkedExamples:
    """Return cases whose planted word is marked as *ignore*."""
    field, learnt = rows.spec.fields[0], planted(rows, with_word)
    texts = [learnt(row)[field.source_column] for row in chosen]
    starts = [text.index(WORD) for text in texts]
    masks = [mark_tokens(text, ((at, at + len(WORD)),), field) for text, at in zip(texts, starts, strict=True)]
    ignore = {field.name: torch.from_numpy(np.stack(masks))}
    look = {field.name: torch.zeros_like(ignore[field.name])}
    return MarkedExamples(
        rows.examples(chosen, learnt), ignore, look, ("planted word",) * len(chosen), {field.name: field.kind}
    )
