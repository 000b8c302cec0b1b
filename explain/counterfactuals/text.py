"""Counterfactuals of a text: the fewest words to leave out, or else to replace, that get another answer."""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from explain.base import never
from explain.counterfactuals.base import Answer, Array, Asked, Goal, Search, counted, goal_from
from explain.counterfactuals.subsets import Parting, Parts, leave_one_out, smallest
from explain.errors import ExplainError

Span = tuple[int, int]
WORD = re.compile(r"\w+(?:['’\-]\w+)*")
FEW = 3
"""Deletions of more words than this are hard to follow: replacements are tried too."""
LEADING = 12
"""Words that replacements are tried for at each step."""
MOST_REPLACED = 8
MOST_WORDS_TRIED = 40
"""Words of the vocabulary that are tried."""


@dataclass(frozen=True, slots=True)
class WordChange:
    """One word that is left out or replaced."""

    start: int
    """Code points of the original text."""
    end: int
    before: str
    after: str
    """Empty when the word is left out."""


@dataclass(frozen=True, slots=True)
class TextCounterfactual:
    """A changed text that gets another answer."""

    text: str
    changes: tuple[WordChange, ...]
    """In reading order."""
    label: int
    """The class that the model answers."""
    probability: float
    """Of `label`."""
    distance: float
    """Share of the words that changed, 0 to 1; lower is closer."""


def word_spans(text: str) -> tuple[Span, ...]:
    """Return the code points (start, end) of each word: letters, digits, and hyphens or apostrophes within.

    Examples
    --------
    >>> word_spans("no X-ray today")
    ((0, 2), (3, 8), (9, 14))
    """
    return tuple(match.span() for match in WORD.finditer(text))


@dataclass(frozen=True, slots=True)
class _Hunt:
    """One search: the text, its words, the model, the goal."""

    text: str
    spans: tuple[Span, ...]
    asked: Asked
    goal: Goal

    def margins(self, changes: Sequence[Mapping[int, str]]) -> Array:
        return self.goal.margins(self.asked([changed_text(self.text, self.spans, one) for one in changes]))

    def without(self, sets: Sequence[Parts]) -> Array:
        return self.margins([dict.fromkeys(parts, "") for parts in sets])


def find(
    answer: Answer,
    text: str,
    wanted: int | None,
    *,
    spans: Sequence[Span] | None = None,
    scores: Sequence[float] | None = None,
    vocabulary: Sequence[str] = (),
    limit: int = 3,
    budget: int = 2000,
    cancelled: Callable[[], bool] = never,
) -> Search[TextCounterfactual]:
    """Return up to `limit` changed texts that get another answer, fewest changed words first.

    Deletions first: single words, pairs, then greedily more; every word that is not needed is put back. When no
    deletion works, or none of few words, words are replaced by those of the vocabulary in the same way.

    Parameters
    ----------
    answer
        From a list of texts to probabilities [n, K].
    text
        The text.
    wanted
        The class to reach; None for any other than the present one.
    spans
        Code points of the words, in order and apart; those of `word_spans` when left out.
    scores
        One per word: how much it speaks for the present answer (an attribution, say), which orders the search. When not
        given, each word is left out once.
    vocabulary
        Words typical for the wanted class, best first.
    limit
        Most counterfactuals; each leaves the most important word of the ones before alone.
    budget
        Most texts the search tries; pruning what was found may take a few more.
    cancelled
        Asked before every batch.

    Raises
    ------
    ExplainError
        When the question can't be used; `Stopped` when somebody asked to stop.
    """
    words = _checked_spans(text, word_spans(text) if spans is None else spans)
    asked = Asked(answer, budget=budget, batch=64, cancelled=cancelled)
    goal = goal_from(asked([text])[0], wanted)
    if not words:
        return Search((), asked.tried, True, "The text has no words that could be left out or replaced.")
    hunt = _Hunt(text, words, asked, goal)
    parting = Parting(hunt.without, np.ones(len(words)), lambda: asked.left)
    order = leave_one_out(parting) if scores is None else _checked_scores(scores, len(words))
    deletions = _deletions(parting, order, limit) if len(words) > 1 else iter(())
    found: list[dict[int, str]] = list(itertools.islice(deletions, 1))
    if vocabulary and not any(len(one) <= FEW for one in found):
        found += _replacements(hunt, order, vocabulary)
    found += deletions
    results = tuple(sorted((_described(hunt, one) for one in found), key=lambda one: one.distance))[:limit]
    return Search(results, asked.tried, False, counted(len(results), asked.tried) if results else _nothing(asked.tried))


def _nothing(tried: int) -> str:
    return f"Leaving out or replacing words did not lead to this answer in {tried} texts that were tried."


def changed_text(text: str, spans: Sequence[Span], changes: Mapping[int, str]) -> str:
    """Return the text with words replaced, or left out together with the blank that would be doubled.

    Examples
    --------
    >>> changed_text("a very good film", ((0, 1), (2, 6), (7, 11), (12, 16)), {1: "", 2: "bad"})
    'a bad film'
    """
    pieces: list[str] = []
    place = 0
    for number in sorted(changes):
        start, end = spans[number]
        pieces.append(text[place:start])
        pieces.append(changes[number])
        place = end
        before = "".join(pieces)
        if not changes[number] and (not before or before[-1].isspace()) and text[end : end + 1].isspace():
            place += 1
    return "".join([*pieces, text[place:]])


def _deletions(parting: Parting, order: Array, limit: int) -> Iterator[dict[int, str]]:
    """Give one deletion after the other; each leaves the most important word of the ones before alone."""
    banned: Parts = frozenset()
    for _ in range(limit):
        gone = smallest(replace(parting, banned=banned), order)
        if gone is None:
            return
        yield dict.fromkeys(gone, "")
        banned |= {max(gone, key=lambda n: (order[n], -n))}


def _replacements(hunt: _Hunt, order: Array, vocabulary: Sequence[str]) -> list[dict[int, str]]:
    """Replace the word that helps most, again and again, then put back what is not needed."""
    changes: dict[int, str] = {}
    words = list(dict.fromkeys(vocabulary))[:MOST_WORDS_TRIED]
    for _ in range(min(MOST_REPLACED, len(hunt.spans))):
        rest = [int(n) for n in np.argsort(-order, kind="stable") if n not in changes][:LEADING]
        tries = [changes | {n: word} for n in rest for word in words][: hunt.asked.left]
        if not tries:
            return []
        margins = hunt.margins(tries)
        changes = tries[int(margins.argmax())]
        if margins.max() > 0:
            return [_put_back(hunt, changes)]
    return []


def _put_back(hunt: _Hunt, changes: dict[int, str]) -> dict[int, str]:
    while len(changes) > 1:
        tries = [{n: word for n, word in changes.items() if n != gone} for gone in changes]
        margins = hunt.margins(tries)
        if margins.max() <= 0:
            break
        changes = tries[int(margins.argmax())]
    return changes


def _described(hunt: _Hunt, changes: Mapping[int, str]) -> TextCounterfactual:
    text = changed_text(hunt.text, hunt.spans, changes)
    probabilities = hunt.asked([text])[0]
    label = int(probabilities.argmax())
    spans = [(*hunt.spans[n], changes[n]) for n in sorted(changes)]
    words = tuple(WordChange(start, end, hunt.text[start:end], after) for start, end, after in spans)
    return TextCounterfactual(text, words, label, float(probabilities[label]), len(words) / len(hunt.spans))


def _checked_spans(text: str, spans: Sequence[Span]) -> tuple[Span, ...]:
    place = 0
    for start, end in spans:
        if not place <= start < end <= len(text):
            raise ExplainError(f"word {(start, end)} must lie in the text of {len(text)} after the word before it.")
        place = end
    return tuple((int(start), int(end)) for start, end in spans)


def _checked_scores(scores: Sequence[float], count: int) -> Array:
    values = np.asarray(scores, dtype=np.float64)
    if values.shape != (count,) or not np.isfinite(values).all():
        raise ExplainError(f"there must be one finite score for each of the {count} words, got {values.shape}.")
    return values
