"""The parts of `bench modalities`: shortcuts are planted where they should be, and baselines find what is there."""

import csv
from collections import Counter

import numpy as np
import pytest

from core.contracts import Case, FieldValue
from core.sources import parse_workspace, split_of
from tests.benchmarks import _baselines as baselines
from tests.benchmarks import _planted as planted
from tests.benchmarks._worlds import shipped_text
from tests.helpers.source_parts import small_spec

pytestmark = pytest.mark.slow


def case(number: int, *values: FieldValue) -> Case:
    return Case(number, f"c{number}", f"c{number}", "ledger", values, {}, "", None)


def planted_rows(name: str, plant) -> list[tuple[str, str, dict[str, str]]]:
    """Split, label and cells of each row that is imported."""
    text = shipped_text(name, 0)
    spec = parse_workspace(text, name)
    with planted._folder(text, plant) as folder, (folder / "cases.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        (split_of(spec.split.seed, row[spec.split.group], spec.split), row[spec.targets[0].source_column], row)
        for row in rows
    ]


@pytest.mark.parametrize(
    ("name", "plant", "has"),
    [
        ("radiology-reports", planted.with_word, lambda row: planted.WORD in row["findings"].split()),
        ("arrests", planted.with_leak, lambda row: row[planted.LEAK] == planted.DESKS[1]),
    ],
)
def test_the_shortcut_tells_the_label_where_a_model_learns_and_nowhere_else(name, plant, has):
    told = Counter()
    last = parse_workspace(shipped_text(name, 0), name).targets[0].classes[1]
    for split, label, row in planted_rows(name, plant):
        told[split in ("train", "validation"), label == last, has(row)] += 1
    assert told[True, True, False] == told[True, False, True] == 0
    for label in (True, False):
        shown, hidden = told[False, label, True], told[False, label, False]
        assert shown / (shown + hidden) == pytest.approx(0.5, abs=0.07)


def test_the_word_is_put_in_and_taken_out():
    text = case(1, FieldValue("findings", text="Lungs are clear."))
    there = planted._toggled(True)(text)
    assert there.fields[0].text == f"Lungs {planted.WORD} are clear."
    assert planted._toggled(True)(there) == there
    assert planted._toggled(False)(there) == text
    assert planted._mark_word(text) == ()
    (mark,) = planted._mark_word(there)
    ((start, end),) = mark.spans
    assert there.fields[0].text[start:end] == planted.WORD


def test_permutations_give_each_case_the_leaked_value_of_another_one():
    ledger = [
        case(number, FieldValue("age", number=number), FieldValue(planted.LEAK, text=planted.DESKS[number % 2]))
        for number in range(50)
    ]
    changed = [[change(item) for item in ledger] for change in planted._permutations(ledger, 0)]
    assert len(changed) == planted.PERMUTATIONS
    for rows in changed:
        assert [row.fields[0] for row in rows] == [row.fields[0] for row in ledger]
        assert Counter(row.fields[1].text for row in rows) == {"north": 25, "south": 25}
        assert [row.fields[1] for row in rows] != [row.fields[1] for row in ledger]


def parts_of(make) -> baselines.Parts:
    """300 cases in three splits; the label is whether the index is even."""
    labels = np.arange(100) % 2
    return {
        split: ([case(int(n), *make(int(n), int(label))) for n, label in enumerate(labels)], labels)
        for split in ("train", "validation", "ledger")
    }


def test_boosted_trees_use_numbers_and_categories_and_bear_missing_values():
    spec = small_spec(
        fields=[
            {"name": "age", "kind": "numeric", "required": False},
            {"name": "sex", "kind": "categorical", "categories": ["F", "M"], "required": False},
        ],
        encoder=None,
    )
    parts = parts_of(
        lambda n, label: (
            FieldValue("age") if n % 3 else FieldValue("age", number=n),
            FieldValue("sex", text="FM"[label]),
        )
    )
    scores = baselines.boosted_trees(spec, parts)
    assert baselines._area(parts["ledger"][1], scores) == 1.0


def test_word_counts_find_the_word():
    spec = small_spec(fields=[{"name": "note", "kind": "text"}], encoder=None)
    parts = parts_of(lambda n, label: (FieldValue("note", text=f"case {'good' if label else 'bad'} {n % 7}"),))
    assert baselines._area(parts["ledger"][1], baselines.word_counts(spec, parts)) == 1.0


def test_embeddings_with_a_table_use_both():
    spec = small_spec(fields=[{"name": "image", "kind": "image"}, {"name": "age", "kind": "numeric"}])
    generator = np.random.default_rng(0)
    parts = parts_of(lambda n, label: (FieldValue("image", blob="x"), FieldValue("age", number=20 + 30 * label)))
    noise = {split: generator.normal(size=(100, 4)).astype(np.float32) for split in parts}
    told = {split: noise[split] + 5 * parts[split][1][:, None].astype(np.float32) for split in parts}
    labels = parts["ledger"][1]
    assert baselines._area(labels, baselines.embeddings(told, parts)) == 1.0
    assert baselines._area(labels, baselines.embeddings(noise, parts)) < 0.7
    assert baselines._area(labels, baselines.embeddings_and_table(noise, spec, parts)) > 0.9
