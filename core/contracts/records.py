"""Stored facts as frozen dataclasses: what `core.storage` takes and returns. Times are aware UTC."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core.contracts.kinds import (
    ActorKind,
    Confidence,
    DecisionKind,
    JobKind,
    LabelSource,
    MarkKind,
    RunStatus,
    Split,
    Stance,
    VersionStatus,
)
from core.contracts.runs import RunOutcome, RunPlan


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it."""

    id: str
    kind: ActorKind = "person"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace's head: its latest revision and the version that serves."""

    id: int
    name: str
    revision_id: int
    revision: int
    toml: str
    champion: str | None
    """Name of the serving version (`v1`), or None before the first training."""


@dataclass(frozen=True, slots=True)
class FieldValue:
    """One input of a case: exactly one of blob, number, text is set; none when the value is missing."""

    field: str
    blob: str | None = None
    number: float | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case as a source yields it, its blobs already stored."""

    name: str
    group: str
    split: Split
    fields: tuple[FieldValue, ...]
    labels: Mapping[str, str]
    """Target -> label of the data set; targets without a label are absent."""
    attributes: Mapping[str, str]
    content_hash: str
    """sha256 over fields, labels, attributes and group: equal content is the same case."""


@dataclass(frozen=True, slots=True)
class Case:
    """A stored case."""

    id: int
    name: str
    group: str
    split: Split
    fields: tuple[FieldValue, ...]
    attributes: Mapping[str, str]
    content_hash: str
    created: datetime
    """When it was imported: it waits since then."""


@dataclass(frozen=True, slots=True)
class ReferenceLabel:
    """The label that training and gate use for a case and target."""

    case_id: int
    target: str
    label: str
    source: LabelSource
    revision: int


@dataclass(frozen=True, slots=True)
class Read:
    """A person's answer before the model was revealed. Never changed."""

    id: int
    case_id: int
    target: str
    actor_id: str
    label: str
    confidence: Confidence
    created: datetime
    seconds: float | None


@dataclass(frozen=True, slots=True)
class NewRegion:
    """A part of an input that a person marked.

    Exactly one of `mask` (blob of a 1-bit PNG in the original's pixels), `names` (table fields) and
    `spans` (code points of the stored text) is set.
    """

    field: str
    kind: MarkKind
    artefact: str | None = None
    mask: str | None = None
    names: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Region:
    """A stored mark of a standing verdict (not superseded, not withdrawn), or an accepted proposal."""

    id: int
    """Negative for an accepted proposal."""
    case_id: int
    verdict_id: int | None
    """None for a mark that was spread from others and accepted."""
    actor_id: str
    mark: NewRegion


@dataclass(frozen=True, slots=True)
class NewVerdict:
    """What a person says after the model was revealed."""

    case_id: int
    target: str
    actor_id: str
    label: str
    stance: Stance
    confidence: Confidence
    version: str | None
    """Name of the version whose answer was shown."""
    shown: str
    """What had been shown, as JSON text: step, label, probability, evidence methods."""
    comment: str = ""
    read_id: int | None = None
    regions: tuple[NewRegion, ...] = ()
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A stored verdict; a later one of the same actor, case and target supersedes it."""

    id: int
    case_id: int
    target: str
    actor_id: str
    label: str
    stance: Stance
    confidence: Confidence
    version: str | None
    shown: str
    comment: str
    created: datetime
    regions: tuple[Region, ...]


@dataclass(frozen=True, slots=True)
class Artefact:
    """A named group of *ignore* regions."""

    id: int
    name: str
    marks: int
    """By people."""
    spread: int = 0
    """Spread from those, and accepted."""


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A trained model about to be registered; weights and manifest are blobs already stored."""

    workspace_id: int
    revision_id: int
    run_id: int
    parent: str | None
    weights: str
    manifest: str
    """Blob of the JSON manifest: preparation, vocabularies, temperature, thresholds, metrics."""
    sha256: str


@dataclass(frozen=True, slots=True)
class Version:
    """An immutable trained model."""

    id: int
    name: str
    workspace_id: int
    revision_id: int
    run_id: int | None
    parent: str | None
    weights: str
    manifest: str
    sha256: str
    status: VersionStatus
    created: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """One training."""

    id: int
    workspace_id: int
    kind: JobKind
    strategy: str
    seed: int
    use_regions: bool
    verdict_ids: tuple[int, ...]
    status: RunStatus
    parent: str | None
    version: str | None
    """Name of the version it delivered."""
    job_id: int | None
    created: datetime
    finished: datetime | None
    error: str | None
    plan: RunPlan = field(default_factory=RunPlan)
    outcome: RunOutcome | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A person promoted, rejected or rolled back."""

    id: int
    workspace: str
    version: str
    previous: str | None
    kind: DecisionKind
    reason: str
    overridden: bool
    acknowledged: bool
    actor_id: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a program's token: never the token itself."""

    id: int
    name: str
    """Who uses it acts as `service:NAME`."""
    actor_id: str
    """Who made it."""
    created: datetime
    last_used: datetime | None
    """To the hour."""
    revoked: datetime | None


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One link of the hash chain."""

    sequence: int
    at: datetime
    actor_id: str
    kind: str
    workspace: str | None
    subject: Mapping[str, str | int | float | bool | None]
    payload_digest: str | None
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditCheck:
    """Result of verifying the chain."""

    ok: bool
    events: int
    problem: str | None
