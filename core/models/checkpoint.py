"""The state of an interrupted training as safetensors bytes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from core.errors import BadInput

Moments = tuple[str, ...]
MOMENTS: Moments = ("step", "exp_avg", "exp_avg_sq")
"""What AdamW keeps for each weight."""
MEAN, MEMORY = "mean/", "memory/"


@dataclass(slots=True)
class TrainingState:
    """Where a training stands, weights and optimiser aside."""

    step: int = 0
    """Steps taken."""
    best_step: int = 0
    best_score: float = 0.0
    best: dict[str, Tensor] | None = None
    """Weights of the best step; None before the first validation score."""
    curve: list[tuple[int, float, float]] = field(default_factory=list)
    loss_sum: float = 0.0
    """Sum of the training losses since the last point of the curve."""
    loss_steps: int = 0
    seconds: float = 0.0
    watched: list[tuple[float, float]] = field(default_factory=list)
    """What a watch measured so far: the start first."""
    mean: dict[str, Tensor] = field(default_factory=dict)
    """Averaged weights, where the plan asks for them."""
    memory: dict[str, Tensor] = field(default_factory=dict)
    """What the objective remembers, by name."""


def fingerprint(plan: str, parameters: Mapping[str, nn.Parameter]) -> Tensor:
    """Return 32 bytes that tell whether a checkpoint belongs to this plan and these weights' shapes."""
    text = repr((plan, [(name, tuple(tensor.shape)) for name, tensor in parameters.items()]))
    return torch.frombuffer(bytearray(hashlib.sha256(text.encode()).digest()), dtype=torch.uint8)


def pack(
    state: TrainingState, key: Tensor, parameters: Mapping[str, nn.Parameter], optimiser: torch.optim.Optimizer
) -> bytes:
    """Return everything that exact resumption needs as safetensors bytes."""
    tensors = {
        "key": key,
        "counts": torch.tensor([state.step, state.best_step, state.loss_steps], dtype=torch.int64),
        "figures": torch.tensor([state.best_score, state.loss_sum, state.seconds], dtype=torch.float64),
        "curve": torch.tensor(state.curve, dtype=torch.float64).reshape(-1, 3),
        "watched": torch.tensor(state.watched, dtype=torch.float64).reshape(-1, 2),
    }
    for name, parameter in parameters.items():
        tensors[f"weight/{name}"] = parameter
        tensors |= {f"{moment}/{name}": value for moment, value in optimiser.state[parameter].items()}
    tensors |= {f"best/{name}": tensor for name, tensor in (state.best or {}).items()}
    tensors |= {f"{MEAN}{name}": tensor for name, tensor in state.mean.items()}
    tensors |= {f"{MEMORY}{name}": tensor for name, tensor in state.memory.items()}
    return save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()})


def unpack(
    data: bytes, key: Tensor, parameters: Mapping[str, nn.Parameter], optimiser: torch.optim.Optimizer
) -> TrainingState | None:
    """Put weights and moments back and return the state; None when the checkpoint is of another plan.

    Raises
    ------
    BadInput
        When `data` is no checkpoint.
    """
    try:
        tensors = load(data)
    except Exception as error:
        raise BadInput(
            f"The training checkpoint ({len(data)} bytes) can't be read: {error}. Start the training anew."
        ) from error
    if "key" not in tensors or not torch.equal(tensors["key"], key):
        return None
    _restore_weights(tensors, parameters, optimiser)
    step, best_step, loss_steps = (int(value) for value in tensors["counts"])
    best_score, loss_sum, seconds = (float(value) for value in tensors["figures"])
    best = {name: tensors[f"best/{name}"].to(p.device) for name, p in parameters.items() if f"best/{name}" in tensors}
    curve = [(int(point[0]), float(point[1]), float(point[2])) for point in tensors["curve"]]
    watched = [(float(loss), float(right)) for loss, right in tensors["watched"]]
    mean = {name: tensor.to(parameters[name].device) for name, tensor in _part(tensors, MEAN).items()}
    memory = _part(tensors, MEMORY)
    return TrainingState(
        step, best_step, best_score, best or None, curve, loss_sum, loss_steps, seconds, watched, mean, memory
    )


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _restore_weights(
    tensors: Mapping[str, Tensor], parameters: Mapping[str, nn.Parameter], optimiser: torch.optim.Optimizer
) -> None:
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(tensors[f"weight/{name}"])
            if f"step/{name}" in tensors:
                moments = {moment: tensors[f"{moment}/{name}"] for moment in MOMENTS}
                optimiser.state[parameter] = {
                    moment: value if moment == "step" else value.to(parameter.device)
                    for moment, value in moments.items()
                }
