"""What people and models said of the cases, as CSV files beside every export, whatever its format."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.contracts import Decision, Read, ReferenceLabel
from core.formats.comma_separated import write_csv
from core.formats.exported import Exported, ExportedMark
from core.storage.routings import Routed

VERDICTS, REGIONS, READS, PREDICTIONS = "verdicts.csv", "regions.csv", "reads.csv", "predictions.csv"
SAID = {"verdicts": VERDICTS, "regions": REGIONS, "reads": READS}
"""Keys of `source` that bring what was said along."""
VERDICT_COLUMNS = ("case", "target", "actor", "label", "stance", "confidence", "version", "comment", "at", "masks")
REGION_COLUMNS = ("case", "target", "actor", "verdict", "field", "kind", "artefact", "mask", "names", "spans")
READ_COLUMNS = ("case", "target", "actor", "label", "confidence", "seconds", "at")
PREDICTION_COLUMNS = ("case", "target", "version", "class", "probability")
LABEL_COLUMNS = ("case", "target", "label", "source", "revision")
ROUTING_COLUMNS = ("case", "target", "version", "label", "way", "reasons", "at")
DECISION_COLUMNS = ("kind", "version", "previous", "reason", "actor", "at")


@dataclass(frozen=True, slots=True)
class Record:
    """What is on record of a workspace besides its cases."""

    names: Mapping[int, str]
    """Case id -> name."""
    reads: tuple[Read, ...]
    references: tuple[ReferenceLabel, ...]
    decisions: tuple[Decision, ...]
    version: str = ""
    """The version that serves."""
    routings: tuple[Routed, ...] = ()
    """Where its answers went."""


def write_record(folder: Path, exported: Exported, record: Record) -> list[Path]:
    """Write what was said, where answers went, reference labels and decisions (masks as PNG); return the tables."""
    for verdict in exported.verdicts:
        for mark in verdict.marks:
            _write_mask(folder, mark)
    return [
        write_csv(folder / VERDICTS, VERDICT_COLUMNS, _verdicts(exported)),
        write_csv(folder / REGIONS, REGION_COLUMNS, _regions(exported)),
        write_csv(folder / READS, READ_COLUMNS, _reads(record)),
        write_csv(folder / PREDICTIONS, PREDICTION_COLUMNS, _predictions(exported)),
        write_csv(folder / "labels.csv", LABEL_COLUMNS, _labels(record)),
        write_csv(folder / "routings.csv", ROUTING_COLUMNS, _routings(record)),
        write_csv(folder / "decisions.csv", DECISION_COLUMNS, _decisions(record.decisions)),
    ]


def spans_text(spans: Sequence[tuple[int, int]]) -> str:
    """Return spans as `3:9 14:20`, which `core.sources.said.spans_of` reads."""
    return " ".join(f"{start}:{end}" for start, end in spans)


def _write_mask(folder: Path, mark: ExportedMark) -> None:
    if mark.mask is not None and mark.mask_file is not None:
        path = folder / mark.mask_file
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(mark.mask)


def _verdicts(exported: Exported) -> list[tuple[object, ...]]:
    return [
        (v.case, v.target, v.actor, v.label, v.stance, v.confidence, v.version, v.comment, v.at,
         " ".join(mark.mask_file for mark in v.marks if mark.mask_file))
        for v in exported.verdicts
    ]  # fmt: skip


def _regions(exported: Exported) -> list[tuple[object, ...]]:
    return [
        (v.case, v.target, v.actor, v.id, mark.field, mark.kind, mark.artefact, mark.mask_file, " ".join(mark.names),
         spans_text(mark.spans))
        for v in exported.verdicts
        for mark in v.marks
    ]  # fmt: skip


def _reads(record: Record) -> list[tuple[object, ...]]:
    return [
        (record.names[r.case_id], r.target, r.actor_id, r.label, r.confidence, r.seconds, r.created.isoformat())
        for r in record.reads
    ]


def _predictions(exported: Exported) -> list[tuple[object, ...]]:
    return [
        (answer.case, answer.target, answer.version, label, repr(probability))
        for answer in exported.predictions
        for label, probability in answer.probabilities.items()
    ]


def _labels(record: Record) -> list[tuple[object, ...]]:
    return [(record.names[r.case_id], r.target, r.label, r.source, r.revision) for r in record.references]


def _routings(record: Record) -> list[tuple[object, ...]]:
    return [
        (record.names[r.case_id], r.target, record.version, r.label, _way(r), _reasons(r), r.created.isoformat())
        for r in record.routings
        if r.case_id in record.names
    ]


def _reasons(routed: Routed) -> str:
    return "; ".join(one.words for one in routed.deferrals)


def _way(routed: Routed) -> str:
    """Return where an answer went: decided by the model itself, acceptable, or left to people."""
    if routed.automatic:
        return "automatic"
    return "accepted" if routed.accepted else "left to people"


def _decisions(taken: Sequence[Decision]) -> list[tuple[object, ...]]:
    return [(d.kind, d.version, d.previous, d.reason, d.actor_id, d.created.isoformat()) for d in taken]
