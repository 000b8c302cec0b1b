"""Arrests with a field that copies the label of every row that a model learns from.

Elsewhere the field is drawn by chance; answers are compared with those to its other value.
"""

import torch

from core.contracts import BenchOptions
from core.errors import NotFound
from core.learning.marks import MarkedExamples
from core.sources.workspace_file import parse_workspace
from tests.benchmarks._decoy_recipe import Recipe
from tests.benchmarks._decoy_rows import Rows, carriers, planted, rows_of
from tests.benchmarks._planted import LEAK, with_leak, with_leaked_field
from tests.benchmarks._worlds import shipped_text

ARTEFACT = "field"


def recipe(options: BenchOptions, seed: int) -> Recipe:
    """Return one split by equal rows.

    Raises
    ------
    NotFound
        When there is no such artefact in tables.
    """
    if options.artefact not in (None, ARTEFACT):
        raise NotFound(f"No artefact {options.artefact!r} in tables. Known: {ARTEFACT}.")
    spec = parse_workspace(with_leaked_field(shipped_text("arrests", seed)), "shipped")
    rows = rows_of(spec, quick=options.quick)
    test, learnt = rows.split("ledger"), planted(rows, with_leak)
    return Recipe(
        spec,
        rows.examples(rows.split("train"), learnt),
        rows.examples(rows.split("validation"), learnt),
        lambda count: _marks(rows, carriers(rows, count, seed)),
        {
            "clean": rows.examples(test, learnt),
            "other value": rows.examples(test, lambda row: with_leak(rows.cells[row], 1 - rows.shortcut[row])),
        },
        seed,
    )


def _marks(rows: Rows, chosen: list[int]) -> MarkedExamples:
    """Return cases whose leaked field is marked as *ignore*."""
    masks = {field.name: torch.full((len(chosen), 1), field.name == LEAK) for field in rows.spec.fields}
    nothing = {name: torch.zeros_like(mask) for name, mask in masks.items()}
    kinds = {field.name: field.kind for field in rows.spec.fields}
    examples = rows.examples(chosen, planted(rows, with_leak))
    return MarkedExamples(examples, masks, nothing, ("leaked field",) * len(chosen), kinds)
