"""The order list, one order's page, and the orders that wait for their contact."""

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.selectors import known_as
from orders import selectors
from orders.models import Order, Source, WaitReason
from scrm.console.views import ConsoleRequest, console_view, fragment, page
from scrm.console.work.address import query_without, wants_fragment
from scrm.console.work.paging import capped_count, newest_first
from scrm.console.work.ranges import DayField, day_end, day_start
from scrm.console.work.selectors.orders import refunded_minor
from tenants.models import Tenant


class OrderFilters(forms.Form):
    """What the list is narrowed to; every field may be empty."""

    q = forms.CharField(label=gettext_lazy("Order number"), required=False, max_length=100)
    source = forms.ChoiceField(label=gettext_lazy("Source"), required=False)
    status = forms.ChoiceField(label=gettext_lazy("Status"), required=False)
    paid_from = DayField(label=gettext_lazy("Paid from"), required=False)
    paid_to = DayField(label=gettext_lazy("to"), required=False)
    waiting = forms.BooleanField(label=gettext_lazy("Waiting for a contact"), required=False)

    def __init__(self, data: Any, *, tenant: Tenant) -> None:
        super().__init__(data)
        self.tenant = tenant
        sources = Source.objects.for_tenant(tenant).order_by("name").values_list("slug", "name")
        self.fields["source"].choices = [("", gettext_lazy("All sources")), *sources]  # type: ignore[attr-defined]
        self.fields["status"].choices = [("", gettext_lazy("Any status")), *Order.Status.choices]  # type: ignore[attr-defined]

    def narrowed(self) -> QuerySet[Order]:
        """The tenant's orders that pass; a field that is not understood narrows nothing and says so."""
        self.is_valid()
        asked = self.cleaned_data
        wanted = selectors.OrderFilter(
            source=asked.get("source") or None,
            status=asked.get("status") or None,
            paid_from=self._instant(day_start, "paid_from"),
            paid_before=self._instant(day_end, "paid_to"),
        )
        rows: QuerySet[Order] = selectors.orders(tenant=self.tenant, wanted=wanted).select_related("source", "contact")
        if asked.get("q"):
            rows = rows.filter(external_id=asked["q"])
        return rows.filter(contact__isnull=True) if asked.get("waiting") else rows

    def _instant(self, edge: Any, name: str) -> datetime | None:
        day = self.cleaned_data.get(name)
        instant: datetime | None = edge(tenant=self.tenant, day=day) if day else None
        return instant


@console_view()
def order_list(request: ConsoleRequest) -> HttpResponse:
    """Orders, newest paid first, unpaid ones last; htmx asks for the next rows, or for the whole result of a filter."""
    form = OrderFilters(request.GET, tenant=request.tenant)
    rows = form.narrowed()
    after = request.GET.get("after", "")
    found = newest_first(rows, field="paid_at", after=after)
    refunded = refunded_minor(tenant=request.tenant, orders=found.rows)
    known = _known_as(request.tenant, found.rows)
    context: dict[str, Any] = {
        "form": form,
        "lines": [(row, refunded.get(row.pk), known.get(row.pk)) for row in found.rows],
        "after": found.after,
        "query": query_without(request, "after"),
    }
    if after and wants_fragment(request):
        return fragment(request, "console/orders_rows.html", **context)
    context["count"] = capped_count(rows)
    if wants_fragment(request):
        return fragment(request, "console/orders_table.html", **context)
    waiting = sum(row.orders for row in selectors.waiting_sums(tenant=request.tenant))
    return page(request, "console/orders.html", title=_("Orders"), waiting=waiting, **context)


def _known_as(tenant: Tenant, orders: list[Order]) -> dict[int, str]:
    """What the contacts of these orders are called, by order: their names, else as `known_as` has it."""
    held = {order.pk: order.contact for order in orders if order.contact}
    nameless = {contact.pk for contact in held.values() if not contact.name}
    known = known_as(tenant=tenant, contact_ids=nameless)
    return {pk: contact.name or known.get(contact.pk, f"#{contact.pk}") for pk, contact in held.items()}


@console_view()
def order_page(request: ConsoleRequest, order_id: int) -> HttpResponse:
    """One order: its lines, refunds, buyer and versions, and whose it is."""
    order = selectors.order(tenant=request.tenant, order_id=order_id)
    if order is None:
        raise Http404
    refunds = list(selectors.refunds_of_order(tenant=request.tenant, order_id=order.pk))
    # one in another currency waits and counts nowhere
    refunded = sum(refund.amount_minor for refund in refunds if refund.currency == order.currency)
    return page(
        request,
        "console/order.html",
        title=order.external_id,
        parent_title=_("Orders"),
        parent_link=reverse("orders"),
        order=order,
        known_as=_known_as(request.tenant, [order]).get(order.pk),
        items=selectors.items_of_order(tenant=request.tenant, order_id=order.pk),
        refunds=refunds,
        refunded_minor=refunded,
        net_minor=order.amount_minor - refunded,
        buyer=order.buyer.get("identities", {}),
        buyer_name=order.buyer.get("name", ""),
        is_foreign=order.currency != request.tenant.currency,
    )


@console_view()
def waiting_orders(request: ConsoleRequest) -> HttpResponse:
    """Orders and refunds without a contact, by reason, with the money at stake."""
    reason = request.GET.get("reason", "")
    rows = selectors.waiting_orders(tenant=request.tenant)
    if reason in WaitReason.values:
        rows = rows.filter(wait_reason=reason)
    after = request.GET.get("after", "")
    found = newest_first(rows, field="paid_at", after=after)
    context: dict[str, Any] = {
        "rows": found.rows,
        "after": found.after,
        "query": query_without(request, "after"),
    }
    if after and wants_fragment(request):
        return fragment(request, "console/waiting_rows.html", **context)
    refunds = selectors.waiting_refunds(tenant=request.tenant)
    sums = selectors.waiting_sums(tenant=request.tenant)
    return page(
        request,
        "console/waiting.html",
        title=_("Orders waiting for a contact"),
        parent_title=_("Orders"),
        parent_link=reverse("orders"),
        sums=sums,
        order_count=sum(row.orders for row in sums),
        refunds=refunds[:50],
        refund_count=refunds.count(),
        reason=reason,
        **context,
    )
