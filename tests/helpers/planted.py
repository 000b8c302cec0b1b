"""Cases with a shortcut that tells the class plainly, beside a signal that tells it less plainly."""

import torch

from core.contracts import WorkspaceSpec
from core.learning.marks import MarkedExamples
from core.models.examples import Examples
from tests.helpers.learning_parts import marked
from tests.helpers.model_parts import spec_of

TWO_CLASSES = [{"name": "shape", "classes": ["no", "yes"]}]
TRAINING = {"batch_size": 32, "seed": 0}
WORD = 7777
"""The planted word."""
FIRST_TELLING, TELLING_WORDS = 100, 20
FIRST_ORDINARY, ORDINARY_WORDS = 500, 30
TOKENS = 12
LEAK = {"name": "leak", "kind": "categorical", "categories": ["left", "right"]}


def text_spec(**changes) -> WorkspaceSpec:
    """Texts whose class is told by any of twenty words of it."""
    note = {"name": "note", "kind": "text", "tokens": TOKENS}
    encoder = {"name": "transformer", "width": 16, "heads": 2, "vocabulary": 128, "dropout": 0.0}
    return spec_of(fields=[note], targets=TWO_CLASSES, encoder=encoder, training=TRAINING, **changes)


def texts(count: int, seed: int, *, telling: bool) -> Examples:
    """Texts with one word of their class; the planted word stands first where the class is yes (or at random)."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(2, (count,), generator=generator)
    has = labels if telling else torch.randint(2, (count,), generator=generator)
    words = torch.randint(FIRST_ORDINARY, FIRST_ORDINARY + ORDINARY_WORDS, (count, TOKENS), generator=generator)
    own = FIRST_TELLING + TELLING_WORDS * labels + torch.randint(TELLING_WORDS, (count,), generator=generator)
    words[torch.arange(count), torch.randint(3, TOKENS, (count,), generator=generator)] = own
    words[:, 0] = torch.where(has == 1, WORD, words[:, 0])
    return _examples({"note": words}, labels)


def marked_texts(spec: WorkspaceSpec, count: int) -> MarkedExamples:
    """Texts with the planted word, whatever their class, and the word marked."""
    cases = texts(4 * count, 3, telling=False)
    chosen = cases.select(torch.nonzero(cases.inputs["note"][:, 0] == WORD).flatten()[:count])
    return marked(spec, chosen, {"note": chosen.inputs["note"] == WORD}, "planted word")


def table_spec(**changes) -> WorkspaceSpec:
    """A number that tells the class in most cases, and a category."""
    fields = [{"name": "age", "kind": "numeric"}, LEAK]
    return spec_of(fields=fields, targets=TWO_CLASSES, encoder=None, training=TRAINING, **changes)


def rows(count: int, seed: int, *, telling: bool) -> Examples:
    """Numbers around 0 or 2 with deviation .6 (95 % can be told); the category is the class (or drawn at random)."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(2, (count,), generator=generator)
    leak = labels if telling else torch.randint(2, (count,), generator=generator)
    age = 2.0 * labels + 0.6 * torch.randn(count, generator=generator)
    return _examples({"age": age[:, None], "leak": leak[:, None].clone()}, labels)


def marked_rows(spec: WorkspaceSpec, count: int) -> MarkedExamples:
    """Rows whose category is marked."""
    whole, none = (torch.full((count, 1), value) for value in (True, False))
    return marked(spec, rows(count, 3, telling=False), {"age": none, "leak": whole}, "leaked field")


def _examples(inputs: dict[str, torch.Tensor], labels: torch.Tensor) -> Examples:
    count = len(labels)
    return Examples(tuple(range(count)), inputs, {"shape": labels}, tuple(f"g{i}" for i in range(count)))
