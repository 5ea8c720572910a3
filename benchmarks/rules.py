"""Four rules, each as the product is told it and as the best SQL by hand; the fourth also person by person.

i: a tag, acquired within 180 days, a city. ii: two orders or more and 300.00 net or more within 90 days. iii: no order
for 30 days. iv: i, or ii and not iii, or one of three channels and 500.00 net or more ever.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

NAMES = ("i", "ii", "iii", "iv")
CITY = "city 7"


def rules(*, tag: int, city: int, channels: list[int]) -> dict[str, Any]:
    """The rules as JSON values."""
    first = [
        {"type": "tag", "tags": [tag]},
        {"type": "acquired", "within_days": 180},
        {"type": "attribute", "attribute": city, "op": "eq", "value": CITY},
    ]
    second = [
        {"type": "orders", "measure": "count", "op": "gte", "value": 2, "days": 90},
        {"type": "orders", "measure": "net", "op": "gte", "value": "300.00", "days": 90},
    ]
    third = {"type": "last_order", "before_days": 30}
    among = [
        {"type": "channel", "channels": channels},
        {"type": "orders", "measure": "net", "op": "gte", "value": "500.00"},
    ]
    fourth = [
        {"type": "all", "of": first},
        {"type": "all", "of": [*second, {"type": "not", "of": third}]},
        {"type": "all", "of": among},
    ]
    made = ({"type": "all", "of": first}, {"type": "all", "of": second}, third, {"type": "any", "of": fourth})
    return dict(zip(NAMES, made, strict=True))


def parameters(*, tenant_id: int, tag: int, city: int, channels: list[int], at: datetime) -> dict[str, Any]:
    """What the statements by hand name."""
    days = {f"ago_{days}": at - timedelta(days=days) for days in (30, 90, 180)}
    return {"tenant": tenant_id, "tag": tag, "attribute": city, "city": CITY, "channels": channels, **days}


# The tags and the values are sets read from their indexes; the tenant is said outright, so that the statistics count.
_FIRST = """
SELECT c.id FROM contacts_contact c
WHERE c.tenant_id = %(tenant)s AND c.acquired_at > %(ago_180)s
  AND c.id IN (SELECT contact_id FROM contacts_contacttag WHERE tenant_id = %(tenant)s AND tag_id = %(tag)s)
  AND c.id IN (SELECT contact_id FROM contacts_attributevalue
               WHERE tenant_id = %(tenant)s AND attribute_id = %(attribute)s AND text = %(city)s)
"""
# One pass over the window's index. Refunds only take away, so that none is read but of who has bought enough.
_BOUGHT_ENOUGH = """
(WITH p AS MATERIALIZED (
    SELECT contact_id, sum(base_amount_minor) AS minor FROM orders_order
    WHERE tenant_id = %(tenant)s AND paid_at > %(ago_90)s AND status = 'paid' AND amount_minor > 0
      AND {contacts}
    GROUP BY contact_id HAVING count(*) >= 2 AND sum(base_amount_minor) >= 30000
), r AS (
    SELECT f.contact_id, sum(f.base_amount_minor) AS minor FROM orders_refund f
    LEFT JOIN orders_order o ON o.tenant_id = f.tenant_id AND o.id = f.order_id
    WHERE f.tenant_id = %(tenant)s AND f.refunded_at > %(ago_90)s AND NOT f.is_superseded
      AND (f.order_id IS NULL OR o.status = 'paid') AND f.contact_id IN (SELECT contact_id FROM p)
    GROUP BY f.contact_id
)
SELECT p.contact_id FROM p LEFT JOIN r ON r.contact_id = p.contact_id
WHERE p.minor - coalesce(r.minor, 0) >= 30000)
"""
# Who has bought enough and lately: the sums to date say who cannot have, so that fewer are grouped.
_LATELY = """contact_id IN (
          SELECT contact_id FROM orders_contactstats
          WHERE tenant_id = %(tenant)s AND last_purchase_at > %(ago_30)s AND purchases >= 2 AND gross_minor >= 30000)"""
_THIRD = """
SELECT contact_id FROM orders_contactstats WHERE tenant_id = %(tenant)s AND last_purchase_at <= %(ago_30)s
"""
_AMONG = """
SELECT s.contact_id FROM orders_contactstats s
WHERE s.tenant_id = %(tenant)s AND s.gross_minor - s.refunded_minor >= 50000
  AND s.contact_id IN (SELECT id FROM contacts_contact
                       WHERE tenant_id = %(tenant)s AND channel_id = ANY(%(channels)s))
"""
BY_HAND = {
    "i": _FIRST,
    "ii": _BOUGHT_ENOUGH.format(contacts="contact_id IS NOT NULL"),
    "iii": _THIRD,
    "iv": " UNION ".join([_FIRST, _BOUGHT_ENOUGH.format(contacts=_LATELY), _AMONG]),
}

# Person by person: one statement for what is known of the contact, one for the orders, one for the refunds; planned
# once. Parameters: tenant, contact, instants, then for the first tag, attribute, city and channels.
_PREPARE = """
SET LOCAL plan_cache_mode = force_generic_plan;
PREPARE person (bigint, bigint, timestamptz, timestamptz, bigint, bigint, text, bigint[]) AS
SELECT c.acquired_at > $3, c.channel_id = ANY($8), s.gross_minor - s.refunded_minor,
       coalesce(s.last_purchase_at <= $4, false),
       EXISTS (SELECT FROM contacts_contacttag t WHERE t.tenant_id = $1 AND t.tag_id = $5 AND t.contact_id = $2),
       EXISTS (SELECT FROM contacts_attributevalue v
               WHERE v.tenant_id = $1 AND v.attribute_id = $6 AND v.contact_id = $2 AND v.text = $7)
FROM contacts_contact c
LEFT JOIN orders_contactstats s ON s.tenant_id = $1 AND s.contact_id = $2
WHERE c.tenant_id = $1 AND c.id = $2;
PREPARE bought (bigint, bigint, timestamptz) AS
SELECT count(*), coalesce(sum(base_amount_minor), 0) FROM orders_order
WHERE tenant_id = $1 AND contact_id = $2 AND paid_at > $3 AND status = 'paid' AND amount_minor > 0;
PREPARE returned (bigint, bigint, timestamptz) AS
SELECT coalesce(sum(f.base_amount_minor), 0) FROM orders_refund f
LEFT JOIN orders_order o ON o.tenant_id = $1 AND o.id = f.order_id
WHERE f.tenant_id = $1 AND f.contact_id = $2 AND f.refunded_at > $3 AND NOT f.is_superseded
  AND (f.order_id IS NULL OR o.status = 'paid')
"""
_PERSON = """
EXECUTE person (%(tenant)s, %(contact)s, %(ago_180)s, %(ago_30)s, %(tag)s, %(attribute)s, %(city)s, %(channels)s)
"""
_BOUGHT = "EXECUTE bought (%(tenant)s, %(contact)s, %(ago_90)s)"
_RETURNED = "EXECUTE returned (%(tenant)s, %(contact)s, %(ago_90)s)"


def whom_iv_finds(cursor: Any, contact_ids: Iterable[int], asked: dict[str, Any]) -> list[int]:
    """Rule iv asked person by person, three short statements each."""
    cursor.execute(_PREPARE)
    found = [contact_id for contact_id in contact_ids if _is_found(cursor, {**asked, "contact": contact_id})]
    cursor.execute("DEALLOCATE ALL")
    return found


def _is_found(cursor: Any, asked: dict[str, Any]) -> bool:
    cursor.execute(_PERSON, asked)
    is_new, came_so, net, has_lapsed, is_tagged, lives_there = cursor.fetchone()
    cursor.execute(_BOUGHT, asked)
    purchases, minor = cursor.fetchone()
    cursor.execute(_RETURNED, asked)
    (returned,) = cursor.fetchone()
    first = is_tagged and is_new and lives_there
    second = purchases >= 2 and minor - returned >= 30_000 and not has_lapsed
    return bool(first or second or (came_so and (net or 0) >= 50_000))
