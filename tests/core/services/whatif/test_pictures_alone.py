"""What if on a workspace of pictures alone: no row, so nothing to say of a row's density."""

import numpy as np

from core.contracts import Edit
from core.media.masks import encode_mask
from tests.helpers.tiny_product import SIZE, names_of, truth


def test_a_picture_is_painted_over_and_answered(product):
    container = product
    name, actor = names_of(container, "pool")[0], container.default_actor
    for target in container.review.open("tiny", name, actor=actor).targets:
        container.review.commit_read("tiny", name, target.name, truth(name), "likely", actor=actor)
    mask = np.zeros((SIZE, SIZE), dtype=bool)
    mask[: SIZE // 2] = True
    view = container.whatif.predict("tiny", name, (Edit("image", mask=encode_mask(mask)),), actor=actor)
    assert view.warnings == ()
    assert view.before.targets[0].probabilities != view.after.targets[0].probabilities
    untouched = container.whatif.predict("tiny", name, (), actor=actor)
    assert untouched.before.targets[0].probabilities == untouched.after.targets[0].probabilities
