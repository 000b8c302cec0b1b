"""The proof of a candidate: for each artefact what the marks did, what it cost, and the sentence over all."""

import time
from collections.abc import Sequence

from core.contracts import ArtefactProof, Proof
from core.learning.checks.base import GateContext
from core.learning.proof.attribution import judge_of
from core.learning.proof.effects import WEAKEST, effect_of, overall_effect
from core.learning.proof.lines import attribution_line, behaviour_lines
from core.learning.proof.price import Price, price_of
from core.learning.proof.words import Findings, artefact_words, next_steps, overall_words


def prove(context: GateContext) -> Proof | None:
    """Return the proof of a candidate; None where nobody marked anything to ignore.

    Behaviour, attribution and price are measured on ledger cases with paired bootstrap intervals over groups. What is
    claimed is candidate minus control; without a control it is candidate minus champion.
    """
    if not context.artefacts:
        return None
    started = time.perf_counter()
    priced = {target.name: price_of(context, target) for target in context.spec.targets}
    price = [one for found in priced.values() for one in found]
    proofs = [
        _artefact(context, artefact, target.name, priced[target.name])
        for artefact in context.artefacts
        for target in context.spec.targets
    ]
    beyond = any(one.beyond for one in price)
    effect = overall_effect([proof.effect for proof in proofs], price_beyond_policy=beyond)
    return Proof(
        effect=effect,
        words=overall_words(effect, context.artefacts, price, _weakest_first(proofs)),
        artefacts=tuple(proofs),
        price=tuple(one.line for one in price),
        has_control=context.control is not None,
        explainer=judge_of(context.strategy).title,
        seconds=time.perf_counter() - started,
    )


def _weakest_first(proofs: Sequence[ArtefactProof]) -> list[str]:
    return [proof.words for proof in sorted(proofs, key=lambda proof: WEAKEST.index(proof.effect))]


def _artefact(context: GateContext, artefact: str, target: str, price: Sequence[Price]) -> ArtefactProof:
    behaviour = behaviour_lines(context, artefact, target)
    attribution = attribution_line(context, artefact, target)
    floor = context.spec.gate.reliance_floor
    effect = effect_of(list(behaviour.values()), floor)
    marks = len(context.marked.of_artefact(artefact))
    problems = frozenset(one.problem for one in context.warnings if one.artefact in (artefact, None))
    found = Findings(artefact, marks, behaviour, price, effect, floor, problems)
    return ArtefactProof(
        artefact=artefact,
        target=target,
        marks=marks,
        lines=tuple(one.line for one in [*behaviour.values(), *([] if attribution is None else [attribution])]),
        effect=effect,
        words=artefact_words(found),
        next_steps=next_steps(found),
    )
