"""The SOP board and its CSV."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from analytics.definitions import SOP_DEFINITIONS
from analytics.exports import CONTENT_TYPES, to_file
from analytics.selectors.sops import sop_board as sop_board_of
from analytics.sop_lines import sop_lines
from analytics.sops import SopBoard
from scrm.console.views import ConsoleRequest, console_view, fragment, page
from scrm.console.work.address import query_without, wants_fragment
from scrm.console.work.selectors.orders import last_paid_at
from scrm.console.work.sop_board_form import WINDOW_TITLES, SopBoardForm
from scrm.console.work.sop_board_rows import SopLines
from tenants.access import BOARD_READERS, EDITORS

SILENT_FOR = timedelta(days=30)
EXPLAINED = (
    "planned", "reached", "messages", "bought", "orders", "revenue_net", "completeness", "incomplete", "ranking",
    "runs", "replies",
)  # fmt: skip


@console_view(roles=BOARD_READERS)
def sop_board(request: ConsoleRequest) -> HttpResponse:
    """The board; htmx asks for its table and legend alone."""
    form, board = _board(request)
    context = {"form": form, **_shown(request, board)}
    if wants_fragment(request):
        return fragment(request, "console/sop_board_table.html", **context)
    return page(request, "console/sop_board.html", title=_("SOP board"), **context)


@console_view(roles=BOARD_READERS)
def sop_board_csv(request: ConsoleRequest) -> HttpResponse:
    """The figures on screen, plain, one line an SOP in the same order, then all together."""
    _form, board = _board(request)
    response = HttpResponse(to_file(sop_lines(board), "csv"), content_type=CONTENT_TYPES["csv"])
    name = f"sops-{board.query.ranked_by}-{board.query.window}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _board(request: ConsoleRequest) -> tuple[SopBoardForm, SopBoard]:
    form = SopBoardForm(request.GET, tenant=request.tenant)
    return form, sop_board_of(tenant=request.tenant, query=form.query(now=timezone.now()))


def _shown(request: ConsoleRequest, board: SopBoard) -> dict[str, Any]:
    lines = SopLines(board, links_messages=not request.GET.get("as_of"))
    ranked, unranked = lines.ranked(), lines.unranked()
    return {
        "board": board,
        "window": WINDOW_TITLES[board.query.window],
        "ranked": ranked,
        "unranked": unranked,
        "total": lines.total(),
        "has_figures": bool(board.total.due or board.total.runs.entered),
        "orders_ended_at": _orders_ended_at(request, board),
        "explained": [SOP_DEFINITIONS[name] for name in EXPLAINED],
        "query": query_without(request),
        "rank_query": query_without(request, "show"),
        "may_edit": request.membership.role in EDITORS,
    }


def _orders_ended_at(request: ConsoleRequest, board: SopBoard) -> Any:
    """When the newest order was paid, if that is so long ago that windows look empty for want of orders."""
    newest = last_paid_at(tenant=request.tenant)
    is_silent = newest is not None and newest < board.query.as_of - SILENT_FOR
    return newest if is_silent and board.total.reached else None
