"""What every source of cases has in common: its protocol, its result, and the split that a hash decides."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from core.contracts import (
    Confidence,
    FieldValue,
    MarkKind,
    NewCase,
    ProgressReporter,
    Split,
    SplitSpec,
    Stance,
    WorkspaceSpec,
)
from core.formats.tables import RowProblem

__all__ = [
    "BlobStore",
    "CaseSource",
    "RowProblem",
    "SourceRead",
    "SourceRegion",
    "SourceResult",
    "SourceVerdict",
    "content_hash",
    "split_of",
    "uniform",
]


class BlobStore(Protocol):
    """The part of `core.storage.blobs.BlobStore` that a source needs."""

    def put(self, data: bytes) -> str:
        """Store bytes and return their sha256 in hex."""

    def put_many(self, items: Iterable[bytes]) -> list[str]:
        """Store many and return their sha256 in the same order."""


@dataclass(frozen=True, slots=True)
class SourceRegion:
    """A mark that comes with the data. Exactly one of `mask`, `names` and `spans` is set.

    It belongs to the verdict of its actor on its case and target; where the source gives none, one is made that
    agrees with `label`.
    """

    case: str
    field: str
    kind: MarkKind
    artefact: str | None = None
    mask: bytes | None = None
    """1-bit PNG in the pixels of the upright original."""
    names: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    label: str | None = None
    """What the case is said to be; the case's own label when None."""
    actor: str | None = None
    """Who marked it; the import itself when None."""
    target: str | None = None
    """The target that `label` answers; the first that the case has a label of when None."""


@dataclass(frozen=True, slots=True)
class SourceVerdict:
    """A verdict that comes with the data."""

    case: str
    target: str
    label: str
    actor: str | None = None
    """Who gave it; the import itself when None."""
    stance: Stance = "agree"
    confidence: Confidence = "certain"
    comment: str = ""
    version: str | None = None
    """Name of the version that was shown, where it was given; it need not exist here."""
    at: str = ""
    """When it was given, as the source says."""


@dataclass(frozen=True, slots=True)
class SourceRead:
    """A person's answer before the model was revealed, that comes with the data."""

    case: str
    target: str
    actor: str
    label: str
    confidence: Confidence
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class SourceResult:
    """What a source found: cases with their blobs stored, the rows that can't be used, and what was said of cases."""

    cases: tuple[NewCase, ...]
    problems: tuple[RowProblem, ...]
    regions: tuple[SourceRegion, ...] = ()
    verdicts: tuple[SourceVerdict, ...] = ()
    notes: tuple[str, ...] = ()
    """What a person should know of the import besides: what was left out on purpose, and why."""
    reads: tuple[SourceRead, ...] = ()


class CaseSource(Protocol):
    """Reads all cases of a workspace. The same content gives the same cases, in the same order, each time."""

    def read(self, spec: WorkspaceSpec, blobs: BlobStore, reporter: ProgressReporter) -> SourceResult:
        """Store the inputs in `blobs` and return the cases.

        Rows that can't be used are listed with line, column and reason; the rest is returned.

        Raises
        ------
        ImportRefused
            When nothing can be imported at all: no folder, no CSV, missing columns, unknown data set.
        Cancelled
            When the reporter says that somebody asked to stop.
        """


def uniform(seed: int, purpose: str, key: str) -> float:
    """Return a number from 0 (included) to 1 (excluded) that seed, purpose and key decide.

    The first 8 bytes of sha256 over the JSON array `[seed, purpose, key]` as a whole number, divided by 2**64; the
    lowest bits are dropped so that a float holds it exactly. The same on every machine and in any order; different
    purposes are independent.
    """
    text = json.dumps([seed, purpose, key], ensure_ascii=True)
    whole = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    return float(whole >> 11) / float(2**53)


def split_of(seed: int, group: str, split: SplitSpec) -> Split:
    """Return the split of a group, once and for ever.

    `uniform(seed, "split", group)` falls into the shares laid end to end in the order train, calibration, ledger,
    pool. Inside train, the independent `uniform(seed, "validation", group)` below `split.validation` sets the group
    aside for validation. Nothing else takes part, so cases that come or go move nobody, and a group (a patient) is
    never in two splits.

    Examples
    --------
    >>> split_of(0, "patient 61", SplitSpec(train=0.0, calibration=0.0, ledger=1.0, pool=0.0))
    'ledger'
    """
    place = uniform(seed, "split", group)
    if place < split.train:
        return "validation" if uniform(seed, "validation", group) < split.validation else "train"
    if place < split.train + split.calibration:
        return "calibration"
    if split.pool == 0.0 or place < split.train + split.calibration + split.ledger:
        return "ledger"
    return "pool"


def content_hash(
    fields: Iterable[FieldValue], labels: Mapping[str, str], attributes: Mapping[str, str], group: str
) -> str:
    """Return sha256 (hex) over everything that makes a case what it is; the order of fields and keys is no part of it.

    Name and split are left out: the name is what content is compared under, and the split follows from the group.
    """
    content = {
        "attributes": dict(attributes),
        "fields": sorted((item.field, item.blob, item.number, item.text) for item in fields),
        "group": group,
        "labels": dict(labels),
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
