"""REST addresses of orders and refunds: parse, one call, answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from rest_framework.request import Request

from orders import selectors
from orders.api import rows as shown
from orders.incoming import OrdersBody, RefundsBody
from orders.models import Order, Refund
from orders.services.orders import sync_orders
from orders.services.refunds import sync_refunds
from tenants.api.bulk import BulkView
from tenants.api.queries import SyncQuery
from tenants.api.renderers import StructResponse
from tenants.api.views import ListView, TenantAPIView
from tenants.incoming import ExternalId, Id, Instant, Row, Slug
from tenants.models import Tenant
from tenants.results import RowResult


class OrdersQuery(SyncQuery, kw_only=True, frozen=True):
    """Filters of the list of orders."""

    source: Slug | None = None
    status: Literal["pending", "paid", "cancelled"] | None = None
    contact: Annotated[Id, msgspec.Meta(description="Our id of a contact.")] | None = None
    paid_from: Annotated[Instant, msgspec.Meta(description="Paid at or after this time.")] | None = None
    paid_before: Annotated[Instant, msgspec.Meta(description="Paid before this time.")] | None = None


class RefundsQuery(SyncQuery, kw_only=True, frozen=True):
    """Filters of the list of refunds."""

    source: Slug | None = None
    contact: Annotated[Id, msgspec.Meta(description="Our id of a contact.")] | None = None
    order_external_id: ExternalId | None = None


class OrdersBulkView(BulkView):
    """Take in up to 1,000 orders: the newest version of each wins, in whatever order they come."""

    scopes = {"POST": "orders:write"}
    envelope = OrdersBody
    items = "orders"

    def apply(self, *, tenant: Tenant, envelope: Any, rows: Sequence[Row], at: datetime) -> Sequence[RowResult]:
        return sync_orders(tenant=tenant, source_slug=envelope.source, rows=rows, at=at)


class RefundsBulkView(BulkView):
    """Take in up to 1,000 refunds that arrive alone: of the order that they name, else of their buyer."""

    scopes = {"POST": "orders:write"}
    envelope = RefundsBody
    items = "refunds"

    def apply(self, *, tenant: Tenant, envelope: Any, rows: Sequence[Row], at: datetime) -> Sequence[RowResult]:
        return sync_refunds(tenant=tenant, source_slug=envelope.source, rows=rows, at=at)


class OrderListView(ListView):
    """Orders, newest first."""

    scopes = {"GET": "orders:read"}
    row = shown.OrderRow
    query = OrdersQuery
    ordering = ("-paid_at", "-id")

    def rows(self, *, tenant: Tenant, query: Any) -> QuerySet[Order]:
        wanted = selectors.OrderFilter(
            source=query.source,
            status=query.status,
            contact_id=query.contact,
            paid_from=query.paid_from,
            paid_before=query.paid_before,
        )
        return selectors.orders(tenant=tenant, wanted=wanted)

    def shape(self, found: list[Any]) -> Sequence[msgspec.Struct]:
        base_currency = self.tenant.currency
        return [shown.order_row(order, base_currency=base_currency) for order in found]


class OrderView(TenantAPIView):
    """One order with its lines and refunds."""

    scopes = {"GET": "orders:read"}
    answer = shown.OrderDetail

    def get(self, request: Request, order_id: int) -> HttpResponse:
        tenant = self.tenant
        order = selectors.order(tenant=tenant, order_id=order_id)
        if order is None:
            raise Http404
        items = list(selectors.items_of_order(tenant=tenant, order_id=order_id))
        refunds = list(selectors.refunds_of_order(tenant=tenant, order_id=order_id))
        detail = shown.order_detail(
            order,
            items=items,
            refunds=refunds,
            base_currency=tenant.currency,
            sees_full_phones=self.caller.sees_full_phones,
        )
        return StructResponse(detail)


class RefundListView(ListView):
    """Refunds, newest first; those of an order's list that a lone one tells better are left out."""

    scopes = {"GET": "orders:read"}
    row = shown.RefundRow
    query = RefundsQuery

    def rows(self, *, tenant: Tenant, query: Any) -> QuerySet[Refund]:
        return selectors.refunds(
            tenant=tenant,
            source=query.source,
            contact_id=query.contact,
            order_external_id=query.order_external_id,
        )

    def shape(self, found: list[Any]) -> Sequence[msgspec.Struct]:
        base_currency = self.tenant.currency
        return [shown.refund_row(refund, base_currency=base_currency) for refund in found]
