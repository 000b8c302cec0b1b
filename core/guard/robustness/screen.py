"""The screen: every attack and every corruption on the same cases, the smallest flips, and what the hint sees."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.contracts import Progress, ProgressReporter
from core.guard.robustness.attacks.base import Attack, Victim
from core.guard.robustness.attacks.registry import attacks
from core.guard.robustness.corruptions.base import SEVERITIES
from core.guard.robustness.corruptions.registry import corruptions
from core.guard.robustness.pictures import Pictures, image_fields, open_pictures
from core.guard.robustness.soundness import Facts, Soundness, judged
from core.guard.robustness.work import Chunk, Plan
from core.models.batching import cases_per_pass, passes
from core.models.examples import Examples
from core.models.network import Inputs, TandemNetwork
from core.models.randomness import generator_for

Flips = NDArray[np.bool_]
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Attacked:
    """What one attack did within one epsilon."""

    attack: str
    epsilon: float
    steps: int
    flipped: Flips
    """By attacked case, [n]; what flips within a smaller epsilon flips within this one."""
    soundness: Soundness


@dataclass(frozen=True, slots=True, eq=False)
class Corrupted:
    """What one corruption did, by case [n]."""

    corruption: str
    severity: int
    right: Flips
    changed: Flips


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What the screen found."""

    right: Flips
    """Which cases are answered correctly as they are, [cases]."""
    attacked_rows: NDArray[np.int64]
    """Which of the cases were attacked: correctly answered ones."""
    attacked: tuple[Attacked, ...]
    corrupted: tuple[Corrupted, ...]
    smallest: Values
    """Smallest epsilon that flipped each attacked case, infinity where none did."""
    suspicion: Values
    """The hint's score of each attacked case as it is."""
    suspicion_attacked: Values
    """Its score under attack; not-a-number where no attack flipped it."""


@dataclass(slots=True)
class Screen:
    """One run of the screen.

    Parameters
    ----------
    network
        In evaluation mode, without gradients of its weights, on the device where the work is done.
    target
        Whose answers are attacked.
    examples
        Cases with labels for the target; prepared inputs, nothing condensed.
    reporter
        Told how far it is; may stop the work in the middle of an attack.
    plan
        How thorough it is.
    """

    network: TandemNetwork
    target: str
    examples: Examples
    reporter: ProgressReporter
    plan: Plan = field(default_factory=Plan)
    _last: Progress = field(default_factory=Progress)

    def run(self) -> Findings:
        """Screen the cases."""
        self._say(Progress("answering the cases as they are"))
        labels = self.examples.labels[self.target]
        answers = self._answers(self.examples.inputs)
        right = answers == labels
        rows = right.nonzero()[:, 0]
        chunks = self._attack(rows, labels[rows])
        rows = rows[: sum(len(chunk.smallest) for chunk in chunks)]
        return Findings(
            right=right.numpy(),
            attacked_rows=rows.numpy(),
            attacked=_attacked(chunks, self.plan, self._swapped(rows, answers)),
            corrupted=tuple(self._corrupt(answers, labels)),
            smallest=_joined([chunk.smallest for chunk in chunks]).astype(np.float64),
            suspicion=_joined([chunk.suspicion for chunk in chunks]).astype(np.float64),
            suspicion_attacked=_joined([chunk.suspicion_attacked for chunk in chunks]).astype(np.float64),
        )

    def _say(self, progress: Progress) -> None:
        self._last = progress
        self.reporter.report(progress)

    def _tick(self) -> None:
        self.reporter.report(self._last)

    def _answers(self, inputs: Inputs) -> Tensor:
        """Return the answers [n] to prepared inputs."""
        found = []
        count = len(next(iter(inputs.values())))
        with torch.no_grad():
            for part in passes(count, self._size(inputs)):
                self._tick()
                batch = {name: values[part].to(self.network.device) for name, values in inputs.items()}
                found.append(self.network(batch)[self.target].argmax(dim=1).cpu())
        return torch.cat(found) if found else torch.empty(0, dtype=torch.int64)

    def _size(self, inputs: Inputs) -> int:
        return cases_per_pass(inputs, self.network.device)

    def _batch(self, rows: Tensor) -> Pictures:
        return open_pictures(self.network, {name: values[rows] for name, values in self.examples.inputs.items()})

    def _attack(self, rows: Tensor, labels: Tensor) -> list[Chunk]:
        """Attack cases, part by part, until the time is up."""
        chunks: list[Chunk] = []
        begun = time.monotonic()
        for part in passes(len(rows), min(self.plan.at_once, self._size(self.examples.inputs))):
            spent = time.monotonic() - begun
            if part.start >= self.plan.fewest and spent > self.plan.seconds:
                break
            left = self._left(spent, part.start, len(rows))
            told = f"case {part.start + 1} of {len(rows)}"
            pictures = self._batch(rows[part])
            victim = Victim.of(pictures, self.target, labels[part], self._tick)

            def say(stage: str, told: str = told, done: int = part.start, left: float | None = left) -> None:
                self._say(Progress(stage, done, len(rows), told, seconds_left=left))

            generator = generator_for(self.plan.seed, "robustness", int(part.start))
            chunks.append(Chunk.measured(victim, pictures, self.target, self.plan, generator, say))
        return chunks

    def _left(self, spent: float, done: int, total: int) -> float | None:
        """Return the seconds that attacks will still take, None before the first part."""
        return min(spent / done * (total - done), max(0.0, self.plan.seconds - spent)) if done else None

    def _swapped(self, rows: Tensor, answers: Tensor) -> Flips:
        """Return which attacked cases [n] another case's picture turns, one that is answered otherwise."""
        generator = generator_for(self.plan.seed, "swap")
        order = torch.randperm(len(answers), generator=generator)
        other = torch.stack([_first_other(order, answers, int(answers[row])) for row in rows]) if len(rows) else rows
        images = image_fields(self.network.spec)
        mixed = {name: v[other if name in images else rows] for name, v in self.examples.inputs.items()}
        return (self._answers(mixed) != answers[rows]).numpy()

    def _corrupt(self, answers: Tensor, labels: Tensor) -> list[Corrupted]:
        found: list[Corrupted] = []
        images = image_fields(self.network.spec)
        total = len(corruptions()) * len(SEVERITIES)
        for one in corruptions():
            for severity in SEVERITIES:
                self._say(Progress(f"corruption: {one.title}", len(found), total, f"severity {severity}"))
                generator = generator_for(self.plan.seed, one.name, severity)
                worse = {name: self.examples.inputs[name].clone() for name in images}
                for pixels in worse.values():
                    there = (pixels != 0).flatten(1).any(dim=1)
                    pixels[there] = one.corrupt(pixels[there], severity, generator)
                now = self._answers({**self.examples.inputs, **worse})
                found.append(Corrupted(one.name, severity, (now == labels).numpy(), (now != answers).numpy()))
        return found


def _attacked(chunks: list[Chunk], plan: Plan, swapped: Flips) -> tuple[Attacked, ...]:
    """Return what each attack did within each epsilon, all cases together."""
    found = []
    for one in attacks():
        flipped = {
            epsilon: _joined([chunk.flipped[one.name, epsilon] for chunk in chunks]) for epsilon in plan.epsilons
        }
        soundness = judged(_facts(one, chunks, flipped, swapped))
        steps = plan.steps if one.iterative else 1
        found += [Attacked(one.name, epsilon, steps, flips, soundness) for epsilon, flips in flipped.items()]
    return tuple(found)


def _facts(one: Attack, chunks: list[Chunk], flipped: Mapping[float, Flips], swapped: Flips) -> Facts:
    """Return what tells whether an attack can be believed, compared where it turns about half of the cases."""
    flat = _joined([chunk.flat[one.name] for chunk in chunks])
    at_will = _joined([chunk.at_will[one.name] for chunk in chunks])
    if not one.iterative or not len(flat):
        return Facts(flat, at_will, swapped)
    place = min(flipped, key=lambda epsilon: abs(float(flipped[epsilon].mean()) - 0.5))
    fewer = _joined([chunk.fewer[one.name, place] for chunk in chunks])
    single = next((other.name for other in attacks() if not other.iterative), None)
    weaker = None if single is None else _joined([chunk.flipped[single, place] for chunk in chunks])
    return Facts(flat, at_will, swapped, flipped[place], fewer, weaker)


def _joined(parts: list[NDArray[np.bool_]] | list[Values]) -> NDArray[np.bool_]:
    return np.concatenate(parts) if parts else np.empty(0, dtype=bool)


def _first_other(order: Tensor, answers: Tensor, own: int) -> Tensor:
    """Return the first case in `order` that is answered otherwise; the first where there is none."""
    others = order[answers[order] != own]
    return others[0] if len(others) else order[0]
