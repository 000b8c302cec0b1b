"""What a model of one's own must keep before it may serve, tried on real cases."""

import copy
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from core.contracts import WorkspaceSpec
from core.errors import BadInput
from core.models.encoders.base import Entry
from core.models.own.answers import as_logits
from core.models.own.code import FAILURES, build_module, fill, words_of
from core.models.own.network import OwnNetwork

SAME = 1e-5
"""Largest difference of a logit, relative to the largest logit, between a case alone and the case in a batch."""


class Trial:
    """A module and the inputs of a few real cases, on one device."""

    def __init__(self, spec: WorkspaceSpec, module: nn.Module, given: Mapping[str, Tensor]) -> None:
        self.spec, self.module = spec, module
        self.given = dict(given)
        """Field -> what the module is given, [cases, ...]."""

    @property
    def count(self) -> int:
        """Number of cases."""
        return len(next(iter(self.given.values())))

    def logits(self, rows: list[int] | None = None) -> Tensor:
        """Return the logits of all targets side by side, [cases, all classes]; `rows` chooses cases."""
        chosen = list(range(self.count)) if rows is None else rows
        inputs = [tensor[chosen] for tensor in self.given.values()]
        with torch.no_grad():
            answer = self.module(*inputs)
        found = as_logits(answer, self.spec)
        wrong = {name: len(part) for name, part in found.items() if len(part) != len(chosen)}
        if wrong:
            raise BadInput(
                f"The model must answer one row for each case: {len(chosen)} cases gave {min(wrong.values())} rows. "
                "Keep the first dimension of the inputs."
            )
        return torch.cat(list(found.values()), dim=1)


def adopt(
    spec: WorkspaceSpec, data: bytes, prepared: Mapping[str, Tensor], device: torch.device
) -> tuple[OwnNetwork, tuple[str, ...]]:
    """Build the workspace's own model, check it on prepared cases, and return its network and notes for the person.

    Parameters
    ----------
    spec
        The workspace, with a `model` section.
    data
        The safetensors file.
    prepared
        Field -> prepared inputs of a few real cases, [cases, ...].
    device
        Where it is returned. The checks run on the CPU, whose arithmetic does not vary with the batch; then one pass is
        made there.

    Raises
    ------
    BadInput
        Names the first check that failed: what it got and what to do.
    """
    if spec.model is None:
        raise BadInput(f"Workspace {spec.name!r} has no section [model].")
    module = build_module(spec.model)
    fill(module, data, spec.model.weights)
    network = OwnNetwork(spec, _copied(module))
    entries = network.enter(prepared)
    trial = Trial(spec, module.cpu(), network.to_module(entries))
    for check in CHECKS:
        _run(check, trial)
    _run(lambda tried: _is_the_same(network, entries, tried), trial)
    network.remember()
    notes = _notes(network, trial)
    _run(lambda _: _works_on(network.to(device), prepared), trial)
    return network, notes


def _copied(module: nn.Module) -> nn.Module:
    try:
        return copy.deepcopy(module)
    except (TypeError, RuntimeError) as error:
        raise BadInput(
            f"{type(module).__name__} can't be copied ({error}). "
            "Keep locks, open files and tensors with a graph out of it."
        ) from error


def _run(check: Callable[[Trial], None], trial: Trial) -> None:
    """Run a check on the person's code, which may raise anything."""
    try:
        check(trial)
    except BadInput:
        raise
    except FAILURES as error:
        shapes = ", ".join(f"{name} {list(tensor.shape)}" for name, tensor in trial.given.items())
        raise BadInput(
            f"The model failed on {trial.count} real cases: {words_of(error)}. It was given, in this order: {shapes}."
        ) from error


def answers_finite_logits(trial: Trial) -> None:
    """Refuse a model whose logits are not finite, or not one for each class."""
    logits = trial.logits()
    bad = (~torch.isfinite(logits)).any(dim=1)
    if bool(bad.any()):
        raise BadInput(
            f"The model answers NaN or infinity for {int(bad.sum())} of {trial.count} real cases. "
            "A missing number is NaN: handle it, or make the field required; else check the weights."
        )


def is_deterministic(trial: Trial) -> None:
    """Refuse a model that answers the same cases differently in two passes."""
    gap = float((trial.logits() - trial.logits()).abs().max())
    if gap > 0:
        raise BadInput(
            f"The model answers the same cases differently each time (by up to {gap:.3g}). "
            "Switch off dropout and other random steps in evaluation mode."
        )


def is_batch_independent(trial: Trial) -> None:
    """Refuse a model whose answer to a case alone differs from that in a batch, or at another place of it."""
    together = trial.logits()
    alone = torch.cat([trial.logits([row]) for row in range(trial.count)])
    turned = trial.logits(list(range(trial.count))[::-1]).flip(0)
    limit = SAME * max(1.0, float(together.abs().max()))
    gap = max(float((alone - together).abs().max()), float((turned - together).abs().max()))
    if not gap <= limit:
        raise BadInput(
            f"A case's answer depends on the other cases of its batch (a logit moves by {gap:.3g}, at most {limit:.1g} "
            "is allowed). Use the stored statistics of batch normalisation, and no step across cases."
        )


def leaves_inputs_and_weights(trial: Trial) -> None:
    """Refuse a model that changes what it is given or what it has learnt."""
    inputs = {name: tensor.clone() for name, tensor in trial.given.items()}
    weights = {name: tensor.clone() for name, tensor in trial.module.state_dict().items()}
    with torch.no_grad():
        trial.module(*trial.given.values())
    for name, before in inputs.items():
        if not torch.equal(before.nan_to_num(), trial.given[name].nan_to_num()):
            raise BadInput(f"The model changes its input {name!r} in place. Let it work on a copy.")
    for name, tensor in trial.module.state_dict().items():
        if not torch.equal(weights[name], tensor):
            raise BadInput(f"The model changes its own {name!r} while it answers. Keep it fixed in evaluation mode.")


CHECKS: tuple[Callable[[Trial], None], ...] = (
    answers_finite_logits,
    leaves_inputs_and_weights,
    is_deterministic,
    is_batch_independent,
)


def _is_the_same(network: OwnNetwork, entries: Mapping[str, Entry], trial: Trial) -> None:
    """Refuse a head whose output is not the logits: body and head together must answer what the module answers."""
    expected = trial.logits()
    with torch.no_grad():
        found = torch.cat(list(network.answer_entries(entries).values()), dim=1)
    gap = float((found - expected).abs().max())
    if not gap <= SAME * max(1.0, float(expected.abs().max())):
        raise BadInput(
            f"What model.head {network.head_name!r} gives is not the model's answer (a logit differs by {gap:.3g}). "
            "Name the layer whose output is the logits, for several targets side by side; or leave `head` out."
        )


def _works_on(network: OwnNetwork, prepared: Mapping[str, Tensor]) -> None:
    """Make one pass on the device that serves: tensors that the code creates must be created there."""
    with torch.no_grad():
        network({name: tensor.to(network.device) for name, tensor in prepared.items()})


def _notes(network: OwnNetwork, trial: Trial) -> tuple[str, ...]:
    """Return what the person should know: what can't be offered."""
    notes = []
    if not network.has_head:
        notes.append("The model has no `head`, so it can't be retrained.")
    blind = _without_gradient(trial)
    if blind:
        missing = ", ".join(blind)
        notes.append(f"The answers have no gradient by {missing}: only methods that change inputs can explain them.")
    return tuple(notes)


def _without_gradient(trial: Trial) -> list[str]:
    """Return the fields by which the answers have no finite gradient."""
    points = {
        name: tensor[:1].clone().requires_grad_() if tensor.is_floating_point() else tensor[:1]
        for name, tensor in trial.given.items()
    }
    with torch.enable_grad():
        logits = torch.cat(list(as_logits(trial.module(*points.values()), trial.spec).values()), dim=1)
        floats = {name: point for name, point in points.items() if point.requires_grad}
        if not logits.requires_grad:
            return list(points)
        found = torch.autograd.grad(logits.sum(), list(floats.values()), allow_unused=True)
    known: dict[str, Tensor | None] = dict(zip(floats, found, strict=True))
    return [
        name for name in points if (gradient := known.get(name)) is None or not bool(torch.isfinite(gradient).all())
    ]
