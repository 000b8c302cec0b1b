"""`/healthz`: whether the product serves, and if not, why and how far it is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import TandemError
from core.web.lifecycle import Product

if TYPE_CHECKING:
    from core.services.health import HealthReport

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer."""

    status: int
    media_type: str
    body: bytes


def health_reply(product: Product) -> Reply:
    """Return 200 once every workspace that was asked for has a champion, else 503 with reason and progress."""
    try:
        report = product.container().health.report()
    except TandemError as error:
        return _reply(503, {"status": "unavailable", "reason": str(error), "progress": ""})
    if report.ok:
        return _reply(200, {"status": "ok", "database": report.database, "workspaces": _workspaces(report)})
    value = {"status": report.status, "reason": report.reason, "progress": report.progress}
    return _reply(503, {**value, "database": report.database, "workspaces": _workspaces(report)})


def _workspaces(report: "HealthReport") -> dict[str, dict[str, str | int | None]]:
    return {name: {"champion": item.champion, "cases": item.cases} for name, item in report.workspaces.items()}


def _reply(status: int, value: Mapping[str, object]) -> Reply:
    return Reply(status, JSON, json.dumps(value, ensure_ascii=False).encode())
