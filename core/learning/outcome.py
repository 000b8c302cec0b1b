"""What a retraining came to, in plain words: what was delivered and why, or no effect and what to try next."""

from collections.abc import Sequence

from core.contracts import MarkWarning, Trial


def words_of(trials: Sequence[Trial], delivered: Trial | None, warnings: Sequence[MarkWarning]) -> str:
    """Return the result in words; `delivered` is None where the parent was."""
    tried = [trial for trial in trials if trial.verdict != "skipped"]
    if delivered is None:
        return f"No effect: {_none_better(tried)} The champion stays. {_next_steps(tried, warnings)}"
    others = f"the best of {len(tried)} that were tried" if len(tried) > 1 else "as asked for"
    return f"Delivered: {delivered.title}, {others}. {delivered.reason}".strip()


def _none_better(tried: Sequence[Trial]) -> str:
    if len(tried) != 1:
        return f"none of {len(tried)} trainings is better than the champion beyond its interval."
    found = "destroyed the model" if tried[0].verdict == "stopped" else "is not better than the champion"
    return f"{tried[0].title} {found}. {tried[0].reason}"


def _next_steps(tried: Sequence[Trial], warnings: Sequence[MarkWarning]) -> str:
    if all(trial.verdict == "stopped" for trial in tried):
        return "To try next: lower training.learning_rate in the workspace file, import it again and retrain."
    steps = ["mark more cases"]
    if any(warning.problem == "oversized" for warning in warnings):
        steps.append("paint the marks smaller, for some cover more than the artefact")
    if len(tried) == 1:
        steps.append("let 'auto' try other strategies")
    return f"To try next: {'; '.join(steps)}. If none helps, what was marked may carry real signal."
