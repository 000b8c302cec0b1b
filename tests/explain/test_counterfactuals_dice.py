"""Counterfactuals of real tables next to those of DiCE, under the same unchangeable fields."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklego.datasets import load_arrests, load_hearts

from explain.counterfactuals.columns import Column, Table
from explain.counterfactuals.table import find

dice_ml = pytest.importorskip("dice_ml", reason="dice-ml is installed for development only")

WANTED = 3
CASES = 8
STEPS = {"oldpeak": 0.1}


@dataclass(frozen=True)
class Problem:
    """A trained model over a data frame, and the frame as rows of numbers."""

    numeric: list[str]
    categorical: dict[str, list[str]]
    names: list[str]
    fixed: list[str]
    train: pd.DataFrame
    questions: pd.DataFrame
    model: Pipeline
    target: str

    def encode(self, frame: pd.DataFrame) -> np.ndarray:
        columns = [
            frame[name].map(self.categorical[name].index) if name in self.categorical else frame[name]
            for name in self.names
        ]
        return np.stack([column.to_numpy(float) for column in columns], axis=1)

    def decode(self, rows: np.ndarray) -> pd.DataFrame:
        columns = {
            name: [self.categorical[name][int(value)] for value in values] if name in self.categorical else values
            for name, values in zip(self.names, rows.T, strict=True)
        }
        return pd.DataFrame(columns)

    def answer(self, rows: np.ndarray) -> np.ndarray:
        return self.model.predict_proba(self.decode(rows))

    def columns(self) -> tuple[Column, ...]:
        return tuple(self._column(name) for name in self.names)

    def _column(self, name: str) -> Column:
        rule = "fixed" if name in self.fixed else "free"
        if name in self.categorical:
            return Column(name, "categorical", categories=len(self.categorical[name]), rule=rule)
        return Column(name, "numeric", step=STEPS.get(name, 1), rule=rule)


def problem(data: str) -> Problem:
    if data == "hearts":
        frame, target, fixed = load_hearts(as_frame=True).dropna(), "target", ["age", "sex"]
        numeric = ["age", "trestbps", "chol", "thalach", "oldpeak"]
    else:
        frame, target, fixed = load_arrests(as_frame=True), "released", ["age", "sex", "colour"]
        frame["released"] = (frame["released"] == "Yes").astype(int)
        numeric = ["year", "age", "checks"]
    names = [name for name in frame.columns if name != target]
    frame = frame.astype({name: str for name in names if name not in numeric})
    categorical = {name: sorted(frame[name].unique()) for name in names if name not in numeric}
    inputs = make_column_transformer((OneHotEncoder(), list(categorical)), (StandardScaler(), numeric))
    model = make_pipeline(inputs, MLPClassifier((16,), max_iter=80, random_state=0))
    train = frame.sample(frac=0.75, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(train[names], train[target])
    questions = frame.drop(train.index)[names].sample(CASES, random_state=1)
    return Problem(numeric, categorical, names, fixed, train, questions, model, target)


def of_dice(given: Problem, question: pd.DataFrame, wanted: int) -> np.ndarray:
    data = dice_ml.Data(
        dataframe=given.train[[*given.names, given.target]],
        continuous_features=given.numeric,
        outcome_name=given.target,
    )
    model = dice_ml.Model(model=given.model, backend="sklearn")
    free = [name for name in given.names if name not in given.fixed]
    asked = {"total_CFs": WANTED, "desired_class": wanted, "features_to_vary": free, "random_seed": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        examples = dice_ml.Dice(data, model, method="random").generate_counterfactuals(question, **asked)
    found = examples.cf_examples_list[0].final_cfs_df
    return given.encode(found[given.names].astype(question.dtypes.to_dict()))


@pytest.mark.slow
@pytest.mark.parametrize("data", ["hearts", "arrests"])
def test_as_valid_and_closer_and_no_less_sparse_than_dice(data: str) -> None:
    given = problem(data)
    population, columns = given.encode(given.train), given.columns()
    valid, distances, changed = ({"ours": [], "dice": []} for _ in range(3))
    for number in range(CASES):
        question = given.questions.iloc[[number]]
        row = given.encode(question)[0]
        wanted = 1 - int(given.model.predict(question)[0])
        ours = find(given.answer, row, columns, wanted, population, limit=WANTED).found
        table = Table(columns, row, population)
        rows = {"ours": np.stack([one.row for one in ours]), "dice": of_dice(given, question, wanted)}
        for name, found in rows.items():
            fixed = ~table.differs(found)[:, [given.names.index(field) for field in given.fixed]].any(axis=1)
            valid[name].append(((given.answer(found).argmax(axis=1) == wanted) & fixed).sum() / WANTED)
            distances[name].extend(table.distances(found))
            changed[name].extend(table.differs(found).sum(axis=1))
    assert np.mean(valid["ours"]) >= np.mean(valid["dice"])
    assert np.median(distances["ours"]) <= np.median(distances["dice"])
    assert np.median(changed["ours"]) <= np.median(changed["dice"])
