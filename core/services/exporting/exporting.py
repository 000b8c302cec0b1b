"""Gathers a workspace and writes it: the cases in one format, the record beside them, a workspace file for both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from core.contracts import Case, NewRegion, Verdict, Version, Workspace, WorkspaceSpec
from core.errors import BadInput
from core.formats.exported import Exported, ExportedCase, ExportedMark, ExportedPrediction, ExportedVerdict
from core.media.opening import ImageHeader
from core.services.catalogue import Catalogue
from core.services.exporting.formats import format_of
from core.services.exporting.layout import Layout, layout
from core.services.exporting.pictures import Pictures
from core.services.exporting.record import PREDICTIONS, Record, write_record
from core.services.exporting.workspace_text import exported_toml
from core.services.files import writing_into
from core.services.own_models import write_weights
from core.services.runtime import Runtime
from core.storage import cache, cases, decisions, labels, reads, routings, suspensions, verdicts, versions

TOML = "workspace.toml"
DEFAULT = "csv"
TABLES = ("cases.csv", "cases.parquet", "cases.jsonl", "annotations.json", "tasks.json")
"""Files with cases that a folder may hold before an export, written by one or not."""


@dataclass(frozen=True, slots=True)
class _Stored:
    """What the database holds of a workspace, read at one moment."""

    workspace: Workspace
    spec: WorkspaceSpec
    cases: tuple[Case, ...]
    labels: Mapping[str, Mapping[int, str]]
    verdicts: tuple[Verdict, ...]
    probabilities: Mapping[str, Mapping[int, tuple[float, ...]]]
    answers: Mapping[str, Mapping[int, str]]
    """Target -> case -> the champion's label."""
    record: Record


@dataclass(frozen=True, slots=True)
class Exporting:
    """Writes a workspace into a folder."""

    runtime: Runtime
    catalogue: Catalogue

    def export(self, workspace: str, folder: Path, file_format: str = DEFAULT) -> tuple[Path, ...]:
        """Write cases with their images, what was said of them, predictions and decisions; return the tables.

        The folder imports again as the same workspace. Cases whose inputs were erased are left out; what was said
        of them stays on record.

        Raises
        ------
        BadInput
            When the folder can't be written or holds cases that are no export, or the format can't hold this
            workspace.
        NotFound
            When there is no such workspace or format.
        """
        write = format_of(file_format)
        _refuse_other_data(folder)
        with self.runtime.database.read() as tx:
            stored = self._stored(tx, workspace)
        with writing_into(folder):
            written_cases = self._cases(stored, Pictures(folder))
            table = layout(stored.spec, written_cases)
            exported = self._exported(stored, written_cases, table)
            written = write(exported, folder)
            tables = write_record(folder, exported, stored.record)
            source = {**written.source, "split": table.split}
            toml = folder / TOML
            toml.write_text(exported_toml(stored.workspace.toml, source, table.moved), encoding="utf-8")
            weights = self._weights(stored, folder)
        return (toml, *(folder / file for file in written.files), *tables, *weights)

    def _weights(self, stored: _Stored, folder: Path) -> tuple[Path, ...]:
        """Write the serving weights of a model of one's own, its head as it was retrained, where it has one."""
        if stored.spec.model is None or stored.workspace.champion is None:
            return ()
        return (write_weights(self.catalogue.model(stored.workspace), folder / stored.spec.model.weights),)

    def _answers(
        self,
        champion: Version,
        spec: WorkspaceSpec,
        everything: Sequence[Case],
        known: Mapping[str, Mapping[int, tuple[float, ...]]],
    ) -> dict[str, dict[int, str]]:
        """Return target -> case -> the champion's label."""
        found: dict[str, dict[int, str]] = {}
        for name, scores in known.items():
            target, scored = spec.target(name), [case for case in everything if case.id in scores]
            chosen = self.catalogue.decided(champion, target, scored, [scores[case.id] for case in scored])
            found[name] = {case.id: target.classes[place] for case, place in zip(scored, chosen.tolist(), strict=True)}
        return found

    def _stored(self, tx: Connection, name: str) -> _Stored:
        found, spec = self.catalogue.workspace(tx, name)
        everything = cases.list_cases(tx, found.id)
        targets = [target.name for target in spec.targets]
        references = self.catalogue.references(tx, found)
        champion = versions.get(tx, found.id, found.champion) if found.champion else None
        silent = champion is None or suspensions.is_suspended(tx, found.id)
        known = {} if champion is None or silent else {t: cache.scores(tx, champion.id, t) for t in targets}
        routed = {} if champion is None else routings.of_version(tx, champion.id)
        return _Stored(
            workspace=found,
            spec=spec,
            cases=everything,
            labels={target: labels.of_data_set(tx, found.id, target) for target in targets},
            verdicts=verdicts.standing(tx, found.id),
            probabilities=known,
            answers={} if champion is None else self._answers(champion, spec, everything, known),
            record=Record(
                names={case.id: case.name for case in everything},
                reads=reads.of_workspace(tx, found.id),
                references=tuple(label for target in targets for label in references[target].values()),
                decisions=decisions.list_decisions(tx, found.id),
                version=found.champion or "",
                routings=tuple(row for rows in routed.values() for row in rows),
            ),
        )

    def _cases(self, stored: _Stored, pictures: Pictures) -> tuple[ExportedCase, ...]:
        several = sum(field.kind == "image" for field in stored.spec.fields) > 1
        return tuple(
            self._case(case, stored, pictures, several)
            for case in stored.cases
            if any(v.blob is not None or v.number is not None or v.text is not None for v in case.fields)
        )

    def _case(self, case: Case, stored: _Stored, pictures: Pictures, several: bool) -> ExportedCase:
        images: dict[str, tuple[str, ImageHeader]] = {}
        for value in case.fields:
            if value.blob is not None:
                name = f"{case.name}-{value.field}" if several else case.name
                images[value.field] = pictures.write(name, self.runtime.blobs.get(value.blob))
        return ExportedCase(
            name=case.name,
            group=case.group,
            split=case.split,
            fields=case.fields,
            files={field: path for field, (path, _) in images.items()},
            sizes={field: (header.width, header.height) for field, (_, header) in images.items()},
            labels={target: found[case.id] for target, found in stored.labels.items() if case.id in found},
            attributes=case.attributes,
        )

    def _exported(self, stored: _Stored, written: tuple[ExportedCase, ...], table: Layout) -> Exported:
        return Exported(
            spec=stored.spec,
            cases=written,
            verdicts=tuple(self._verdict(verdict, stored.record.names) for verdict in stored.verdicts),
            predictions=tuple(_predictions(stored)),
            columns=table.columns,
            rows=table.rows,
        )

    def _verdict(self, verdict: Verdict, names: Mapping[int, str]) -> ExportedVerdict:
        return ExportedVerdict(
            id=verdict.id,
            case=names[verdict.case_id],
            target=verdict.target,
            actor=verdict.actor_id,
            label=verdict.label,
            stance=verdict.stance,
            confidence=verdict.confidence,
            version=verdict.version,
            comment=verdict.comment,
            at=verdict.created.isoformat(),
            marks=tuple(
                self._mark(verdict.id, region.id, region.mark)
                for region in verdict.regions
                if region.mark.mask or region.mark.names or region.mark.spans
            ),
        )

    def _mark(self, verdict: int, region: int, mark: NewRegion) -> ExportedMark:
        """Return a mark; its PNG is named by number, never by what people typed."""
        return ExportedMark(
            field=mark.field,
            kind=mark.kind,
            artefact=mark.artefact,
            mask=self.runtime.blobs.get(mark.mask) if mark.mask else None,
            mask_file=f"masks/verdict-{verdict}-region-{region}-{mark.kind}.png" if mark.mask else None,
            names=mark.names,
            spans=mark.spans,
        )


def _refuse_other_data(folder: Path) -> None:
    """Refuse to overwrite a table of cases that no export has written: it may be the only one."""
    for name in TABLES:
        if (folder / name).exists() and not (folder / PREDICTIONS).exists():
            raise BadInput(f"{folder} holds {name}, which is no export. Name another folder, or a new one.")


def _predictions(stored: _Stored) -> Sequence[ExportedPrediction]:
    return [
        ExportedPrediction(
            case=stored.record.names[case_id],
            target=target,
            version=stored.workspace.champion or "",
            probabilities=dict(zip(stored.spec.target(target).classes, row, strict=True)),
            answer=stored.answers[target][case_id],
        )
        for target, found in stored.probabilities.items()
        for case_id, row in sorted(found.items())
    ]
