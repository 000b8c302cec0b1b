"""Counterfactuals in a text field of a case."""

from collections.abc import Sequence

from core.contracts import Change, Edit, FieldSpec
from core.services.whatif.found import Found, Outcome
from core.services.whatif.searching import Changing
from explain.counterfactuals.text import TextCounterfactual, find, word_spans

BUDGET, FROZEN_BUDGET = 2000, 600
"""Texts that are tried; fewer where a large frozen encoder reads them."""


def by_text(
    changing: Changing,
    item: FieldSpec,
    text: str,
    until: int | None,
    wanted: int,
    vocabulary: Sequence[str],
    limit: int,
) -> Outcome:
    """Look for the fewest words of a text to leave out, or else to replace, that get the wanted answer.

    `until` is the code point that the model reads up to, None when it reads all.

    Raises
    ------
    explain.errors.ExplainError
        When the search can't be made.
    """
    spans = [span for span in word_spans(text) if until is None or span[1] <= until]
    frozen = item.name in changing.network.frozen_fields
    search = find(
        lambda texts: changing.of_texts(item, texts),
        text,
        wanted,
        spans=spans,
        vocabulary=vocabulary,
        limit=limit,
        budget=FROZEN_BUDGET if frozen else BUDGET,
    )
    found = tuple(_found(one, item, family) for family, one in enumerate(search.found))
    words = f"Leaving out or replacing words of {item.title or item.name} does not, in {search.tried:,} texts tried."
    return Outcome(found, search.tried, "" if found else words)


def _found(one: TextCounterfactual, item: FieldSpec, family: int) -> Found:
    changes = tuple(Change(item.name, word.before, word.after, word.start, word.end) for word in one.changes)
    return Found((Edit(item.name, text=one.text),), changes, one.distance, family=family)
