"""The first lock: a query that does not name its tenant never reaches the database."""

import pytest
from django.db.models import Count, Exists, OuterRef, Q

from contacts.models import Contact, Identity, Tag
from orders.models import Order
from tenants.context import tenant_transaction
from tenants.scoping import TenantQuery, UnscopedQuery
from tests.isolation.rows import canary_of, fill

pytestmark = pytest.mark.django_db

BARE = {
    "list": lambda: list(Contact.objects.all()),
    "filter": lambda: list(Contact.objects.filter(name="x")),
    "get": lambda: Contact.objects.get(pk=1),
    "first": lambda: Contact.objects.first(),
    "count": lambda: Contact.objects.count(),
    "exists": lambda: Contact.objects.filter(pk=1).exists(),
    "aggregate": lambda: Contact.objects.aggregate(n=Count("pk")),
    "iterator": lambda: list(Contact.objects.iterator()),
    "values": lambda: list(Contact.objects.values_list("name")),
    "in_bulk": lambda: Contact.objects.in_bulk([1]),
    "update": lambda: Contact.objects.update(name="x"),
    "filtered update": lambda: Contact.objects.filter(pk=1).update(name="x"),
    "delete": lambda: Contact.objects.all().delete(),
    "filtered delete": lambda: Contact.objects.filter(pk=1).delete(),
    "raw delete": lambda: Contact.objects.all()._raw_delete("default"),
    "union of one bare": lambda: list(Contact.objects.for_tenant(1).union(Contact.objects.all())),
    "in a sub-select": lambda: list(
        Identity.objects.for_tenant(1).filter(contact__in=Contact.objects.filter(name="x"))
    ),
    "exists of bare": lambda: list(Contact.objects.for_tenant(1).filter(Exists(Order.objects.filter(pk=1)))),
    "explain": lambda: Contact.objects.explain(),
    "or with bare": lambda: list(Contact.objects.for_tenant(1) | Contact.objects.all()),
    "or inside": lambda: list(Contact.objects.filter(Q(tenant_id=1) | Q(name="x"))),
    "negated": lambda: list(Contact.objects.exclude(tenant_id=1)),
    "several tenants": lambda: list(Contact.objects.filter(tenant_id__in=[1, 2])),
    "tenant by a range": lambda: list(Contact.objects.filter(tenant_id__gte=1)),
    "tenant of another table": lambda: list(Identity.objects.filter(contact__tenant_id=1)),
    "compared with itself": lambda: list(
        Contact.objects.filter(tenant_id=OuterRef("tenant_id")).filter(tenant_id__gt=0)
    ),
    "select_for_update": lambda: list(Contact.objects.select_for_update().filter(pk=1)),
    "get_or_create": lambda: Contact.objects.get_or_create(name="x"),
    "dates": lambda: list(Contact.objects.dates("created_at", "day")),
}
NAMED = {
    "list": lambda t: list(Contact.objects.for_tenant(t)),
    "by id": lambda t: list(Contact.objects.for_tenant(t.pk)),
    "count": lambda t: Contact.objects.for_tenant(t).count(),
    "aggregate": lambda t: Contact.objects.for_tenant(t).aggregate(n=Count("pk")),
    "union": lambda t: list(Contact.objects.for_tenant(t).union(Contact.objects.for_tenant(t))),
    "or of two": lambda t: list(
        Contact.objects.for_tenant(t).filter(name="x") | Contact.objects.for_tenant(t).filter(name="y")
    ),
    "sub-select": lambda t: list(
        Identity.objects.for_tenant(t).filter(contact__in=Contact.objects.for_tenant(t).filter(name="x"))
    ),
    "correlated": lambda t: list(
        Contact.objects.for_tenant(t).filter(
            Exists(Order.objects.filter(tenant_id=OuterRef("tenant_id"), contact=OuterRef("pk")))
        )
    ),
    "exclude a child": lambda t: list(Contact.objects.for_tenant(t).exclude(identities__kind="phone")),
    "none": lambda t: list(Contact.objects.none()),
    "explain": lambda t: Contact.objects.for_tenant(t).explain(),
    "update": lambda t: Contact.objects.for_tenant(t).filter(pk=0).update(name="x"),
    "delete": lambda t: Order.objects.for_tenant(t).filter(pk=0).delete(),
    "prefetch": lambda t: list(Contact.objects.for_tenant(t).prefetch_related("identities", "orders__source")),
    "prefetch forward": lambda t: list(Identity.objects.for_tenant(t).prefetch_related("contact__channel")),
    "select_related": lambda t: list(Order.objects.for_tenant(t).select_related("contact", "source")),
}


@pytest.mark.parametrize("name", BARE)
def test_a_query_without_its_tenant_is_refused(acme, name):
    with tenant_transaction(acme.pk), pytest.raises((UnscopedQuery, ValueError)) as refusal:
        BARE[name]()

    assert refusal.type is UnscopedQuery or name == "compared with itself"


@pytest.mark.parametrize("name", NAMED)
def test_a_query_with_its_tenant_runs(acme, name):
    fill(acme)

    with tenant_transaction(acme.pk):
        NAMED[name](acme)


def test_related_rows_take_the_tenant_of_their_instance(acme, globex):
    fill(acme)
    fill(globex)

    with tenant_transaction(acme.pk):
        contact = Contact.objects.for_tenant(acme).get()
        values = [identity.value for identity in contact.identities.all()]
        identity = Identity.objects.for_tenant(acme).get()
        names = [identity.contact.name, str(contact.channel), str(Tag.objects.for_tenant(acme).get())]
        contact.name = "new"
        contact.save(update_fields=["name"])
        contact.refresh_from_db()

    assert values == [canary_of(acme)]
    assert names == ["canary-acme", "canary-acme", "canary-acme/canary-acme"]
    assert contact.name == "new"


def test_a_query_of_another_tenant_finds_nothing_behind_the_second_lock(acme, globex):
    fill(acme)
    fill(globex)

    with tenant_transaction(acme.pk):
        assert list(Contact.objects.for_tenant(globex)) == []
        assert [row.tenant_id for row in Contact.objects.across_tenants()] == [acme.pk]


def test_the_refusals_would_fail_without_the_filter(acme, monkeypatch):
    monkeypatch.setattr(TenantQuery, "refuse_unscoped", lambda query: None)

    with tenant_transaction(acme.pk):
        assert BARE["count"]() == 0
        assert BARE["exists"]() is False
