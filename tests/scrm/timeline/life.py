"""A contact to whom a bit of everything has happened, told by the services and ticks that tell it."""

from datetime import datetime, timedelta
from typing import Any

from contacts.models import Contact
from contacts.services.consent import set_consent
from contacts.services.notes import add_note
from sop.models import Sop, Touchpoint
from tenants.context import tenant_transaction
from tenants.models import Tenant
from tests.cast import AT
from tests.console.shop_floor import open_shop, person, tell_contacts
from tests.sop.stage import MINUTE, audience, enter, make, publish, tick

KINDS_TOLD = dict.fromkeys(("order", "refund", "touch", "tag", "consent", "note", "segment", "sop", "touchpoint"), 1)


def live(tenant: Tenant, *, at: datetime = AT) -> int:
    """顾客1: an advert, an order and its refund in 2024; a tag, a consent and a note; `at` into a segment and an SOP.

    Of the SOP's two messages the first was skipped for the day's cap, the second is planned.
    """
    open_shop(tenant, people=1)
    tell_contacts(tenant, person(1, tags=["口味/辣"]))
    with tenant_transaction(tenant.pk):
        pk: int = Contact.objects.for_tenant(tenant).get(name="顾客1").pk
        told: dict[str, Any] = {"touch_kind": "private_chat", "is_granted": True, "actor": "bob", "at": at}
        set_consent(tenant=tenant, contact_ids=[pk], evidence="说过", **told)
        add_note(tenant=tenant, contact_id=pk, text="喜欢辣的", actor="bob", at=at)
    walk_through(tenant, [pk], at=at)
    return pk


def walk_through(tenant: Tenant, contact_ids: list[int], *, at: datetime, name: str = "Welcome") -> Sop:
    """Let contacts enter an SOP `at`, and its first message to each be skipped."""
    segment = audience(tenant, name)
    sop = make(tenant, segment, name=name)
    publish(tenant, sop, at=at - timedelta(minutes=1))
    enter(tenant, segment, contact_ids, at=at)
    tick(tenant, at=at)
    due_at = at + 10 * MINUTE
    with tenant_transaction(tenant.pk):
        due = Touchpoint.objects.for_tenant(tenant).filter(sop=sop, due_at=due_at)
        due.update(state="skipped", reason="cap", settled_at=due_at, text="您好")
    return sop
