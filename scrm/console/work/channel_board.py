"""The channel board and its CSV; its cells open the people of the cohort board."""

import csv
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from analytics.channels import ChannelBoard
from analytics.definitions import CHANNEL_DEFINITIONS
from analytics.periods import next_period
from analytics.selectors.channels import channel_board as channel_board_of
from scrm.console.views import ConsoleRequest, console_view, fragment, page
from scrm.console.work.address import query_without, wants_fragment
from scrm.console.work.asof import default_as_of
from scrm.console.work.board_figures import SLICE_TITLES
from scrm.console.work.channel_board_form import SHOWN, ChannelBoardForm, ChannelBoardRequest
from scrm.console.work.channel_board_rows import ChannelLine, ChannelLines
from scrm.console.work.heat import NAMES
from tenants.access import BOARD_READERS, EDITORS
from tenants.money import to_decimal

EXPLAINED = ("completeness", "ranking", "incomplete", "blended_cac", "paid_cac", "payback", "shares", "acquired")


@console_view(roles=BOARD_READERS)
def channel_board(request: ConsoleRequest) -> HttpResponse:
    """The board; htmx asks for its tables and legend alone."""
    form, asked, board = _board(request)
    context = {"form": form, **_shown(request, asked, board)}
    if wants_fragment(request):
        return fragment(request, "console/channel_board_table.html", **context)
    return page(request, "console/channel_board.html", title=_("Channel board"), **context)


@console_view(roles=BOARD_READERS)
def channel_board_csv(request: ConsoleRequest) -> HttpResponse:
    """The figures on screen, plain, one line a channel in the same order."""
    _form, asked, board = _board(request)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"channels-{asked.query.ranked_by}-{asked.query.basis}-{asked.query.slice}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response.write("\ufeff")  # spreadsheets read UTF-8 only with it
    csv.writer(response).writerows(_csv_lines(board))
    return response


def _board(request: ConsoleRequest) -> tuple[ChannelBoardForm, ChannelBoardRequest, ChannelBoard]:
    form = ChannelBoardForm(request.GET, tenant=request.tenant)
    now = timezone.now()
    asked = form.board_request(default_as_of=default_as_of(tenant=request.tenant, now=now), now=now)
    return form, asked, channel_board_of(tenant=request.tenant, query=asked.query)


def _shown(request: ConsoleRequest, asked: ChannelBoardRequest, board: ChannelBoard) -> dict[str, Any]:
    lines = ChannelLines(board)
    ranked, unranked = lines.ranked(), lines.unranked()
    return {
        "asked": asked,
        "board": board,
        "ages": lines.ages(),
        "ranked_age": SLICE_TITLES[asked.query.slice],
        "ranked": ranked,
        "unranked": unranked,
        "sums": lines.sums(),
        "channels": [*ranked, *unranked],
        "after_truncated": next_period(board.truncated_month, "month") if board.truncated_month else None,
        "heat_names": NAMES,
        "explained": [CHANNEL_DEFINITIONS[name] for name in EXPLAINED],
        "ad_platform": CHANNEL_DEFINITIONS["ad_platform"],
        "query": query_without(request),
        "rank_query": query_without(request, "at"),
        "range_query": query_without(request, "from_date"),
        "cell_address": _cell_address(request, board),
        "may_edit": request.membership.role in EDITORS,
    }


def _cell_address(request: ConsoleRequest, board: ChannelBoard) -> str:
    """Where the people of a cell are, but for its last day, its age and its channel."""
    query = request.GET.copy()
    query["exact"] = board.query.as_of.isoformat()
    for name in [name for name in query if not query[name] or name in ("cohort", "to", "slice", "channel", "period")]:
        del query[name]
    if board.from_date:
        query["cohort"] = board.from_date.isoformat()
    return f"{reverse('channel_cell')}?{query.urlencode()}"


def _csv_lines(board: ChannelBoard) -> list[list[Any]]:
    lines, query = ChannelLines(board), board.query
    head = ["rank", "channel", "paid", f"cost_{board.currency}", "contacts", "buyers", f"cac_{board.currency}"]
    head += ["payback_status", "payback_days", "share_of_cost", "share_of_value"]
    head += [f"{query.ranked_by}_{query.basis}_{name}" for name in SHOWN]
    head += [f"complete_{name}" for name in SHOWN] + [f"contacts_{name}" for name in SHOWN]
    rows = [*board.rows, board.blended, board.paid]
    named = [*(row.channel for row in board.rows), "all", "all_paid"]
    shown: list[ChannelLine] = [*lines.ranked(), *lines.unranked(), *lines.sums()]
    held: list[list[Any]] = [head]
    for row, name, line in zip(rows, named, shown, strict=True):
        figures = [to_decimal(row.cost_minor, board.currency), row.contacts, row.buyers, row.cac]
        states = [row.payback.status, row.payback.days, row.cost_share, row.value_share]
        values = [cell.value for cell in line.cells]
        complete = [int(row.slices[cell.slice].is_complete) for cell in line.cells]
        counts = [cell.contacts for cell in line.cells]
        held.append([row.rank, name, int(row.is_paid), *figures, *states, *values, *complete, *counts])
    return held
