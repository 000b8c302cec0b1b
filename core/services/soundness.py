"""Imported values are tried as inputs of a model before they are stored: one that fits none would block them all."""

from collections.abc import Iterator
from dataclasses import replace

from core.contracts import NewCase, WorkspaceSpec
from core.errors import BadInput
from core.models.preparers import prepare
from core.services.casebook import scalar
from core.sources.base import RowProblem, SourceResult


def usable(spec: WorkspaceSpec, result: SourceResult) -> SourceResult:
    """Return what was read without the cases that hold a number, category or text which no model can be given.

    They become problems: a number that is too large for 32 bits, a text in which the tokeniser finds nothing. Images
    were decoded when they were read.
    """
    bad = {case.name: problem for case in result.cases for problem in _problems(spec, case)}
    kept = tuple(case for case in result.cases if case.name not in bad)
    return replace(result, cases=kept, problems=(*result.problems, *bad.values()))


def _problems(spec: WorkspaceSpec, case: NewCase) -> Iterator[RowProblem]:
    fields = {field.name: field for field in spec.fields}
    for value in case.fields:
        given = scalar(value)
        if given is None:
            continue
        try:
            prepare(given, fields[value.field])
        except BadInput as error:
            yield RowProblem(0, f"case {case.name!r}", str(error))
