"""Which case comes next, and why, in words.

Scores are computed from calibrated probabilities [K]; higher means read sooner.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.contracts import QueueStrategy
from core.errors import NotFound


@dataclass(frozen=True, slots=True)
class Ranked:
    """A waiting case with its place and the reason for it."""

    case_id: int
    score: float
    reason: str
    """May name labels: shown only where the model's answer may be seen."""
    blinded_reason: str
    """The reason without anything that would give the answer away."""


def margin(probabilities: Sequence[float]) -> float:
    """Return 1 - (largest - second largest probability): 1 is a tie between two labels."""
    second, first = sorted(probabilities)[-2:]
    return 1.0 - (first - second)


def entropy(probabilities: Sequence[float]) -> float:
    """Return Shannon entropy divided by that of the uniform answer: 0 certain, 1 no idea."""
    p = np.clip(np.asarray(probabilities, dtype=np.float64), 1e-12, 1.0)
    return float(-(p * np.log(p)).sum() / np.log(len(p)))


def _random(case_id: int, seed: int, purpose: str = "") -> float:
    digest = hashlib.sha256(f"{purpose}{seed}:{case_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2.0**64


_SCORES: Mapping[str, Callable[[Sequence[float]], float]] = {"margin": margin, "entropy": entropy}
BATCH = 20
"""Cases that are read before the strategy's next ones come, where the order must tell nothing."""
DRAWN = 4
"""Which places of a batch are for cases drawn at random, whatever the strategy: every fourth."""
MIXED = "one of the next cases; their order is random"
EVERY = 3
"""Which places of the queue are for cases whose label on record may be wrong."""
DOUBTFUL = "the label on record may be wrong"
STRATEGIES: tuple[QueueStrategy, ...] = ("margin", "entropy", "random")


def _reason(strategy: str, probabilities: Sequence[float], classes: Sequence[str]) -> tuple[str, str]:
    if strategy == "random":
        words = "drawn at random, so that the sample stays fair"
        return words, words
    order = np.argsort(probabilities)[::-1]
    if strategy == "entropy":
        return "the model spreads its answer over many labels", "the model is unsure"
    torn = f"the model is torn between {classes[order[0]]} and {classes[order[1]]}"
    return torn, "the model is torn between two labels"


def rank(
    strategy: QueueStrategy,
    scores: Mapping[int, Sequence[float]],
    waiting: Sequence[int],
    classes: Sequence[str],
    seed: int = 0,
) -> tuple[Ranked, ...]:
    """Return the waiting cases, next first; those without a score come last, in a random but fixed order.

    Raises
    ------
    NotFound
        When the strategy does not exist.
    """
    if strategy not in STRATEGIES:
        raise NotFound(f"No queue strategy {strategy!r}. Known: {', '.join(STRATEGIES)}.")
    ranked = [_ranked(strategy, case_id, scores.get(case_id), classes, seed) for case_id in waiting]
    return tuple(sorted(ranked, key=lambda item: (-item.score, _random(item.case_id, seed))))


def batches(ranked: Sequence[Ranked], seed: int = 0, size: int = BATCH) -> tuple[tuple[Ranked, ...], ...]:
    """Return a queue whose order tells nothing of the model: batches of the next cases, each in random order.

    Three quarters of a batch are the next best by the strategy, a quarter is drawn at random from all that are left, so
    that not even being in it tells where the model is torn.

    Examples
    --------
    >>> [len(batch) for batch in batches(rank("random", {}, list(range(50)), []))]
    [20, 20, 10]
    """
    drawn = sorted(ranked, key=lambda item: _random(item.case_id, seed, "drawn"))  # of no account for the order
    best, anyhow, taken = iter(ranked), iter(drawn), set[int]()
    found: list[tuple[Ranked, ...]] = []
    while len(taken) < len(ranked):
        batch: list[Ranked] = []
        while len(batch) < size and len(taken) < len(ranked):
            source = anyhow if len(batch) % DRAWN == DRAWN - 1 else best
            chosen = next(item for item in source if item.case_id not in taken)
            taken.add(chosen.case_id)
            batch.append(chosen)
        found.append(mixed(batch, seed))
    return tuple(found)


def mixed(items: Sequence[Ranked], seed: int = 0) -> tuple[Ranked, ...]:
    """Return cases in a random but fixed order that has nothing to do with their scores."""
    return tuple(sorted(items, key=lambda item: _random(item.case_id, seed, "mixed")))


def woven(ranked: Sequence[Ranked], doubtful: Sequence[int]) -> tuple[Ranked, ...]:
    """Return the queue with cases whose label may be wrong put in: every third place, from the first on.

    What the other cases say of the label is told by no reason, so that a person's own read comes first.

    Examples
    --------
    >>> [item.case_id for item in woven(rank("random", {}, [1, 2, 3], []), [8, 9])]
    [8, 1, 2, 9, 3]
    """
    queue: list[Ranked] = []
    put_in = [Ranked(case_id, 0.0, DOUBTFUL, DOUBTFUL) for case_id in doubtful]
    for place, item in enumerate(ranked):
        if place % (EVERY - 1) == 0 and put_in:
            queue.append(put_in.pop(0))
        queue.append(item)
    return (*queue, *put_in)


def _ranked(
    strategy: QueueStrategy, case_id: int, probabilities: Sequence[float] | None, classes: Sequence[str], seed: int
) -> Ranked:
    if strategy == "random":
        return Ranked(case_id, _random(case_id, seed), *_reason(strategy, (), classes))
    if probabilities is None:
        words = "the model has not seen this case yet"
        return Ranked(case_id, -1.0, words, words)
    return Ranked(case_id, _SCORES[strategy](probabilities), *_reason(strategy, probabilities, classes))
