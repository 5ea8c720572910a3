"""Small histories told to a tenant: people, what they bought, what was sent to them, what they said of it."""

import itertools
from typing import Any

from analytics.services.refresh import refresh_cohorts
from contacts.models import Consent, ConsentMove, Contact, Identity, TouchKind
from sop.models import Touchpoint
from tenants.context import tenant_transaction
from tenants.models import Tenant
from tests.analytics.repurchase_oracle import Human
from tests.cast import AT
from tests.console.shop_floor import tell_contacts
from tests.orders.shop import order_body, post_orders
from tests.sop.ledger.floor import lay_sop

numbers = itertools.count()


def tell_people(tenant: Tenant, *people: Human) -> list[int]:
    """Tell a tenant of people it has not met, and keep what was sent to them; their ids in the same order."""
    names = [f"p{next(numbers)}" for _ in people]
    tell_contacts(tenant, *map(_contact, names, people))
    orders = [_order(tenant, name, order) for name, human in zip(names, people, strict=True) for order in human.orders]
    if orders:
        post_orders(tenant, *orders)
    with tenant_transaction(tenant.pk):
        found = dict(Identity.objects.for_tenant(tenant).filter(value__in=names).values_list("value", "contact_id"))
        contacts = [Contact.objects.for_tenant(tenant).get(pk=found[name]) for name in names]
    laid = lay_sop(tenant, contacts, name=names[0])
    with tenant_transaction(tenant.pk):
        Touchpoint.objects.bulk_create(
            _touchpoint(row, number, touch)
            for row, human in zip(laid.rows_unopened(), people, strict=True)
            for number, touch in enumerate(human.touches, 1)
        )
        _say(tenant, contacts, people)
        refresh_cohorts(tenant=tenant, at=AT)
    return [contact.pk for contact in contacts]


def _contact(name: str, human: Human) -> dict[str, Any]:
    came = {"acquired": {"at": human.came.isoformat()}} if human.came else {}
    return {"identities": {"shop:shop": name}} | came


def _order(tenant: Tenant, name: str, order: tuple[Any, ...]) -> dict[str, Any]:
    at, status, amount = order
    told = {"paid_at": at.isoformat(), "updated_at": at.isoformat(), "status": status, "amount": amount, "items": []}
    buyer = {"shop_buyer_id": name}
    return order_body(f"o{next(numbers)}", currency=tenant.currency, buyer=buyer, **told)


def _touchpoint(row: Touchpoint, number: int, touch: tuple[Any, ...]) -> Touchpoint:
    at, state = touch
    of = {"sop_id": row.sop_id, "enrollment_id": row.enrollment_id, "step_id": row.step_id}
    times = {"due_at": at, "run_at": at, "late_at": at, "settled_at": None if state == "planned" else at}
    return Touchpoint(tenant_id=row.tenant_id, contact_id=row.contact_id, occurrence=number, state=state, **of, **times)


def _say(tenant: Tenant, contacts: list[Contact], people: tuple[Human, ...]) -> None:
    told: dict[str, Any] = {"tenant": tenant, "touch_kind": TouchKind.PRIVATE_CHAT}
    for contact, human in zip(contacts, people, strict=True):
        for at, is_granted in human.words:
            ConsentMove.objects.create(contact=contact, is_granted=is_granted, created_at=at, **told)
        if human.words:
            _, is_granted = max(human.words, key=lambda word: word[0])
            Consent.objects.create(contact=contact, is_granted=is_granted, changed_at=human.words[-1][0], **told)
