"""`/acquisition`: channels and what they cost."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from rest_framework.request import Request

from acquisition import selectors
from acquisition.api import rows
from acquisition.incoming import ChannelEdit, SpendBody
from acquisition.models import Channel
from acquisition.services.channels import edit_channel
from acquisition.services.spend import sync_spend
from tenants.api.bulk import BulkView
from tenants.api.queries import PageQuery, SyncQuery
from tenants.api.renderers import StructResponse
from tenants.api.views import ListView, TenantAPIView
from tenants.incoming import Day, Row, Slug
from tenants.models import Tenant
from tenants.results import RowResult


class SpendQuery(SyncQuery, frozen=True, kw_only=True):
    """Filters of the list; of a month the first day counts."""

    channel: Slug | None = None
    date_from: Day | None = None
    date_to: Day | None = None


class ChannelListView(ListView):
    """The tenant's channels by slug."""

    scopes = {"GET": "acquisition:read"}
    row = rows.ChannelRow
    query = PageQuery
    ordering = ("slug", "id")

    def rows(self, *, tenant: Tenant, query: Any) -> QuerySet[Any]:
        return selectors.channels(tenant=tenant)

    def shape(self, found: list[Any]) -> Sequence[msgspec.Struct]:
        return [rows.channel_row(channel) for channel in found]


class ChannelView(TenantAPIView):
    """One channel."""

    scopes = {"GET": "acquisition:read", "PATCH": "acquisition:write"}
    body = ChannelEdit
    answer = rows.ChannelRow

    def get(self, request: Request, channel_id: int) -> HttpResponse:
        """Read a channel."""
        return StructResponse(_channel(self.tenant, channel_id))

    def patch(self, request: Request, channel_id: int) -> HttpResponse:
        """Rename a channel, or say whether it is paid."""
        edit = self.read(request, ChannelEdit)
        tenant = self.tenant
        try:
            edit_channel(tenant=tenant, channel_id=channel_id, name=edit.name, is_paid=edit.is_paid)
        except Channel.DoesNotExist:
            raise Http404 from None
        return StructResponse(_channel(tenant, channel_id))


class SpendBulkView(BulkView):
    """Upsert up to 1,000 costs by their external id."""

    scopes = {"POST": "acquisition:write"}
    envelope = SpendBody
    items = "spend"

    def apply(self, *, tenant: Tenant, envelope: Any, rows: Sequence[Row], at: datetime) -> Sequence[RowResult]:
        return sync_spend(tenant=tenant, rows=rows, at=at)


class SpendListView(ListView):
    """What channels cost, newest date first."""

    scopes = {"GET": "acquisition:read"}
    row = rows.SpendRow
    query = SpendQuery
    ordering = ("-date", "-id")

    def rows(self, *, tenant: Tenant, query: Any) -> QuerySet[Any]:
        filters = {"channel__slug": query.channel, "date__gte": query.date_from, "date__lte": query.date_to}
        given = {name: value for name, value in filters.items() if value is not None}
        return selectors.spend(tenant=tenant).filter(**given)

    def shape(self, found: list[Any]) -> Sequence[msgspec.Struct]:
        currency = self.tenant.currency
        return [rows.spend_row(row, base_currency=currency) for row in found]


def _channel(tenant: Tenant, channel_id: int) -> rows.ChannelRow:
    channel = selectors.channels(tenant=tenant).filter(pk=channel_id).first()
    if channel is None:
        raise Http404
    return rows.channel_row(channel)
