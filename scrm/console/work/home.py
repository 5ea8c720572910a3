"""Home (今日): what must be done, whether anything is wrong, and the figures of the brand."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from acquisition.models import Spend
from analytics.cohorts import CohortQuery, CohortTable
from analytics.selectors.cohorts import cohort_table
from contacts.models import Contact
from orders.models import Order
from orders.selectors import waiting_sums
from scrm.console.views import ConsoleRequest, console_view, page
from scrm.console.work.asof import default_as_of
from scrm.console.work.home_today import standing_still, today
from scrm.console.work.home_trends import paid_back, trends_of
from scrm.console.work.ranges import last_day
from scrm.console.work.selectors import home as selectors
from scrm.console.work.selectors.orders import last_received_at
from scrm.figures import amount
from tenants.access import BOARD_READERS, EDITORS, OWNERS
from tenants.models import ApiKey, Tenant
from tenants.money import to_decimal
from tenants.selectors import members

STALE_AFTER = timedelta(minutes=10)
LENGTHS = (14, 90)


@dataclass(frozen=True)
class Sums:
    """The brand's figures, of the same rows as the board. Units: minor units of the tenant's currency."""

    contacts: int
    buyers: int
    net_minor: int
    gross_minor: int
    cost_minor: int
    cac_minor: int | None
    clv_minor: int | None
    roi: Decimal | None


@dataclass(frozen=True)
class SetUp:
    """How far a new brand has come; each step is done when its rows exist."""

    spend: bool
    key: bool
    orders: bool
    contacts: bool
    members: bool

    @property
    def done(self) -> int:
        """How many of the five."""
        return sum((self.spend, self.key, self.orders, self.contacts, self.members))


@console_view()
def home(request: ConsoleRequest) -> HttpResponse:
    """Problems first; then the day's work for who does it, the figures for who answers for them; then the other.

    A brand without data gets its set-up list.
    """
    now = timezone.now()
    as_of = default_as_of(tenant=request.tenant, now=now)
    table = cohort_table(tenant=request.tenant, query=CohortQuery(as_of=as_of.at))
    context = {"title": _("Today"), "as_of": as_of, "table": table, **_state(request, table, now=now)}
    if not table.rows:
        address = request.build_absolute_uri("/api/v1/orders/bulk")
        return page(request, "console/home_set_up.html", address=address, **context)
    length = 90 if request.GET.get("days") == "90" else 14
    last = last_day(tenant=request.tenant, before=as_of.at)
    return page(
        request,
        "console/home.html",
        sums=_sums(table),
        trends=trends_of(table),
        paid_back=paid_back(table),
        length=length,
        lengths=LENGTHS,
        **_month(request.tenant, last=last),
        **_daily(request.tenant, last=last, length=length),
        **(today(tenant=request.tenant, at=now) if context["reads_boards"] else {}),
        **context,
    )


def _state(request: ConsoleRequest, table: CohortTable, *, now: datetime) -> dict[str, Any]:
    """What waits, whether the figures lag, what is set up, and what the reader may do about it."""
    received_at = last_received_at(tenant=request.tenant)
    reads_boards = request.membership.role in BOARD_READERS
    return {
        "received_at": received_at,
        "waiting": waiting_sums(tenant=request.tenant),
        **(standing_still(tenant=request.tenant, at=now) if reads_boards else {}),
        "is_stale": _is_stale(table, received_at, now=now),
        "set_up": _set_up(request.tenant),
        "may_edit": request.membership.role in EDITORS,
        "reads_boards": reads_boards,
        "is_owner": request.membership.role in OWNERS,
    }


def _month(tenant: Tenant, *, last: date) -> dict[str, Any]:
    month = last.replace(day=1)
    return {"month": month, "month_contacts": selectors.new_contacts(tenant=tenant, first=month, last=last)}


def _sums(table: CohortTable) -> Sums:
    cells = [row.slices["to_date"] for row in table.rows]
    totals = table.totals
    net = sum(cell.net_minor for cell in cells)
    return Sums(
        contacts=totals.contacts,
        buyers=totals.buyers,
        net_minor=net,
        gross_minor=sum(cell.gross_minor for cell in cells),
        cost_minor=totals.cost_minor,
        cac_minor=_half_up(Decimal(totals.cost_minor) / totals.contacts) if totals.contacts else None,
        clv_minor=_half_up(Decimal(net) / totals.contacts) if totals.contacts else None,
        roi=Decimal(net) / totals.cost_minor if totals.cost_minor and totals.contacts else None,
    )


def _half_up(exact: Decimal) -> int:
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def _is_stale(table: CohortTable, received_at: datetime | None, *, now: datetime) -> bool:
    if received_at is None:
        return False
    return table.fresh_at is None or table.fresh_at < now - STALE_AFTER


def _set_up(tenant: Tenant) -> SetUp:
    return SetUp(
        spend=Spend.objects.for_tenant(tenant).exists(),
        key=ApiKey.objects.for_tenant(tenant).exists(),
        orders=Order.objects.for_tenant(tenant).exists(),
        contacts=Contact.objects.for_tenant(tenant).exists(),
        members=members(tenant=tenant).count() > 1,
    )


def _daily(tenant: Tenant, *, last: date, length: int) -> dict[str, Any]:
    found = selectors.days(tenant=tenant, first=last - timedelta(days=length - 1), last=last)
    chart = {
        "days": [f"{day.date:%m-%d}" for day in found],
        "titles": [_("New contacts"), _("Net revenue (%(currency)s)") % {"currency": tenant.currency}],
        "first": [day.new_contacts for day in found],
        "first_texts": [str(day.new_contacts) for day in found],
        "second": [float(to_decimal(day.net_minor, tenant.currency)) for day in found],
        "second_texts": [amount(day.net_minor, tenant.currency) for day in found],
    }
    return {"daily": found, "chart": json.dumps(chart)}
