"""What every method shares: checked options and the one way to an answer."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from torch import Tensor

from explain.answer import Computed, answer
from explain.base import Attribution, Cost, Family, Option, OptionValue, Subject
from explain.validation import Case, checked_options

Chosen = Mapping[str, OptionValue]
"""All options of a method by name, checked, defaults filled in."""


class Method(ABC):
    """One explanation method, as `explain.base.Explainer` describes it: a subclass says what it is and computes."""

    name: str
    title: str
    what: str
    what_not: str
    signed: bool
    family: Family
    reads_baseline: bool

    def config_spec(self) -> tuple[Option, ...]:
        """Return the options that `explain` takes: none, unless a method says otherwise."""
        return ()

    def cost(
        self, subject: Subject, inputs: tuple[Tensor, ...], options: Mapping[str, OptionValue] | None = None
    ) -> Cost:
        """Return the estimated work of one map of such inputs.

        Raises
        ------
        ExplainError
            When the options can't be used.
        """
        return self.work(subject, inputs, checked_options(self, options))

    def explain(
        self,
        subject: Subject,
        inputs: tuple[Tensor, ...],
        label: int,
        baselines: tuple[Tensor, ...] | None = None,
        options: Mapping[str, OptionValue] | None = None,
    ) -> Attribution:
        """Explain the logit of class `label` for one case; see `explain.base.Explainer.explain`."""
        chosen = checked_options(self, options)
        return answer(
            subject, inputs, label, baselines, signed=self.signed, compute=lambda case: self.compute(case, chosen)
        )

    @abstractmethod
    def is_compatible(self, subject: Subject, inputs: tuple[Tensor, ...]) -> bool:
        """Return whether the method fits this model; `inputs` is one example case, each [1, ...]."""

    @abstractmethod
    def work(self, subject: Subject, inputs: tuple[Tensor, ...], chosen: Chosen) -> Cost:
        """Return the estimated work of one map."""

    @abstractmethod
    def compute(self, case: Case, chosen: Chosen) -> Computed:
        """Return the values of a checked case, [1, ...] for each input.

        Raises
        ------
        ExplainError
            When the method does not fit the model or the case.
        """
