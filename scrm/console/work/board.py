"""The cohort board, the people behind one of its cells, and both as CSV."""

import csv
import json
from collections.abc import Mapping
from datetime import date
from typing import Any, TypeVar, get_args

from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from acquisition.selectors import channel_names
from analytics import exports
from analytics.ages import SLICES
from analytics.cohorts import CellContact, CellQuery, CohortTable, Period
from analytics.periods import period_start
from analytics.selectors.cohorts import cohort_table
from analytics.selectors.people import CellPlace, cell_sums, contacts_of_cell
from analytics.selectors.scopes import UnknownChannel
from contacts.selectors import known_as
from scrm.console.views import ConsoleRequest, console_view, fragment, page
from scrm.console.work.address import query_without, wants_fragment
from scrm.console.work.asof import default_as_of
from scrm.console.work.board_figures import SLICE_TITLES
from scrm.console.work.board_form import BoardForm, BoardRequest, as_of_from
from scrm.console.work.board_rows import Board, BoardLine, cohort_title
from scrm.console.work.heat import NAMES
from scrm.console.work.ranges import FIRST_DAY, LAST_DAY
from tenants.access import BOARD_READERS
from tenants.money import to_decimal

CELL_PAGE = 100
PERIODS: tuple[Period, ...] = get_args(Period)
Name = TypeVar("Name", bound=str)


@console_view(roles=BOARD_READERS)
def board(request: ConsoleRequest) -> HttpResponse:
    """The board; htmx asks for its table, legend and chart alone."""
    form = BoardForm(request.GET, tenant=request.tenant)
    now = timezone.now()
    asked = form.board_request(default_as_of=default_as_of(tenant=request.tenant, now=now), now=now)
    table = cohort_table(tenant=request.tenant, query=asked.query)
    context = {"form": form, **_shown(request, asked, table)}
    if wants_fragment(request):
        return fragment(request, "console/board_table.html", **context)
    return page(request, "console/board.html", title=_("Cohort board"), **context)


@console_view(roles=BOARD_READERS)
def board_csv(request: ConsoleRequest) -> HttpResponse:
    """The figures on screen, plain, one line a cohort; `*` columns say which slices are complete."""
    form = BoardForm(request.GET, tenant=request.tenant)
    now = timezone.now()
    asked = form.board_request(default_as_of=default_as_of(tenant=request.tenant, now=now), now=now)
    shown = Board(cohort_table(tenant=request.tenant, query=asked.query), asked.show, asked.basis)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"cohorts-{asked.query.period}-{asked.show}-{asked.basis}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response.write("\ufeff")  # spreadsheets read UTF-8 only with it
    csv.writer(response).writerows(_csv_lines(shown))
    return response


@console_view(roles=BOARD_READERS)
def board_cell(request: ConsoleRequest) -> HttpResponse:
    """The contacts of one cell, of a cohort or of the channel board; their sums, at the top, are the cell's."""
    query = _cell_query(request)
    place = _place(request.GET.get("after", ""))
    try:
        people = contacts_of_cell(tenant=request.tenant, query=query, place=place, limit=CELL_PAGE + 1)
    except UnknownChannel:
        raise Http404 from None
    channels = channel_names(tenant=request.tenant)
    context = _people_shown(request, people, channels)
    channel = channels.get(query.channel or "", _("No channel"))
    if place and wants_fragment(request):
        return fragment(request, "console/board_cell_rows.html", **context)
    return page(
        request,
        "console/board_cell.html",
        title=_cell_title(query, channel),
        **_way_back(request, query),
        cell=query,
        days=_days_title(query),
        totals=cell_sums(tenant=request.tenant, query=query),
        file_holds=exports.MAX_CONTACTS,
        **context,
    )


@console_view(roles=BOARD_READERS)
def board_cell_csv(request: ConsoleRequest) -> HttpResponseBase:
    """The same contacts as a file, as far as it goes."""
    query = _cell_query(request)
    try:
        file, name = exports.contact_file(tenant=request.tenant, query=query, form="csv")
    except UnknownChannel:
        raise Http404 from None
    name = f"{_days_title(query)}-{query.slice}-{name}"
    return FileResponse(file, as_attachment=True, filename=name, content_type=exports.CONTENT_TYPES["csv"])


def _people_shown(request: ConsoleRequest, people: list[CellContact], channels: Mapping[str, str]) -> dict[str, Any]:
    """One page of people, and where the next one begins when there is one more person."""
    last = people[CELL_PAGE - 1] if len(people) > CELL_PAGE else None
    shown = people[:CELL_PAGE]
    known = known_as(tenant=request.tenant, contact_ids=[person.contact_id for person in shown])
    return {
        "lines": [
            (person, known.get(person.contact_id, f"#{person.contact_id}"), channels.get(person.channel or "", "—"))
            for person in shown
        ],
        "after": f"{last.net_minor}~{last.contact_id}" if last else "",
        "query": query_without(request, "after"),
    }


def _cell_title(query: CellQuery, channel: str) -> str:
    whose = channel if query.channel else _days_title(query)
    return _("%(cohort)s · %(slice)s") % {"cohort": whose, "slice": SLICE_TITLES[query.slice]}


def _days_title(query: CellQuery) -> str:
    if query.last_date is None:
        return cohort_title(query.cohort_date, query.period)
    return f"{query.cohort_date:%Y-%m-%d}–{query.last_date:%Y-%m-%d}"


def _way_back(request: ConsoleRequest, query: CellQuery) -> dict[str, Any]:
    """The board that the cell is on, as it was."""
    if query.last_date is None:
        back = query_without(request, "cohort", "slice", "exact", "after")
        return {"parent_title": _("Cohort board"), "parent_link": f"{reverse('cohorts')}?{back}"}
    back = query_without(request, "cohort", "to", "slice", "channel", "exact", "after")
    return {"parent_title": _("Channel board"), "parent_link": f"{reverse('channel_board')}?{back}"}


def _place(text: str) -> CellPlace | None:
    net, _mark, contact = text.partition("~")
    try:
        place = CellPlace(int(net), int(contact))
    except ValueError:
        return None
    return place if max(abs(place.net_minor), abs(place.contact_id)) < 2**63 else None


def _cell_query(request: ConsoleRequest) -> CellQuery:
    asked = request.GET
    period = _one_of(PERIODS, asked.get("period") or "month")
    name = _one_of(SLICES, asked.get("slice", ""))
    first, last = _day(asked.get("cohort", "")), _day(asked.get("to", ""))
    if first is None or ("to" in asked and (last is None or last < first)):
        raise Http404
    now = timezone.now()
    at = as_of_from(asked.get("exact", "")) or default_as_of(tenant=request.tenant, now=now).at
    return CellQuery(
        cohort_date=period_start(first, period) if last is None else first,
        slice=name,
        as_of=min(at, now),
        period=period,
        channel=asked.get("channel") or None,
        last_date=last,
    )


def _one_of(known: tuple[Name, ...], text: str) -> Name:
    for name in known:
        if name == text:
            return name
    raise Http404


def _day(text: str) -> date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and FIRST_DAY <= day <= LAST_DAY else None


def _shown(request: ConsoleRequest, asked: BoardRequest, table: CohortTable) -> dict[str, Any]:
    shown = Board(table, asked.show, asked.basis)
    lines = shown.lines()
    return {
        "asked": asked,
        "table": table,
        "lines": lines,
        "totals": shown.totals(),
        "slice_titles": SLICE_TITLES.values(),
        "heat_names": NAMES,
        "chart": json.dumps(_chart(shown, lines)),
        "truncated": next((line for line in lines if line.warning), None),
        "query": query_without(request),
        "cell_query": _cell_address(request, asked, table),
    }


def _cell_address(request: ConsoleRequest, asked: BoardRequest, table: CohortTable) -> str:
    query = request.GET.copy()
    query["channel"] = asked.query.channel or ""
    query["exact"] = table.as_of.isoformat()
    query["period"] = table.period
    for name in [name for name in query if not query[name] or name in ("cohort", "slice", "offset")]:
        del query[name]
    return query.urlencode()


def _chart(shown: Board, lines: list[BoardLine]) -> dict[str, Any]:
    """The table's figures at equal age: a first order comes at any, and `to date` has none."""
    aged = slice(1, -1)
    return {
        "slices": [str(title) for title in list(SLICE_TITLES.values())[aged]],
        "show": shown.show,
        "language": get_language(),
        "series": [
            {
                "label": line.title,
                "truncated": bool(line.warning),
                "values": [None if cell.value is None else float(cell.value) for cell in line.cells[aged]],
                "texts": [cell.text for cell in line.cells[aged]],
                "complete": [cell.is_complete for cell in line.cells[aged]],
            }
            for line in lines
            if line.contacts
        ],
    }


def _csv_lines(shown: Board) -> list[list[Any]]:
    table = shown.table
    head = [
        "cohort",
        "contacts",
        "buyers",
        f"cost_{table.currency}",
        f"cac_{table.currency}",
        "payback_status",
    ]
    head += ["payback_days", *(f"{shown.show}_{shown.basis}_{name}" for name in SLICES)]
    lines: list[list[Any]] = [head + [f"complete_{name}" for name in SLICES]]
    for row, line in zip(table.rows, shown.lines(), strict=True):
        figures = [row.contacts, row.buyers, to_decimal(row.cost_minor, table.currency), row.cac]
        values = [cell.value for cell in line.cells]
        states = [int(row.slices[name].is_complete) for name in SLICES]
        lines.append([row.cohort_date, *figures, row.payback.status, row.payback.days, *values, *states])
    totals = table.totals
    figures = [totals.contacts, totals.buyers, to_decimal(totals.cost_minor, table.currency), totals.cac]
    return [*lines, ["all", *figures, "", "", *(cell.value for cell in shown.totals().cells)]]
