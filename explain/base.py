"""What every explanation method takes, answers and returns."""

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from torch import Tensor, nn

InputKind = Literal["image", "numeric", "categorical", "text"]
OptionValue = float | int | str
Family = Literal["gradient", "activation", "perturbation", "attention"]
"""What a method looks at: gradients, a layer's activations, answers to changed inputs, attention weights."""


def never() -> bool:
    """Return false: nobody asks to stop."""
    return False


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """The model that is explained.

    `module` may be shared between threads: methods work on a private view of it (`explain.isolation`) and never
    change it. `lock` is held only while that view is made; subjects over one module should share one lock.
    """

    module: nn.Module
    """`forward(*inputs)`, each [B, ...], to logits [B, K]; rows must not influence one another in eval mode. What is
    padding or missing must not be read off the values (a zero baseline has the same), but be fixed for the case."""
    kinds: tuple[InputKind, ...]
    """One per input: image [B, C, H, W] in 0..1, numeric [B, 1], categorical one-hot [B, K], text embeddings [B, T, D]
    whose padding rows are zero."""
    output_sd: tuple[float, ...]
    """Standard deviation of each class's logit over calibration cases: the scale of the completeness error."""
    lock: AbstractContextManager[Any] = field(default_factory=threading.RLock)
    background: tuple[Tensor, ...] | None = None
    """Other cases, one tensor [N, ...] for each input: what methods that average over 'absent' inputs draw from."""
    words: tuple[Tensor | None, ...] | None = None
    """For each text input the word number of each token, int64 [T], -1 for padding; None where every token is a word
    and for inputs of other kinds. What belongs to one word is removed and told together."""
    cancelled: Callable[[], bool] = never
    """Asked before every forward pass; when it is true, the method stops with `Stopped`."""


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """One explanation of one logit of one case."""

    values: tuple[Tensor, ...]
    """One per input, of the input's shape without the batch; float32, on the CPU, without a graph. On one scale for all
    inputs of a case once `explain.quality.summed` over channels, a token's embedding or a one-hot category."""
    completeness_error: float | None
    """See `explain.quality.completeness_error` (0 is best); None for a method whose values do not add up to F."""
    reached: bool
    """Whether the error is at or below the aim; true where no error is defined."""
    steps: int | None
    """Gradient or forward evaluations spent; None for a method that has no such number."""
    signed: bool
    """Whether negative values mean 'against the label' (else magnitude only)."""
    seconds: float
    """Wall-clock time."""
    standard_errors: tuple[float, ...] | None = None
    """Standard error of each input's sum over what the method drew at random; None for a method that draws nothing."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Rows that go through the model for one map."""

    forwards: int
    backwards: int = 0

    @property
    def passes(self) -> int:
        """Rows in units of one forward row; a backward pass costs about two."""
        return self.forwards + 2 * self.backwards


@dataclass(frozen=True, slots=True)
class Option:
    """One setting of a method, with enough to draw a control for it."""

    name: str
    title: str
    kind: Literal["int", "float", "choice"]
    default: OptionValue
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()


class Explainer(Protocol):
    """One explanation method."""

    @property
    def name(self) -> str:
        """Stable identifier, as in the command line."""

    @property
    def title(self) -> str:
        """Name for people."""

    @property
    def what(self) -> str:
        """One neutral sentence: what the values are."""

    @property
    def what_not(self) -> str:
        """One neutral sentence: what the values must not be taken for."""

    @property
    def signed(self) -> bool:
        """Whether values have two directions."""

    @property
    def family(self) -> Family:
        """What the method looks at."""

    @property
    def reads_baseline(self) -> bool:
        """Whether the values depend on the baselines that `explain` is given."""

    def config_spec(self) -> tuple[Option, ...]:
        """Return the options that `explain` takes."""

    def cost(
        self, subject: Subject, inputs: tuple[Tensor, ...], options: Mapping[str, OptionValue] | None = None
    ) -> Cost:
        """Return the estimated work of one map of such inputs."""

    def is_compatible(self, subject: Subject, inputs: tuple[Tensor, ...]) -> bool:
        """Return whether the method fits this model; `inputs` is one example case, each [1, ...]."""

    def explain(
        self,
        subject: Subject,
        inputs: tuple[Tensor, ...],
        label: int,
        baselines: tuple[Tensor, ...] | None = None,
        options: Mapping[str, OptionValue] | None = None,
    ) -> Attribution:
        """Explain the logit of class `label` for one case.

        Parameters
        ----------
        subject
            The model.
        inputs
            One tensor [1, ...] for each input of the model.
        label
            Index of the class.
        baselines
            The 'absent' input, each of its input's shape; zeros when not given. Methods without one ignore it.
        options
            Values for `config_spec()`; defaults fill the rest.

        Raises
        ------
        ExplainError
            When inputs, label, baselines or options can't be used, or the method does not fit the model.
        """
