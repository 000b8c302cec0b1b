"""Cases as tensors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.errors import BadInput

NO_LABEL = -1
"""Stands for a target without a label."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Prepared cases, row by row: row i of every tensor belongs to `case_ids[i]`."""

    case_ids: tuple[int, ...]
    inputs: Mapping[str, Tensor]
    """Field -> prepared inputs [cases, ...], or vectors [cases, dim] of a frozen field."""
    labels: Mapping[str, Tensor]
    """Target -> class indexes, int64 [cases]; -1 where there is no label."""
    groups: tuple[str, ...]
    """Group (a patient, say) of each case."""

    def __post_init__(self) -> None:
        """Refuse tensors of different lengths.

        Raises
        ------
        BadInput
            When a tensor does not have one row per case.
        """
        count = len(self.case_ids)
        lengths = {f"input {name!r}": len(tensor) for name, tensor in self.inputs.items()}
        lengths |= {f"target {name!r}": len(tensor) for name, tensor in self.labels.items()} | {
            "groups": len(self.groups)
        }
        wrong = {name: length for name, length in lengths.items() if length != count}
        if wrong:
            raise BadInput(f"Examples need one row per case ({count}), got {wrong}.")

    def __len__(self) -> int:
        """Return the number of cases."""
        return len(self.case_ids)

    def select(self, rows: Sequence[int] | Tensor) -> "Examples":
        """Return the examples in `rows`, in that order."""
        index = torch.as_tensor(rows, dtype=torch.int64)
        chosen = index.tolist()
        return Examples(
            case_ids=tuple(self.case_ids[row] for row in chosen),
            inputs={name: tensor[index] for name, tensor in self.inputs.items()},
            labels={name: tensor[index] for name, tensor in self.labels.items()},
            groups=tuple(self.groups[row] for row in chosen),
        )

    def batch(self, rows: Sequence[int] | Tensor, device: torch.device | None = None) -> dict[str, Tensor]:
        """Return network inputs of `rows` by field on `device`."""
        index = torch.as_tensor(rows, dtype=torch.int64)
        return {name: tensor[index].to(device) for name, tensor in self.inputs.items()}

    def batch_labels(self, rows: Sequence[int] | Tensor, device: torch.device | None = None) -> dict[str, Tensor]:
        """Return class indexes of `rows` by target on `device`."""
        index = torch.as_tensor(rows, dtype=torch.int64)
        return {name: tensor[index].to(device) for name, tensor in self.labels.items()}


def concatenate(parts: Sequence[Examples]) -> Examples:
    """Return all `parts` as one, in order.

    Raises
    ------
    BadInput
        When there is no part, or the parts have different fields or targets.
    """
    if not parts:
        raise BadInput("There are no examples to put together.")
    first = parts[0]
    if any(part.inputs.keys() != first.inputs.keys() or part.labels.keys() != first.labels.keys() for part in parts):
        raise BadInput("Examples can only be put together when they have the same fields and targets.")
    return Examples(
        case_ids=tuple(case for part in parts for case in part.case_ids),
        inputs={name: torch.cat([part.inputs[name] for part in parts]) for name in first.inputs},
        labels={name: torch.cat([part.labels[name] for part in parts]) for name in first.labels},
        groups=tuple(group for part in parts for group in part.groups),
    )
