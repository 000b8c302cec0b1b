"""The gate: measure a candidate against the champion on the ledger, and judge it by the policy."""

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import replace

from core.contracts import ChangedCase, Check, CheckVerdict, GateReport, Progress, WorkspaceSpec
from core.learning.checks.base import GateContext
from core.learning.checks.registry import checks
from core.learning.proof.proving import prove


def overall(lines: Sequence[Check]) -> CheckVerdict:
    """Return fail when any check fails, else not assessable when any is, else pass."""
    verdicts = {line.verdict for line in lines}
    if "fail" in verdicts:
        return "fail"
    return "not assessable" if "not assessable" in verdicts else "pass"


def titled(line: Check, spec: WorkspaceSpec) -> Check:
    """Return a line whose title says which target it is about, where there are several (its name says so already)."""
    words = {target.name: target.title or target.name for target in spec.targets}
    about = words.get(line.name.rpartition("@")[2]) if len(words) > 1 else None
    return line if about is None else replace(line, title=f"{about}: {line.title}")


def ledger_hash(context: GateContext, content: Sequence[str]) -> str:
    """Return the sha256 over the ledger's cases, their content and their reference labels."""
    rows = [
        [content[i], *(int(context.ledger.labels[t.name][i]) for t in context.spec.targets)]
        for i in range(len(context.ledger))
    ]
    return hashlib.sha256(json.dumps(sorted(rows)).encode()).hexdigest()


def changed_cases(context: GateContext, names: Sequence[str]) -> tuple[ChangedCase, ...]:
    """Return the ledger cases that both models answer differently, right-to-wrong first."""
    found: list[tuple[int, ChangedCase]] = []
    for target in context.spec.targets:
        labels = context.ledger.labels[target.name].tolist()
        before, after = (context.answered(place, target.name).tolist() for place in (0, 1))
        for name, label, old, new in zip(names, labels, before, after, strict=True):
            if old != new and label >= 0:
                words = target.classes
                change = ChangedCase(name, target.name, words[label], words[old], words[new])
                found.append((0 if old == label else 1 if new == label else 2, change))
    return tuple(change for _, change in sorted(found, key=lambda item: item[0]))


def run_gate(context: GateContext, names: Sequence[str], content: Sequence[str], judged: int) -> GateReport:
    """Run every check, prove what the marks did, and return the report.

    `names` and `content` are the ledger cases' names and content hashes, in the order of `context.ledger`;
    `judged` is how many candidates this ledger has judged, this one included.
    """
    started = time.perf_counter()
    lines: list[Check] = []
    registered = checks()
    for done, check in enumerate(registered):
        if context.reporter is not None:
            context.reporter.report(Progress(stage="gate", done=done, total=len(registered), message=check.name))
        lines.extend(titled(line, context.spec) for line in check.run(context))
    proof = prove(context)
    return GateReport(
        workspace=context.spec.name,
        version=context.candidate.version,
        champion=context.champion.version,
        ledger_hash=ledger_hash(context, content),
        judged=judged,
        verdict=overall(lines),
        checks=tuple(lines),
        changed=changed_cases(context, names),
        seconds=time.perf_counter() - started,
        proof=proof,
    )
