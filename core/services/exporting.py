"""A workspace as files that other tools read: TOML, CSV and PNG masks."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.contracts import Verdict
from core.services.catalogue import Catalogue
from core.services.runtime import Runtime
from core.storage import cases, decisions, verdicts

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Exporting:
    """Writes a workspace into a folder."""

    runtime: Runtime
    catalogue: Catalogue

    def export(self, workspace: str, folder: Path) -> tuple[Path, ...]:
        """Write cases, verdicts with their masks, and decisions; return the files."""
        folder.mkdir(parents=True, exist_ok=True)
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
            everything = cases.list_cases(tx, found.id)
            references = self.catalogue.references(tx, found)
            given = verdicts.standing(tx, found.id)
            taken = decisions.list_decisions(tx, found.id)
        names = {case.id: case.name for case in everything}
        targets = [target.name for target in spec.targets]
        toml = folder / "workspace.toml"
        toml.write_text(found.toml, encoding="utf-8")
        case_rows = [
            (c.name, c.split, c.group, *(references[t][c.id].label if c.id in references[t] else "" for t in targets))
            for c in everything
        ]
        verdict_rows = [
            (names[v.case_id], v.target, v.actor_id, v.label, v.stance, v.confidence, v.version or "", v.comment,
             v.created.isoformat(), " ".join(self._masks(folder, v)))
            for v in given
        ]  # fmt: skip
        decision_rows = [
            (d.kind, d.version, d.previous or "", d.reason, d.actor_id, d.created.isoformat()) for d in taken
        ]
        return (
            toml,
            write_csv(folder / "cases.csv", ("case", "split", "group", *targets), case_rows),
            write_csv(
                folder / "verdicts.csv",
                ("case", "target", "actor", "label", "stance", "confidence", "version", "comment", "at", "masks"),
                verdict_rows,
            ),
            write_csv(
                folder / "decisions.csv", ("kind", "version", "previous", "reason", "actor", "at"), decision_rows
            ),
        )

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


def escape_cell(value: object) -> str:
    """Return a CSV cell that no spreadsheet runs as a formula (a quote is put before = + - @ tab CR)."""
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """Write rows with escaped cells and return the path."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([escape_cell(cell) for cell in row] for row in rows)
    return path
