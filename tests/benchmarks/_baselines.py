"""What scikit-learn reaches on the same split: the model of each kind that an analyst would try first.

Each has one hyper-parameter, chosen on the validation cases as ours are; none sees a ledger case before it is judged.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from core.contracts import Case, FieldSpec, WorkspaceSpec

Scores = NDArray[np.float64]
Labels = NDArray[np.int64]
Parts = Mapping[str, tuple[Sequence[Case], Labels]]
"""Split -> its labelled cases and their class indexes."""


def boosted_trees(spec: WorkspaceSpec, parts: Parts) -> Scores:
    """Return the ledger scores of histogram gradient boosting on the columns of a table, categories as such."""
    columns = {split: _table(spec.fields, cases) for split, (cases, _) in parts.items()}
    categorical = [field.kind == "categorical" for field in spec.fields]
    models = (
        HistGradientBoostingClassifier(
            learning_rate=rate, max_leaf_nodes=leaves, categorical_features=categorical, random_state=0
        )
        for rate in (0.03, 0.1)
        for leaves in (4, 8, 31)
    )
    return _best(models, columns, parts)


def word_counts(spec: WorkspaceSpec, parts: Parts) -> Scores:
    """Return the ledger scores of logistic regression on TF-IDF of words and pairs of words."""
    texts = {split: [case.fields[0].text or "" for case in cases] for split, (cases, _) in parts.items()}
    models = (
        make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2), _logistic(strength))
        for strength in (0.3, 1.0, 3.0, 10.0, 30.0)
    )
    return _best(models, texts, parts)


def embeddings(vectors: Mapping[str, NDArray[np.float32]], parts: Parts) -> Scores:
    """Return the ledger scores of logistic regression on frozen image embeddings [cases, dim]."""
    return _best(_linear(make_pipeline(StandardScaler())), vectors, parts)


def embeddings_and_table(vectors: Mapping[str, NDArray[np.float32]], spec: WorkspaceSpec, parts: Parts) -> Scores:
    """Return the ledger scores of logistic regression on embeddings together with the columns of the table."""
    table = [field for field in spec.fields if field.kind != "image"]
    joined = {
        split: np.concatenate([vectors[split], _table(table, cases)], axis=1) for split, (cases, _) in parts.items()
    }
    width = next(iter(vectors.values())).shape[1]
    places = [width + at for at, field in enumerate(table) if field.kind == "categorical"]
    rest = [at for at in range(width + len(table)) if at not in places]
    prepare = make_column_transformer((StandardScaler(), rest), (OneHotEncoder(handle_unknown="ignore"), places))
    return _best(_linear(prepare), joined, parts)


def _linear(prepare: BaseEstimator) -> Iterable[BaseEstimator]:
    return (make_pipeline(prepare, _logistic(strength)) for strength in (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 0.1))


def _logistic(strength: float) -> LogisticRegression:
    return LogisticRegression(C=strength, max_iter=2000, class_weight="balanced")


def _table(fields: Sequence[FieldSpec], cases: Sequence[Case]) -> NDArray[np.float64]:
    """Return numbers and category indexes [cases, fields]; nan where a value is missing."""
    return np.array([[_value(field, case) for field in fields] for case in cases], dtype=np.float64)


def _value(field: FieldSpec, case: Case) -> float:
    value = next(item for item in case.fields if item.field == field.name)
    if field.kind == "categorical":
        return float(field.categories.index(value.text)) if value.text in field.categories else np.nan
    return np.nan if value.number is None else value.number


def _best(models: Iterable[BaseEstimator], inputs: Mapping[str, object], parts: Parts) -> Scores:
    """Fit each model on train, keep the one that ranks the validation cases best, return its ledger scores."""
    fitted = [model.fit(inputs["train"], parts["train"][1]) for model in models]
    validation = [_area(parts["validation"][1], model.predict_proba(inputs["validation"])[:, 1]) for model in fitted]
    chosen = fitted[int(np.argmax(validation))]
    return np.asarray(chosen.predict_proba(inputs["ledger"])[:, 1], dtype=np.float64)


_area: Callable[[Labels, Scores], float] = roc_auc_score
