"""Robustness reports of versions: every measurement stays, the newest counts."""

from pydantic import TypeAdapter

from core.contracts import RobustnessReport
from core.storage.kept_reports import KeptReports
from core.storage.schema import robustness_reports

_KEPT = KeptReports(robustness_reports, TypeAdapter(RobustnessReport))
add, get = _KEPT.add, _KEPT.get
