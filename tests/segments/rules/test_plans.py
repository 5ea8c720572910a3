"""The plans that keep a rule's cost linear however large the tenant and however stale the statistics."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from tests.orders.test_plans import analyze, tell_owner
from tests.segments.rules.histories import AT

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 3_000
# everybody has a tag, a value, an order and a refund; parameters: tenant, source, tag, attribute, at, people
FILL = """
WITH people AS (
    INSERT INTO contacts_contact (tenant_id, name, phone, email, attributes, acquired_at, created_at, updated_at)
    SELECT %(tenant)s, '', '', '', '{}', %(at)s, %(at)s, %(at)s FROM generate_series(1, %(people)s) RETURNING id
), tags AS (
    INSERT INTO contacts_contacttag (tenant_id, tag_id, contact_id, source, evidence, created_at)
    SELECT %(tenant)s, %(tag)s, id, 'hand', '', %(at)s FROM people
), texts AS (
    INSERT INTO contacts_attributevalue (tenant_id, attribute_id, contact_id, text)
    SELECT %(tenant)s, %(attribute)s, id, 'Bath' FROM people
), sums AS (
    INSERT INTO orders_contactstats (tenant_id, contact_id, purchases, gross_minor, refunded_minor, last_purchase_at)
    SELECT %(tenant)s, id, 1, 100, 0, %(at)s FROM people
), refunds AS (
    INSERT INTO orders_refund (tenant_id, source_id, external_id, origin, order_external_id, is_superseded, contact_id,
                               wait_reason, buyer, refunded_at, currency, amount_minor, base_amount_minor, version_at,
                               content_hash, created_at, updated_at)
    SELECT %(tenant)s, %(source)s, id::text, 'alone', '', false, id, '', '{}', %(at)s, 'GBP', 1, 1, %(at)s, '', %(at)s,
           %(at)s
    FROM people
)
INSERT INTO orders_order (tenant_id, source_id, external_id, contact_id, wait_reason, status, paid_at, currency,
                          amount_minor, discount_minor, shipping_minor, tax_minor, fx_rate, fx_given,
                          base_amount_minor, buyer, attributes, version_at, content_hash, refunds_hash,
                          created_at, updated_at)
SELECT %(tenant)s, %(source)s, id::text, id, '', 'paid', %(at)s, 'GBP', 100, 0, 0, 0, 1, false, 100, '{}', '{}',
       %(at)s, '', '', %(at)s, %(at)s
FROM people
"""
TABLES = [
    *("contacts_contact", "contacts_contacttag", "contacts_attributevalue"),
    *("orders_contactstats", "orders_order", "orders_refund"),
]


@pytest.fixture
def strangers(acme: Any, globex: Any) -> Any:
    """Acme's people and a rule that reads all that is known of them; the statistics know globex's people alone."""
    _fill(globex)
    analyze(*TABLES)
    return acme, _fill(acme)


def test_everybody_is_found_without_reading_any_set_once_for_each_contact(strangers: Any) -> None:
    from segments.rules import compile_rule

    tenant, rule = strangers

    told = _explained(tenant, compile_rule(rule, tenant_id=tenant.pk, at=AT))

    _assert_loops_look_up_by_key(told)


def test_some_contacts_are_looked_up_by_their_keys(strangers: Any) -> None:
    from segments.rules import compile_rule

    tenant, rule = strangers

    told = _explained(tenant, compile_rule(rule, tenant_id=tenant.pk, at=AT, contact_ids=range(1, 101)))

    assert "Join Filter" not in told
    assert "id = k.id" in told
    assert "Seq Scan" not in told
    assert all("contact" in line or "id = " in line for line in told.splitlines() if "Index Cond" in line)


@pytest.fixture
def many_tenants(strangers: Any) -> Iterator[Any]:
    """As if there were a thousand tenants with a few orders and refunds each."""
    bought = ("orders_order", "orders_refund")
    tell_owner(*(f"ALTER TABLE {table} ALTER tenant_id SET (n_distinct = 1000)" for table in bought))
    tell_owner(f"VACUUM ANALYZE {', '.join(TABLES)}")
    yield strangers
    tell_owner(*(f"ALTER TABLE {table} ALTER tenant_id RESET (n_distinct)" for table in bought))


def test_among_a_thousand_small_tenants_people_are_looked_up_by_their_keys_too(many_tenants: Any) -> None:
    from segments.rules import compile_rule

    tenant, rule = many_tenants

    told = _explained(tenant, compile_rule(rule, tenant_id=tenant.pk, at=AT, contact_ids=range(1, 101)))

    assert "orders_refund_by_contact" in told and "orders_order_by_contact" in told
    assert "_by_time" not in told


def test_among_a_thousand_small_tenants_no_set_is_read_once_for_each_contact_either(many_tenants: Any) -> None:
    from segments.rules import compile_rule

    tenant, rule = many_tenants

    told = _explained(tenant, compile_rule(rule, tenant_id=tenant.pk, at=AT))

    _assert_loops_look_up_by_key(told)


def test_edges_are_scanned_by_the_indexes_of_their_instants(strangers: Any) -> None:
    from datetime import timedelta

    from segments.rules import crossed_sql, edges_of

    tenant, rule = strangers

    told = _explained(
        tenant, crossed_sql(edges_of(rule), tenant_id=tenant.pk, since=AT - timedelta(minutes=1), until=AT)
    )

    for index in ("orders_order_by_time", "orders_contactstats_last", "contacts_contact_newest"):
        assert index in told


def _fill(tenant: Any) -> Any:
    from contacts.models import Attribute, Tag, TagGroup
    from orders.models import Source
    from segments.rules import KnownAttribute, KnownNames, parse_rule
    from tenants.context import tenant_transaction

    with tenant_transaction(tenant.pk), connection.cursor() as cursor:
        group = TagGroup.objects.bulk_create([TagGroup(tenant=tenant, name="g")])[0]
        tag = Tag.objects.bulk_create([Tag(tenant=tenant, group=group, name="t")])[0].pk
        attribute = Attribute.objects.bulk_create([Attribute(tenant=tenant, key="c", label="c", kind="text")])[0].pk
        source = Source.objects.bulk_create([Source(tenant=tenant, slug="s", name="s")])[0].pk
        given = {"tag": tag, "attribute": attribute, "source": source}
        cursor.execute(FILL, {"tenant": tenant.pk, "at": AT, "people": PEOPLE, **given})
    leaves = [
        {"type": "tag", "tags": [tag]},
        {"type": "attribute", "attribute": attribute, "op": "eq", "value": "Bath"},
        {"type": "orders", "measure": "net", "op": "gte", "value": "1.00", "days": 90},
        {"type": "last_order", "within_days": 30},
        {"type": "acquired", "within_days": 30},
    ]
    known = KnownNames(currency="GBP", tags={tag: "t"}, attributes={attribute: KnownAttribute("c", "text")})
    return parse_rule({"type": "all", "of": leaves}, known=known)


def _assert_loops_look_up_by_key(told: str) -> None:
    """Only the contacts in all sets and the refunds' orders are looked up one by one."""
    assert "Join Filter" not in told
    assert told.count("Nested Loop") == 2
    assert "id = contacts_contacttag.contact_id" in told
    assert "id = f.order_id" in told


def _explained(tenant: Any, compiled: Any) -> str:
    from segments.planning import by_sets
    from tenants.context import tenant_transaction

    with tenant_transaction(tenant.pk), by_sets(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {compiled.sql}", compiled.params)
        return "\n".join(row[0] for row in cursor.fetchall())
