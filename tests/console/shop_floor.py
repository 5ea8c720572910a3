"""Acme as the work screens see it: a little shop whose figures can be worked out by hand."""

import json
from datetime import UTC, datetime
from typing import Any

from acquisition.incoming import ContactsBody, SpendBody
from acquisition.services.contacts import sync_contacts
from acquisition.services.spend import sync_spend
from analytics.services.refresh import refresh_cohorts
from tenants.context import tenant_transaction
from tenants.incoming import decode_bulk
from tenants.models import Tenant
from tests.orders.shop import order_body, post_orders, post_refunds, refund_body

AT = datetime(2024, 6, 1, 12, tzinfo=UTC)


def tell_contacts(tenant: Tenant, *contacts: dict[str, Any]) -> None:
    """Contacts as a client sends them."""
    call = decode_bulk(json.dumps({"contacts": contacts}).encode(), envelope=ContactsBody, items="contacts")
    with tenant_transaction(tenant.pk):
        assert [row.errors for row in sync_contacts(tenant=tenant, rows=call.rows, at=AT)] == [()] * len(contacts)


def tell_spend(tenant: Tenant, *spend: dict[str, Any]) -> None:
    """Costs as a client sends them."""
    call = decode_bulk(json.dumps({"spend": spend}).encode(), envelope=SpendBody, items="spend")
    with tenant_transaction(tenant.pk):
        assert [row.errors for row in sync_spend(tenant=tenant, rows=call.rows, at=AT)] == [()] * len(spend)


def person(number: int, **fields: Any) -> dict[str, Any]:
    """A contact known by a shop number, who came by an advert in January."""
    body = {
        "identities": {"shop:shop": f"b{number}", "phone": f"+86138{number:08d}"},
        "name": f"顾客{number}",
        "acquired": {"at": "2024-01-02T00:00:00Z", "channel": "search"},
    }
    return body | fields


def count(tenant: Tenant) -> None:
    """What the worker does: bring the cohorts up to date."""
    while True:
        with tenant_transaction(tenant.pk):
            if not refresh_cohorts(tenant=tenant, at=AT):
                return


def open_shop(tenant: Tenant, *, people: int = 3) -> None:
    """January: `people` contacts for £60.00; each buys for £30.00 on day two; the first gets £10.00 back."""
    tell_contacts(tenant, *(person(number) for number in range(1, people + 1)))
    orders = [order_body(f"o{number}", buyer={"shop_buyer_id": f"b{number}"}) for number in range(1, people + 1)]
    post_orders(tenant, *orders)
    post_refunds(tenant, refund_body(order_external_id="o1"))
    tell_spend(
        tenant,
        {"external_id": "s1", "channel": "search", "month": "2024-01", "amount": "60.00", "currency": "GBP"},
    )
    count(tenant)
