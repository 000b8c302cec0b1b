"""The closed vocabularies that cross layers."""

from typing import Literal

FieldKind = Literal["image", "numeric", "categorical", "text"]
SourceKind = Literal["package", "folder", "parquet", "jsonl", "images", "coco", "label-studio", "dicom"]
Tokeniser = Literal["words", "wordpiece"]
Split = Literal["train", "validation", "calibration", "ledger", "pool"]
ActorKind = Literal["person", "service"]
MarkKind = Literal["ignore", "look_here"]
Confidence = Literal["guess", "likely", "certain"]
Stance = Literal["agree", "override", "unsure", "withdrawn"]
LabelSource = Literal["data set", "single verdict", "agreement", "adjudication"]
VersionStatus = Literal["candidate", "champion", "retired", "rejected"]
RunStatus = Literal["queued", "running", "done", "failed", "cancelled"]
CheckVerdict = Literal["pass", "fail", "not assessable"]
DecisionKind = Literal["promote", "reject", "rollback"]
ReadingMode = Literal["blinded-first", "second-reader", "triage", "concurrent"]
JobKind = Literal["import", "champion", "retrain", "gate", "quality", "spread", "tradeoff", "robustness", "route"]
QueueStrategy = Literal["margin", "entropy", "random"]
StartFrom = Literal["scratch", "champion"]
Scope = Literal["head", "last blocks", "all"]
TrialVerdict = Literal["delivered", "tried", "skipped", "stopped"]
MarkProblem = Literal["oversized", "misplaced", "contradictory"]
Effect = Literal["effect", "no effect", "harm", "not assessable"]
ProposalStatus = Literal["open", "accepted", "rejected"]
GapMetric = Literal["demographic_parity", "equal_opportunity", "equalised_odds", "worst_group"]
RateName = Literal[
    "selection_rate", "true_positive_rate", "false_positive_rate", "true_negative_rate", "false_negative_rate",
    "accuracy", "auroc", "calibration_error", "coverage", "deferral",
]  # fmt: skip
CalibrationMethod = Literal["temperature", "vector", "isotonic"]
SetMethod = Literal["lac", "aps", "raps"]
OutlierMethod = Literal["none", "energy", "mahalanobis", "knn"]
DeferralReason = Literal["set", "risk", "outlier", "suspicious", "group", "drift", "suspended", "behaviour"]
Arm = Literal["usual", "ai off", "known wrong"]

UNSURE = "unsure"
"""The label of a read or verdict whose person could not decide; it is never a training label."""
ACTOR_SCOPE = "tandem.actor"
"""Key of an ASGI scope under which the gate leaves the `Actor` of a program's token (None: the page in the browser)."""
