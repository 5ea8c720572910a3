"""People with tags, a city, a channel and orders: one large tenant, and others that hold as many or fewer together.

Laid down as rows, past the foreign keys' triggers and row security, so that millions take minutes.
"""

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import psycopg2
import psycopg2.extensions
import psycopg2.extras

from tests.environment import TestRun

AS_OF = datetime(2026, 11, 21, tzinfo=UTC)
OTHERS = 99
ORDERS_EACH, TAGS_EACH = 5, 3
TAGS, CITIES, CHANNELS = 30, 18, 20
FIRST_DAY = datetime(2025, 5, 30, tzinfo=UTC)

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华建文玉兰红梅国志斌宇浩然子涵梓轩欣怡雨晨佳琪思源嘉诚博文"

# parameters of all: tenants (the large one first), its size, beside (people of the others), and the counts above
NAMES = """
INSERT INTO contacts_taggroup (tenant_id, name) SELECT t, 'group' FROM unnest(%(tenants)s::bigint[]) AS t;
INSERT INTO contacts_tag (tenant_id, group_id, name)
SELECT g.tenant_id, g.id, 'tag ' || n FROM contacts_taggroup g, generate_series(1, %(tags)s) AS n ORDER BY 1, n;
INSERT INTO contacts_attribute (tenant_id, key, label, kind, choices, position)
SELECT t, 'city', 'City', 'text', '[]', 0 FROM unnest(%(tenants)s::bigint[]) AS t;
INSERT INTO acquisition_channel (tenant_id, slug, name, is_paid, created_at)
SELECT t, 'channel-' || n, 'Channel ' || n, NULL, now()
FROM unnest(%(tenants)s::bigint[]) AS t, generate_series(1, %(channels)s) AS n ORDER BY t, n;
INSERT INTO orders_source (tenant_id, slug, name, unknown_buyer)
SELECT t, 'bench', 'bench', 'create' FROM unnest(%(tenants)s::bigint[]) AS t
"""
# ids follow the instant of acquisition, the large tenant's before the others'
CONTACTS = """
INSERT INTO contacts_contact (tenant_id, name, phone, email, attributes, first_touch_at, acquired_at, acquired_date,
                              channel_id, created_at, updated_at)
SELECT tenant_id, substr(%(surnames)s, 1 + floor(random() * length(%(surnames)s))::int, 1)
                  || substr(%(given)s, 1 + floor(random() * (length(%(given)s) - 1))::int, 1 + n %% 2),
       '', '', '{}', at, at, (at AT TIME ZONE 'UTC')::date,
       (SELECT min(id) FROM acquisition_channel) + place * %(channels)s + floor(random() * %(channels)s)::bigint,
       at, at
FROM (
    SELECT n, place, (%(tenants)s::bigint[])[1 + place] AS tenant_id,
           %(first_day)s + floor(random() * extract(epoch FROM %(as_of)s - %(first_day)s)) * interval '1 second' AS at
    FROM (SELECT n, CASE WHEN n <= %(size)s THEN 0 ELSE 1 + n %% %(others)s END AS place
          FROM generate_series(1, %(size)s + %(beside)s) AS n) AS numbered
) AS people
ORDER BY tenant_id <> (%(tenants)s::bigint[])[1], at
"""
TAGGED = """
INSERT INTO contacts_contacttag (tenant_id, tag_id, contact_id, source, evidence, created_at)
SELECT c.tenant_id, (SELECT min(id) FROM contacts_tag WHERE tenant_id = c.tenant_id)
       + (c.number + k * (%(tags)s / %(tags_each)s)) %% %(tags)s, c.id, 'hand', '', c.created_at
FROM (SELECT *, floor(random() * %(tags)s)::bigint AS number FROM contacts_contact) c,
     generate_series(0, %(tags_each)s - 1) AS k
"""
VALUED = """
INSERT INTO contacts_attributevalue (tenant_id, attribute_id, contact_id, text)
SELECT c.tenant_id, a.id, c.id, 'city ' || floor(random() * %(cities)s)::int
FROM contacts_contact c JOIN contacts_attribute a ON a.tenant_id = c.tenant_id
"""
# in the order in which they were paid; some people buy much, a few nothing; the large tenant's have the even numbers,
# 1 of 20 of them is cancelled
ORDERS = """
INSERT INTO orders_order (tenant_id, source_id, external_id, contact_id, wait_reason, status, paid_at, currency,
                          amount_minor, discount_minor, shipping_minor, tax_minor, fx_rate, fx_given,
                          base_amount_minor, buyer, attributes, version_at, content_hash, refunds_hash,
                          created_at, updated_at)
SELECT b.tenant_id, s.id, 'order ' || n, b.id, '', CASE WHEN n %% 40 = 0 THEN 'cancelled' ELSE 'paid' END, at, 'GBP',
       minor, 0, 0, 0, 1, false, minor, '{}', '{}', at, md5(n::text), '', at, at
FROM (
    SELECT n, c.tenant_id, c.id,
           c.acquired_at + floor(power(random(), 1.8) * extract(epoch FROM %(as_of)s - c.acquired_at))
                           * interval '1 second' AS at,
           (1000 + power(random(), 2) * 26000)::bigint AS minor
    FROM (SELECT n, (SELECT min(id) FROM contacts_contact) + skipped
                    + (floor(people * power(random(), 1.7))::bigint * 7919 + 13) %% people AS contact_id
          FROM (VALUES (2, 0::bigint, %(size)s::bigint), (1, %(size)s, %(beside)s)) AS part(first, skipped, people),
               generate_series(first, 2 * %(orders_each)s * people, 2) AS n OFFSET 0) AS drawn
    JOIN contacts_contact c ON c.id = drawn.contact_id
) AS b
JOIN orders_source s ON s.tenant_id = b.tenant_id
ORDER BY at
"""
REFUNDS = """
INSERT INTO orders_refund (tenant_id, source_id, origin, external_id, order_id, order_external_id, contact_id,
                           wait_reason, is_superseded, buyer, currency, amount_minor, base_amount_minor, refunded_at,
                           version_at, content_hash, created_at, updated_at)
SELECT tenant_id, source_id, 'order', external_id, id, external_id, contact_id, '', false, '{}', 'GBP',
       amount_minor / 2, amount_minor / 2, least(paid_at + interval '3 days', %(as_of)s), paid_at, '', paid_at, paid_at
FROM orders_order WHERE id %% 33 = 0
"""
STATS = """
INSERT INTO orders_contactstats (tenant_id, contact_id, purchases, gross_minor, refunded_minor, first_purchase_at,
                                 last_purchase_at)
SELECT o.tenant_id, o.contact_id, count(*), sum(o.base_amount_minor), coalesce(max(r.minor), 0), min(o.paid_at),
       max(o.paid_at)
FROM orders_order o
LEFT JOIN (
    SELECT f.contact_id, sum(f.base_amount_minor) AS minor
    FROM orders_refund f JOIN orders_order o ON o.id = f.order_id AND o.status = 'paid' GROUP BY 1
) r ON r.contact_id = o.contact_id
WHERE o.status = 'paid'
GROUP BY 1, 2
"""
FILL = [*NAMES.split(";\n"), CONTACTS, TAGGED, VALUED, ORDERS, REFUNDS, STATS]


def make_population(
    place: TestRun,
    *,
    size: int,
    others: int = OTHERS,
    beside: int | None = None,
    orders_each: int = ORDERS_EACH,
    more: Sequence[str] = (),
) -> list[Any]:
    """Make a tenant of so many contacts, and `others` that have `beside` of them together, as many unless told.

    `more`: statements for what else they have. Shape: the tenants, the large one first; its tags, channels and so on
    are the first rows of their tables.
    """
    from tenants.models import Tenant

    money: dict[str, str] = {"timezone": "UTC", "currency": "GBP"}
    tenants = [Tenant.objects.create(slug=f"bench-{n}", name=f"Bench {n}", **money) for n in range(1 + others)]
    parameters = {
        "tenants": [tenant.pk for tenant in tenants],
        "size": size,
        "others": others,
        "beside": size if beside is None else beside,
        "surnames": SURNAMES,
        "given": GIVEN,
        "as_of": AS_OF,
        "first_day": FIRST_DAY,
        "orders_each": orders_each,
        "tags_each": TAGS_EACH,
        "tags": TAGS,
        "cities": CITIES,
        "channels": CHANNELS,
    }
    psycopg2.extensions.set_wait_callback(psycopg2.extras.wait_select)  # Ctrl-C ends a statement of minutes at once
    try:
        with closing(_administrator(place)) as administrator, administrator.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica; SET work_mem = '256MB'; SELECT setseed(0.5)")
            for statement in [*FILL, *more]:
                cursor.execute(statement, parameters)
            cursor.execute("VACUUM (ANALYZE)")
    finally:
        psycopg2.extensions.set_wait_callback(None)
    return tenants


def _administrator(place: TestRun) -> Any:
    """A connection that no trigger and no policy stops."""
    from django.conf import settings

    from scrm.servers import provision

    url = provision.address(place.administrator_url(), database=str(settings.DATABASES["default"]["NAME"]))
    connection = psycopg2.connect(url)
    connection.autocommit = True
    return connection
