"""People simulated with known skill: who is right how often, who follows the model when, and the truth behind it.

Reader r (skill a_r, trust s_r) and case c (difficulty d_c, shared by the cases of a patient) are drawn from normal
distributions. Given them, the person is right with probability logistic(person + a_r - d_c), the model with
logistic(model - load x d_c): what is hard for one is hard for the other. Where they agree the verdict is the read, but
for slips; where they differ the person takes the model's answer with probability logistic(trust + s_r), raised by
`insight` where the model is right. The population values are integrals over all readers and cases.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.team.outcomes import Outcomes

Array = NDArray[np.float64]
NODES = 40
"""Places of the Gauss-Hermite rule in each direction; 60 change no value by 1e-9."""


@dataclass(frozen=True, slots=True)
class World:
    """How people and model are, and who reads what."""

    name: str
    readers: int
    cases: int
    reads_per_case: int
    cases_per_group: int = 1
    uneven: bool = False
    """Some readers read much more than others."""
    classes: int = 2
    person: float = 1.2
    model: float = 1.5
    skill_spread: float = 0.4
    trust: float = -0.4
    trust_spread: float = 0.6
    difficulty_spread: float = 0.8
    load: float = 0.7
    insight: float = 0.8
    slip: float = 0.03


WORLDS = (
    World("few readers", readers=3, cases=150, reads_per_case=1),
    World("two read each case", readers=5, cases=200, reads_per_case=2, cases_per_group=2, classes=4),
    World("uneven loads", readers=8, cases=250, reads_per_case=1, uneven=True),
    World("everybody reads all", readers=8, cases=80, reads_per_case=8, skill_spread=0.6),
    World("person and model equal", readers=6, cases=200, reads_per_case=1, person=1.3, model=1.1953, trust=0.2),
)


def population(world: World) -> Mapping[str, float]:
    """Return the true value of each measure over all readers and cases."""
    nodes, weight = np.polynomial.hermite_e.hermegauss(NODES)
    weight = weight / weight.sum()
    spreads = (world.skill_spread, world.trust_spread, world.difficulty_spread)
    skill, trust, difficulty = np.meshgrid(*(nodes * spread for spread in spreads), indexing="ij")
    mass = weight[:, None, None] * weight[None, :, None] * weight[None, None, :]
    p, m, right_taken, wrong_taken = _chances(world, skill, trust, difficulty)
    unlike = (1 - p) * (1 - m) * (world.classes - 2) / (world.classes - 1)  # both wrong, with different answers
    helped = (1 - p) * m * right_taken + ((1 - p) * (1 - m) - unlike) * world.slip
    harmed = p * (1 - m) * wrong_taken + p * m * world.slip

    def total(values: Array) -> float:
        return float((mass * values).sum())

    person, model = total(p), total(m)
    team = person + total(helped) - total(harmed)
    return {
        "person": person,
        "model": model,
        "team": team,
        "gain": team - max(person, model),
        "helped": total(helped) / total(1 - p),
        "harmed": total(harmed) / total(p),
        "over_reliance": total((p * (1 - m) + unlike) * wrong_taken) / total(p * (1 - m) + unlike),
        "under_reliance": total((1 - p) * m * (1 - right_taken)) / total((1 - p) * m),
    }


def simulate(world: World, seed: int) -> Outcomes:
    """Return the outcomes of one study in a world."""
    generator = np.random.default_rng(seed)
    skill = generator.normal(0, world.skill_spread, world.readers)
    trust = generator.normal(0, world.trust_spread, world.readers)
    group = np.arange(world.cases) // world.cases_per_group
    difficulty = generator.normal(0, world.difficulty_spread, group.max() + 1)[group]
    reader, case = _who_reads_what(world, generator)
    p, _, right_taken, wrong_taken = _chances(world, skill[reader], trust[reader], difficulty[case])
    truth = generator.integers(0, world.classes, world.cases)
    answer = _answers(generator, truth, _logistic(world.model - world.load * difficulty), world.classes)[case]
    read = _answers(generator, truth[case], p, world.classes)
    taken = generator.random(len(case)) < np.where(answer == truth[case], right_taken, wrong_taken)
    slips = generator.random(len(case)) < world.slip
    slipped = np.where(read == truth[case], (truth[case] + 1) % world.classes, truth[case])
    verdict = np.where(read == answer, np.where(slips, slipped, read), np.where(taken, answer, read))
    return Outcomes(
        readers=np.asarray([f"R{1 + number}" for number in reader]),
        cases=case,
        groups=np.asarray([f"p{number}" for number in group[case]]),
        truth=truth[case],
        read=read,
        answer=answer,
        verdict=verdict,
        seconds=generator.gamma(4.0, 8.0, len(case)),
    )


def _who_reads_what(world: World, generator: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    even = np.full(world.readers, 1 / world.readers)
    load = generator.dirichlet(np.full(world.readers, 2.0)) if world.uneven else even
    chosen = [generator.choice(world.readers, world.reads_per_case, replace=False, p=load) for _ in range(world.cases)]
    return np.concatenate(chosen), np.repeat(np.arange(world.cases), world.reads_per_case)


def _chances(world: World, skill: Array, trust: Array, difficulty: Array) -> tuple[Array, Array, Array, Array]:
    """Return how probable it is that person and model are right, and that a right and a wrong answer is taken over."""
    return (
        _logistic(world.person + skill - difficulty),
        _logistic(world.model - world.load * difficulty),
        _logistic(world.trust + trust + world.insight),
        _logistic(world.trust + trust),
    )


def _answers(generator: np.random.Generator, truth: NDArray[np.int64], right: Array, classes: int) -> NDArray[np.int64]:
    """Return answers that are right with these probabilities; wrong ones are equally likely."""
    other = (truth + generator.integers(1, classes, len(truth))) % classes
    return np.where(generator.random(len(truth)) < right, truth, other)


def _logistic(values: Array) -> Array:
    return 1 / (1 + np.exp(-values))
