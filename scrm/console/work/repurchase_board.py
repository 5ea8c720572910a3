"""The repurchase board (exposure, touches, who bought again) and its CSV."""

import json
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from analytics import exports
from analytics.definitions import REPURCHASE_DEFINITIONS
from analytics.repurchase import HEADLINE_DAYS, HORIZONS, MIN_PEOPLE, RepurchaseBoard
from analytics.selectors.repurchase import repurchase_board as repurchase_board_of
from scrm.console.views import ConsoleRequest, console_view, fragment, page
from scrm.console.work.address import query_without, wants_fragment
from scrm.console.work.asof import default_as_of
from scrm.console.work.repurchase_board_form import RepurchaseBoardForm, RepurchaseBoardRequest
from scrm.console.work.repurchase_board_rows import (
    curve_chart,
    curve_lines,
    month_lines,
    share_text,
    touch_lines,
    touches_chart,
)
from scrm.figures import percent
from tenants.access import BOARD_READERS

EXPLAINED = (
    "exposure", "pool", "touch", "touches", "interval", "opted_out", "repurchase", "curve", "months", "demand", "trust",
    "purchase",
)  # fmt: skip


@console_view(roles=BOARD_READERS)
def repurchase_board(request: ConsoleRequest) -> HttpResponse:
    """The board; htmx asks for what stands below its form alone."""
    form, asked, board = _board(request)
    context = {"form": form, **_shown(request, asked, board)}
    if wants_fragment(request):
        return fragment(request, "console/repurchase_board_body.html", **context)
    return page(request, "console/repurchase_board.html", title=_("Exposure and repurchase"), **context)


@console_view(roles=BOARD_READERS)
def repurchase_board_csv(request: ConsoleRequest) -> HttpResponse:
    """The figures on screen, plain, one line a figure; the curve day by day."""
    _form, _asked, board = _board(request)
    response = HttpResponse(
        exports.to_file(exports.repurchase_lines(board), "csv"), content_type=exports.CONTENT_TYPES["csv"]
    )
    name = f"repurchase-{board.days.from_date}-{board.days.to_date}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _board(request: ConsoleRequest) -> tuple[RepurchaseBoardForm, RepurchaseBoardRequest, RepurchaseBoard]:
    form = RepurchaseBoardForm(request.GET, tenant=request.tenant)
    now = timezone.now()
    asked = form.board_request(default_as_of=default_as_of(tenant=request.tenant, now=now), now=now)
    return form, asked, repurchase_board_of(tenant=request.tenant, query=asked.query)


def _shown(request: ConsoleRequest, asked: RepurchaseBoardRequest, board: RepurchaseBoard) -> dict[str, Any]:
    read, exposure, demand = board.repurchase, board.exposure, board.demand
    return {
        "asked": asked,
        "board": board,
        "reached": share_text(exposure.reached),
        "refused": share_text(exposure.refused),
        "opted_out": share_text(exposure.opted_out),
        "due": share_text(demand.due),
        "overdue": share_text(demand.overdue),
        "repurchase": percent(read.share) if read else None,
        "is_repurchase_thin": read is not None and read.at_risk < MIN_PEOPLE,
        "headline_days": HEADLINE_DAYS,
        "touches": touch_lines(board),
        "has_touched": any(row.touches and row.repurchased.people for row in board.touches),
        "touches_chart": json.dumps(touches_chart(board)),
        "curve": curve_lines(board),
        "curve_chart": json.dumps(curve_chart(board)),
        "horizons": HORIZONS,
        "months": month_lines(board),
        "is_truncated": any(month.is_left_truncated for month in board.months),
        "not_a_lift": REPURCHASE_DEFINITIONS["not_a_lift"],
        "left_truncated": REPURCHASE_DEFINITIONS["left_truncated"],
        "told": REPURCHASE_DEFINITIONS,
        "explained": [REPURCHASE_DEFINITIONS[name] for name in EXPLAINED],
        "query": query_without(request),
    }
