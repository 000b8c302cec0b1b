"""Finding a marked number or category: the same field of other cases."""

import torch
from torch import Tensor

from core.learning.spreading.base import LEAST_PROBABILITY, MOST_PROBABLE, Found, Search
from core.models.preparers import preparer


class FieldSpreader:
    """The field is what was marked: with any value where marks differ, else perhaps with the marked value alone."""

    def find(self, search: Search) -> tuple[Found, ...]:
        """Return every case that has the field, those with a marked value first."""
        marked, cases = search.marked.flatten(), search.cases.flatten()
        same, other = torch.isin(cases, marked), self._other(marked, cases)
        chances = torch.where(same, torch.tensor(MOST_PROBABLE), torch.tensor(other))
        chances[~preparer(search.field).present(search.cases)] = 0.0
        mask = torch.ones_like(search.masks[0]) if len(search.masks) else torch.ones(1, dtype=torch.bool)
        order = [row for row in chances.argsort(descending=True).tolist() if chances[row] >= LEAST_PROBABILITY]
        return tuple(Found(row, search.field.name, mask, float(chances[row])) for row in order)

    def _other(self, marked: Tensor, cases: Tensor) -> float:
        """Return the probability that another value than the marked ones is meant too.

        Marks of several values mean any. Marks of one value are weighed by how likely chance made them alike: with the
        value's share s of all cases, n marks agree by chance with s ** (n - 1); even odds before any mark.
        """
        if len(set(marked.tolist())) != 1:
            return MOST_PROBABLE if len(marked) else 0.0
        share = float(torch.isin(cases, marked).float().mean()) if len(cases) else 0.0
        alike = share ** (len(marked) - 1)
        return alike / (1 + alike)
