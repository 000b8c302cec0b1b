"""Cases that look alike to a model, named by number, most typical case, and what is over-represented in them."""

import numpy as np

from core.fairness.columns import Column
from core.services.trust.columns import cluster, cluster_column


def test_clusters_are_named_by_what_is_typical_of_them():
    generator = np.random.default_rng(0)
    far = np.arange(120) < 40
    vectors = generator.normal(0, 0.1, (120, 3)) + 5 * far[:, None]
    found = cluster(vectors, 2)
    assert len(set(found.places[far])) == len(set(found.places[~far])) == 1
    view = Column("view", categories=tuple(np.where(far, "AP", "PA").tolist()))
    names = [f"c{number}" for number in range(120)]
    column = cluster_column(found, names, [view], 20)
    words = set(column.categories)
    assert len(words) == 2
    assert all("of 2 (like case c" in one for one in words)
    assert column.categories[0].endswith("; view is AP in 100 %, elsewhere 0 %)")
    typical = int(column.categories[0].split("like case c")[1].split(";")[0])
    assert typical < 40
    centre = vectors[far].mean(axis=0)
    assert typical == np.linalg.norm(vectors[:40] - centre, axis=1).argmin()
