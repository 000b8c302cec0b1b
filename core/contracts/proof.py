"""The proof that feedback changed the model, and what the change cost."""

from dataclasses import dataclass

from core.contracts.figures import Estimate
from core.contracts.kinds import Effect


@dataclass(frozen=True, slots=True)
class ProofLine:
    """One measurement of how an artefact moves the answers: champion, candidate, control, and the claimed effect."""

    name: str
    """`insert`, `remove`, `swap` (share of changed answers) or `attribution` (share of attribution inside)."""
    title: str
    champion: Estimate
    candidate: Estimate
    control: Estimate | None
    """The same data, labels, regularisation and steps without marks; None when there is none."""
    claimed: Estimate
    """Candidate minus control (minus champion where there is no control), paired; below 0 is good."""
    chance: float | None = None
    """The level of chance, for attribution."""


@dataclass(frozen=True, slots=True)
class ArtefactProof:
    """Whether marks of one artefact changed what the model uses, for one target."""

    artefact: str
    target: str
    marks: int
    lines: tuple[ProofLine, ...]
    effect: Effect
    words: str
    next_steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PriceLine:
    """What the change cost: a figure of champion, candidate and control on the ledger."""

    name: str
    """`clean accuracy`, `worst group`, `calibration error`, or `class X` / `group X` that got worse."""
    title: str
    champion: Estimate
    candidate: Estimate
    control: Estimate | None
    difference: Estimate
    """Candidate minus champion, paired."""
    better: str
    """`higher` or `lower`."""
    worse: bool
    """Whether the interval of the difference lies on the bad side of no change."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What marks did to a candidate, measured on the ledger, and what it cost."""

    effect: Effect
    """Over all artefacts: `harm` when anything got worse beyond the policy, else the weakest of the artefacts."""
    words: str
    """One sentence that a lead can act on."""
    artefacts: tuple[ArtefactProof, ...]
    price: tuple[PriceLine, ...]
    has_control: bool
    explainer: str
    """Title of the method behind `attribution`; no strategy trained on it."""
    seconds: float
