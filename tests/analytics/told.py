"""A tenant that was told some news over REST, its raw rows, and the oracle's paybacks as the product rounds them."""

import itertools
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.analytics import oracle
from tests.analytics.news import Telling

counter = itertools.count()


def told(telling: Telling) -> Any:
    """A tenant of its own that was told this news, with its cohorts up to date."""
    from orders.services.attach import attach_waiting
    from tenants.context import tenant_transaction
    from tenants.models import Tenant
    from tests.cast import AT, ApiClient, make_key

    tenant = Tenant.objects.create(slug=f"shop-{next(counter)}", name="Shop", timezone=telling.zone, currency="GBP")
    api = ApiClient(make_key(tenant))
    for path, rows in telling.news:
        if path == "tick":
            refresh(tenant)
            continue
        source = {"source": "shop"} if path in ("/orders/bulk", "/refunds/bulk") else {}
        response = api.post(path, {path.split("/")[-2]: rows, **source})
        assert response.status_code == 200, response.content
    with tenant_transaction(tenant.pk):
        attach_waiting(tenant=tenant, at=AT)
    refresh(tenant)
    return tenant


def refresh(tenant: Any) -> None:
    """As the tick does, for this tenant alone: those of earlier examples are many."""
    from analytics.services.refresh import refresh_cohorts
    from tenants.context import tenant_transaction
    from tests.cast import AT

    is_waiting = True
    while is_waiting:
        with tenant_transaction(tenant.pk):
            is_waiting = refresh_cohorts(tenant=tenant, at=AT)


def world_of(tenant: Any) -> oracle.World:
    """A tenant's raw rows as the oracle reads them."""
    from acquisition.models import Spend, Touch
    from contacts.models import Contact
    from orders.models import Order, Refund

    people = {
        pk: oracle.Person(pk, slug or "unattributed")
        for pk, slug in Contact.objects.for_tenant(tenant).values_list("id", "channel__slug")
    }
    for pk, at in Touch.objects.for_tenant(tenant).values_list("contact_id", "happened_at"):
        people[pk].touches.append(at)
    for order in Order.objects.for_tenant(tenant).filter(status="paid", amount_minor__gt=0, contact__isnull=False):
        people[order.contact_id].purchases.append((order.paid_at, order.base_amount_minor))
    for refund in Refund.objects.for_tenant(tenant).filter(contact__isnull=False, is_superseded=False):
        if refund.order is None or refund.order.status == "paid":
            people[refund.contact_id].refunds.append((refund.refunded_at, refund.base_amount_minor))
    spend = Spend.objects.for_tenant(tenant).values_list("period", "date", "channel__slug", "base_amount_minor")
    months = [(period == "month", day, channel, minor) for period, day, channel, minor in spend]
    return oracle.World(list(people.values()), months, tenant.timezone)


def in_days(payback: tuple[Any, ...]) -> tuple[Any, ...]:
    """A payback's status with its seconds in days."""
    status, *seconds = payback
    return status, *(None if second is None else _days(second) for second in seconds)


def _days(seconds: int) -> Decimal:
    return (Decimal(seconds) / 86_400).quantize(Decimal("0.01"), ROUND_HALF_UP)
