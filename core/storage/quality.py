"""Quality reports of versions: every measurement stays, the newest counts."""

from pydantic import TypeAdapter

from core.contracts import QualityReport
from core.storage.kept_reports import KeptReports
from core.storage.schema import quality_reports

_KEPT = KeptReports(quality_reports, TypeAdapter(QualityReport))
add, get, newest = _KEPT.add, _KEPT.get, _KEPT.newest
