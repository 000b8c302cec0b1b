"""A workspace as files that other tools read: TOML, CSV and PNG masks."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.contracts import Case, Decision, ReferenceLabel, Verdict
from core.services.catalogue import Catalogue
from core.services.files import writing_into
from core.services.runtime import Runtime
from core.storage import cases, decisions, verdicts

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
CASE_COLUMNS = ("case", "split", "group")
VERDICT_COLUMNS = ("case", "target", "actor", "label", "stance", "confidence", "version", "comment", "at", "masks")
DECISION_COLUMNS = ("kind", "version", "previous", "reason", "actor", "at")
Row = Sequence[object]
References = Mapping[str, Mapping[int, ReferenceLabel]]


@dataclass(frozen=True, slots=True)
class Exporting:
    """Writes a workspace into a folder."""

    runtime: Runtime
    catalogue: Catalogue

    def export(self, workspace: str, folder: Path) -> tuple[Path, ...]:
        """Write the workspace file, cases, verdicts with their masks, and decisions; return the files.

        Raises
        ------
        BadInput
            When the folder can't be written.
        """
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
            everything = cases.list_cases(tx, found.id)
            references = self.catalogue.references(tx, found)
            given = verdicts.standing(tx, found.id)
            taken = decisions.list_decisions(tx, found.id)
        names = {case.id: case.name for case in everything}
        targets = [target.name for target in spec.targets]
        with writing_into(folder):
            toml = folder / "workspace.toml"
            toml.write_text(found.toml, encoding="utf-8")
            return (
                toml,
                write_csv(folder / "cases.csv", (*CASE_COLUMNS, *targets), _case_rows(everything, references, targets)),
                write_csv(folder / "verdicts.csv", VERDICT_COLUMNS, self._verdict_rows(folder, given, names)),
                write_csv(folder / "decisions.csv", DECISION_COLUMNS, _decision_rows(taken)),
            )

    def _verdict_rows(self, folder: Path, given: Sequence[Verdict], names: Mapping[int, str]) -> Iterator[Row]:
        for v in given:
            masks = " ".join(self._masks(folder, v))
            yield (names[v.case_id], v.target, v.actor_id, v.label, v.stance, v.confidence, v.version or "", v.comment,
                   v.created.isoformat(), masks)  # fmt: skip

    def _masks(self, folder: Path, verdict: Verdict) -> list[str]:
        """Write the masks of a verdict as PNG files named by number, never by what people typed."""
        written = []
        for region in verdict.regions:
            if region.mark.mask:
                path = folder / "masks" / f"verdict-{verdict.id}-region-{region.id}-{region.mark.kind}.png"
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(self.runtime.blobs.get(region.mark.mask))
                written.append(f"masks/{path.name}")
        return written


def _case_rows(everything: Sequence[Case], references: References, targets: Sequence[str]) -> Iterator[Row]:
    for case in everything:
        known = (references[target].get(case.id) for target in targets)
        yield (case.name, case.split, case.group, *(label.label if label else "" for label in known))


def _decision_rows(taken: Sequence[Decision]) -> Iterator[Row]:
    for d in taken:
        yield d.kind, d.version, d.previous or "", d.reason, d.actor_id, d.created.isoformat()


def escape_cell(value: object) -> str:
    """Return a CSV cell that no spreadsheet runs as a formula (a quote is put before = + - @ tab CR)."""
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Row]) -> Path:
    """Write rows with escaped cells and return the path."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([escape_cell(cell) for cell in row] for row in rows)
    return path
