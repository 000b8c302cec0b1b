"""What a module of one's own answers, as logits by target."""

from collections.abc import Mapping

from torch import Tensor

from core.contracts import WorkspaceSpec
from core.errors import BadInput


def as_logits(answer: object, spec: WorkspaceSpec) -> dict[str, Tensor]:
    """Return logits [batch, classes] by target of a tensor (one target), a dict by target or a tuple in their order.

    Raises
    ------
    BadInput
        When the answer is none of these, or a shape is wrong; the message says what was got and what is wanted.
    """
    names = [target.name for target in spec.targets]
    parts = _by_target(answer, names)
    if parts is None or any(not isinstance(parts[name], Tensor) for name in names):
        raise BadInput(f"The model must answer {_wanted(spec)}, got {_shown(answer)}. Change what it returns.")
    logits = {name: part.float() for name, part in parts.items() if isinstance(part, Tensor)}
    for target in spec.targets:
        found = logits[target.name]
        if found.ndim != 2 or found.shape[1] != len(target.classes):
            raise BadInput(
                f"The model's answer for target {target.name!r} must be [batch, {len(target.classes)}], one logit for "
                f"each class, got {list(found.shape)}. Change the model's last layer, or the target's classes."
            )
    return logits


def _by_target(answer: object, names: list[str]) -> dict[str, object] | None:
    if isinstance(answer, Tensor):
        return {names[0]: answer} if len(names) == 1 else None
    if isinstance(answer, Mapping):
        return {name: answer[name] for name in names} if set(answer) == set(names) else None
    if isinstance(answer, tuple | list) and len(answer) == len(names):
        return dict(zip(names, answer, strict=True))
    return None


def _wanted(spec: WorkspaceSpec) -> str:
    if len(spec.targets) == 1:
        return f"one tensor [batch, {len(spec.targets[0].classes)}]"
    return f"a dict with the keys {', '.join(target.name for target in spec.targets)}, or a tuple in that order"


def _shown(answer: object) -> str:
    if isinstance(answer, Tensor):
        return f"a tensor {list(answer.shape)}"
    if isinstance(answer, Mapping):
        return f"a dict with the keys {', '.join(str(key) for key in answer) or 'none'}"
    if isinstance(answer, tuple | list):
        return f"a {type(answer).__name__} of {len(answer)}"
    return type(answer).__name__
