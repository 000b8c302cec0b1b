"""What the fake retraining page offers and shows: strategies, warnings, outcomes, curves."""

from core.contracts import StrategyChoice

FIXED = "The image is read by a frozen backbone, so gradients can't change what it looks at. Choose counterexamples."
_OFFERED = (
    ("auto", "Automatic", "Tries the strategies that fit in the time and delivers the best.", "search", 6.0, None),
    ("guided", "Guided by marks", "Trains again and keeps the model off what people marked.", "gradient", 2.5, None),
    ("grad_cam", "Last feature map", "Keeps the last feature map off what was marked.", "gradient", 3.0, FIXED),
    ("counterexamples", "Changed copies", "Adds copies whose marked content is replaced.", "examples", 2.0, None),
    ("dfr", "Last layer, balanced", "Retrains the last layer on balanced cases.", "last layer", 0.5, None),
    ("labels", "Labels only", "Retrains on the corrected labels. Marks are not used.", "labels", 1.0, None),
)
STRATEGIES = tuple(StrategyChoice(*one) for one in _OFFERED)
