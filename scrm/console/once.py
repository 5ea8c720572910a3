"""What a page shows a single time after a redirect, such as a new key: in the session until then, and not for long."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from scrm.console.views import ConsoleRequest

SHOWN_WITHIN = timedelta(minutes=10)


def show_once(request: ConsoleRequest, page: str, told: dict[str, Any]) -> None:
    """Keep plain values for this person's next look at this page of this tenant."""
    request.session[_name(request, page)] = {"told": told, "at": timezone.now().timestamp()}


def shown_once(request: ConsoleRequest, page: str) -> dict[str, Any]:
    """Take what was kept, and forget it; empty when there is nothing, or nobody looked in time."""
    if request.method != "GET" or (kept := request.session.pop(_name(request, page), None)) is None:
        return {}
    is_fresh = timezone.now().timestamp() - kept["at"] < SHOWN_WITHIN.total_seconds()
    return dict(kept["told"]) if is_fresh else {}


def _name(request: ConsoleRequest, page: str) -> str:
    return f"once:{request.tenant.pk}:{page}"
