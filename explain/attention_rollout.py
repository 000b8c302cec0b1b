"""Attention rollout: which words flow into the answer, through all attention layers."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from explain.answer import Computed
from explain.base import Cost, Subject
from explain.compatibility import succeeds
from explain.errors import ExplainError
from explain.method import Chosen, Method
from explain.validation import Case

CLOSE = 1e-3
"""How near to 1 the rows of attention weights must sum."""
UNFIT = (
    "Attention rollout needs a model of one text and nothing else whose layers show their attention weights; this one "
    "does not fit. Try integrated gradients or occlusion."
)


class AttentionRollout(Method):
    """Product over the layers of half attention (mean over heads), half identity; then the mean over what reads.

    Each layer passes half of a place on unchanged (the residual connection) and half by its attention weights. Entry
    (i, j) of the product is how much of token j reaches place i; a token's value is its mean over all places, so that
    tokens share 1 (less what marks before and behind the text take, and padding that the model attends to). Weights
    are found by watching modules for answers [1, heads, T, T] or [1, T, T] whose rows sum to 1;
    `torch.nn.MultiheadAttention` is made to show them.

    References
    ----------
    Abnar, Zuidema: Quantifying Attention Flow in Transformers, 2020.
    """

    name = "attention_rollout"
    title = "Attention rollout"
    what = "Which words the model's attention passes on, through all its layers."
    what_not = "Not why this answer rather than another: the map is the same for every answer."
    signed = False
    family = "attention"
    reads_baseline = False

    def work(self, subject: Subject, inputs: tuple[Tensor, ...], chosen: Chosen) -> Cost:
        """Return the rows of the watched pass and of the check."""
        return Cost(2)

    def is_compatible(self, subject: Subject, inputs: tuple[Tensor, ...]) -> bool:
        """Return whether a text is all the model sees and its attention weights show."""
        return subject.kinds == ("text",) and succeeds(
            subject, inputs, lambda case: bool(torch.isfinite(_rollout(case)).all())
        )

    def compute(self, case: Case, chosen: Chosen) -> Computed:
        """Return each token's share, spread over its embedding."""
        text = case.inputs[0]
        if case.subject.kinds != ("text",) or text.ndim != 3:
            raise ExplainError(UNFIT)
        shares = _rollout(case)
        return Computed(((shares[:, None] / text.shape[2]).expand(text.shape[1:]).unsqueeze(0),))


@dataclass(slots=True, eq=False)
class Watch:
    """Attention weights of a forward pass in order, each [1, heads, T, T]."""

    found: list[Tensor] = field(default_factory=list)

    def note(self, _: nn.Module, __: object, output: object) -> None:
        """Keep the first of the module's answers that are attention weights, unless another module passed them on."""
        parts = output if isinstance(output, tuple | list) else (output,)
        for part in parts:
            weights = _weights(part)
            if weights is not None:
                if not self.found or not _same(self.found[-1], weights):
                    self.found.append(weights)
                return


def _weights(part: object) -> Tensor | None:
    """Return attention weights as [1, heads, T, T], or None when it is something else."""
    if not isinstance(part, Tensor) or not part.is_floating_point() or part.ndim not in (3, 4):
        return None
    four = part.detach() if part.ndim == 4 else part.detach().unsqueeze(1)
    if four.shape[0] != 1 or four.shape[2] != four.shape[3]:
        return None
    sums = four.sum(dim=3)
    return four if bool((four >= 0).all()) and bool(((sums - 1).abs() < CLOSE).all()) else None


def _same(one: Tensor, other: Tensor) -> bool:
    """Return whether a module only passed on what another inside it had answered (dropout, a wrapper, the block)."""
    return one.data_ptr() == other.data_ptr() or (one.shape == other.shape and torch.equal(one, other))


def _shown(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Ask torch's attention for its weights of each head."""
    return args, {**kwargs, "need_weights": True, "average_attn_weights": False}


def _attention(case: Case) -> list[Tensor]:
    watch = Watch()
    parts = list(case.module.modules())
    handles = [part.register_forward_hook(watch.note) for part in parts]
    torchs = [part for part in parts if isinstance(part, nn.MultiheadAttention)]
    handles += [part.register_forward_pre_hook(_shown, with_kwargs=True) for part in torchs]
    try:
        with torch.enable_grad():  # with a graph, torch's encoder layers take the way that calls their parts
            case.module(case.inputs[0].detach().requires_grad_())
    finally:
        for handle in handles:
            handle.remove()
    return watch.found


def _rollout(case: Case) -> Tensor:
    """Return the share [T] of each token; zero at padding."""
    text = case.inputs[0]
    real = text[0].any(dim=-1) if text.ndim == 3 else torch.zeros(0, dtype=torch.bool)
    layers = _attention(case) if bool(real.any()) else []
    sizes = {weights.shape[2] for weights in layers}
    if len(sizes) != 1:
        raise ExplainError(UNFIT)
    places = sizes.pop()
    length = int(real.nonzero().max()) + 1
    before, behind = _marks(places, (len(real), length))
    flow = torch.eye(places, dtype=torch.float64, device=text.device)
    for weights in layers:
        mixed = weights[0].double().mean(dim=0)  # [T, T], mean over heads
        flow = (mixed + torch.eye(places, dtype=torch.float64, device=text.device)) / 2 @ flow
    read = torch.cat([real.new_ones(before), real[:length], real.new_ones(behind)])
    shares = torch.zeros(len(real), dtype=flow.dtype, device=flow.device)
    shares[:length] = flow[: len(read)][read].mean(dim=0)[before : before + length]
    return shares * real


def _marks(places: int, sizes: tuple[int, ...]) -> tuple[int, int]:
    """Return how many marks a model with so many places puts before and behind a text of such sizes."""
    for marks in ((0, 0), (1, 0), (1, 1)):
        if places - sum(marks) in sizes:
            return marks
    raise ExplainError(UNFIT)
