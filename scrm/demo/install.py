"""The demo's tenants, people and key."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from contacts.models import Contact
from tenants.context import tenant_transaction
from tenants.models import AuditEntry, Membership, Tenant
from tenants.services.audit import record_act
from tenants.services.keys import create_api_key, revoke_api_key
from tenants.services.live import set_live
from tenants.services.members import add_member, create_tenant
from tenants.timezones import zone

ONLINE_RETAIL, HAOWEIDAO = "online-retail", "haoweidao"
OWNER, OPERATOR, BRAND_MANAGER = (f"{name}@demo.scrm.local" for name in ("alice", "bob", "mei"))
COLLEAGUES = ((OPERATOR, Membership.Role.OPERATOR), (BRAND_MANAGER, Membership.Role.BRAND_MANAGER))
PEOPLE = ((OWNER, "owner"), (OPERATOR, "operator"), (BRAND_MANAGER, "brand manager"))
SCOPES = ("contacts:write", "orders:write", "acquisition:write", "analytics:read")
ACTOR = "demo"
BEGUN, LOADED = "demo.begun", "demo.loaded"


class SlugTaken(Exception):
    """A tenant of this slug exists and is not the demo's."""


@dataclass(frozen=True)
class Brands:
    """The demo's tenants."""

    online_retail: Tenant
    haoweidao: Tenant


def install_tenants(*, password: str, at: datetime) -> Brands:
    """Make the demo's tenants and people where they are missing.

    Raises: SlugTaken
    """
    brands = Brands(
        _tenant(slug=ONLINE_RETAIL, name="Online Retail", zone="UTC", currency="GBP", password=password, at=at),
        _tenant(slug=HAOWEIDAO, name="好味道", zone="Asia/Shanghai", currency="CNY", password=password, at=at),
    )
    for tenant in (brands.online_retail, brands.haoweidao):
        with tenant_transaction(tenant.pk):
            members = set(Membership.objects.filter(tenant=tenant).values_list("user__email", flat=True))
            for email, role in COLLEAGUES:
                if email not in members:
                    add_member(tenant=tenant, email=email, role=role, password=password, actor=ACTOR, at=at)
    return brands


def is_loaded(*, tenant: Tenant) -> bool:
    """Whether the whole demo was sent and seen on the board once."""
    with tenant_transaction(tenant.pk):
        return bool(AuditEntry.objects.for_tenant(tenant).filter(act=LOADED).exists())


def note_loaded(*, tenant: Tenant, rows: int, at: datetime) -> None:
    """Remember that the whole demo is in."""
    with tenant_transaction(tenant.pk):
        record_act(tenant=tenant, at=at, actor=ACTOR, act=LOADED, rows=rows)


def go_live(*, tenant: Tenant, rows: int, at: datetime) -> None:
    """Let ticks take over where the played past ends, and remember that all of it is in."""
    with tenant_transaction(tenant.pk):
        record_act(tenant=tenant, at=at, actor=ACTOR, act=LOADED, rows=rows)
        set_live(tenant=tenant, is_live=True)


def begin_past(*, tenant: Tenant, people: int, at: datetime) -> tuple[date, int] | None:
    """Set a brand aside while its past is loaded; the past's last day and number of people, as they were at first.

    None where others have put contacts in meanwhile: what is theirs is left alone.
    """
    with tenant_transaction(tenant.pk):
        begun = AuditEntry.objects.for_tenant(tenant).filter(act=BEGUN).first()
        if begun is None and Contact.objects.for_tenant(tenant).exists():
            return None
        last_date = at.astimezone(zone(tenant.timezone)).date()
        if begun is None:
            day = last_date.isoformat()
            record_act(tenant=tenant, at=at, actor=ACTOR, act=BEGUN, last_date=day, people=people)
            set_live(tenant=tenant, is_live=False)
            return last_date, people
        return date.fromisoformat(begun.detail["last_date"]), begun.detail["people"]


@contextmanager
def temporary_key(*, tenant: Tenant) -> Iterator[str]:
    """Make an API key for the load, and revoke it afterwards whatever happens."""
    with tenant_transaction(tenant.pk):
        key, token = create_api_key(tenant=tenant, name="demo load", scopes=SCOPES, actor=ACTOR, at=timezone.now())
    try:
        yield token
    finally:
        with tenant_transaction(tenant.pk):
            revoke_api_key(tenant=tenant, key_id=key.pk, actor=ACTOR, at=timezone.now())


def _tenant(*, slug: str, name: str, zone: str, currency: str, password: str, at: datetime) -> Tenant:
    known = Tenant.objects.filter(slug=slug).first()
    if known is None:
        return create_tenant(
            slug=slug,
            name=name,
            timezone=zone,
            currency=currency,
            owner_email=OWNER,
            password=password,
            at=at,
        )[0]
    if not Membership.objects.filter(tenant=known, user__email=OWNER).exists():
        raise SlugTaken(f"A tenant {slug} exists and is not the demo's.")
    return known
