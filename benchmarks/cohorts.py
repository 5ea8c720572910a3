"""Reading the cohort board beside the usual join query, and what keeping it fresh costs.

SIZE=contacts (default 200,000; five orders each).
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from analytics.ages import SLICE_DAYS
from benchmarks.figures import Figure
from benchmarks.place import make_place
from benchmarks.sizes import asked_size

SIZE = asked_size(200_000)
CHANNELS = 20
AS_OF = datetime(2026, 11, 21, 9, 37, tzinfo=UTC)  # in mid-day: some days are mature in part
DAY = date(2026, 3, 3)
AFTERWARDS = "board, first read after all rollups were written anew"
USUAL_AFTERWARDS = "usual query, month, after that"
USUAL_SPLIT = "usual query, month by channel"

# 541 cohort days; a fifth by touch; times of later orders crowd the early ages; 3 % of orders are refunded
FILL = """
INSERT INTO acquisition_channel (tenant_id, slug, name, is_paid, created_at)
SELECT %(tenant)s, 'channel-' || n, 'Channel ' || n, NULL, now() FROM generate_series(1, %(channels)s) AS n;
INSERT INTO acquisition_spend (tenant_id, external_id, channel_id, period, date, kind, amount_minor, currency,
                               base_amount_minor, created_at, updated_at)
SELECT %(tenant)s, c.id || '-' || d::date, c.id, 'day', d::date, 'ads', m, 'GBP', m, now(), now()
FROM acquisition_channel c
CROSS JOIN generate_series('2025-05-30'::date, '2026-11-20'::date, '1 day') AS d
CROSS JOIN LATERAL (SELECT (500 + random() * 750000 * %(size)s / 500000)::bigint AS m) AS s
WHERE c.tenant_id = %(tenant)s;
INSERT INTO orders_source (tenant_id, slug, name, unknown_buyer) VALUES (%(tenant)s, 'bench', 'bench', 'create');
INSERT INTO contacts_contact (tenant_id, name, phone, email, attributes, first_touch_at, first_purchase_at,
                              acquired_at, acquired_date, channel_id, created_at, updated_at)
SELECT %(tenant)s, '', '', '', '{}', CASE WHEN n %% 5 = 0 THEN at END, NULL, at, (at AT TIME ZONE 'UTC')::date,
       CASE WHEN n %% 21 > 0
            THEN (SELECT min(id) FROM acquisition_channel WHERE tenant_id = %(tenant)s) + n %% 21 - 1 END,
       now(), now()
FROM generate_series(1, %(size)s) AS n
CROSS JOIN LATERAL (SELECT '2025-05-30 00:00+00'::timestamptz
                           + floor(random() * 539.9 * 86400 + n * 0) * interval '1 second' AS at) AS t;
INSERT INTO orders_order (tenant_id, source_id, external_id, contact_id, wait_reason, status, paid_at, currency,
                          amount_minor, discount_minor, shipping_minor, tax_minor, fx_rate, fx_given,
                          base_amount_minor, buyer, attributes, version_at, content_hash, refunds_hash,
                          created_at, updated_at)
SELECT %(tenant)s, (SELECT id FROM orders_source WHERE tenant_id = %(tenant)s), c.id || '-' || k, c.id, '',
       CASE WHEN (c.id + k) %% 40 = 0 THEN 'cancelled' ELSE 'paid' END, at, 'GBP', m, 0, 0, 0, 1, false, m, '{}', '{}',
       at, '', '', now(), now()
FROM contacts_contact c
CROSS JOIN generate_series(1, 5) AS k
CROSS JOIN LATERAL (
    SELECT c.acquired_at + CASE WHEN k = 1 AND c.first_touch_at IS NULL THEN interval '0'
           ELSE least(floor(power(random(), 3) * 400 * 86400 + c.id * 0) * interval '1 second',
                      '2026-11-20 23:59:59+00' - c.acquired_at) END AS at,
           (500 + random() * 10000 + c.id * 0)::bigint AS m) AS o
WHERE c.tenant_id = %(tenant)s;
INSERT INTO orders_refund (tenant_id, source_id, origin, external_id, order_id, order_external_id, contact_id,
                           wait_reason, is_superseded, buyer, currency, amount_minor, base_amount_minor, refunded_at,
                           version_at, content_hash, created_at, updated_at)
SELECT tenant_id, source_id, 'order', external_id, id, external_id, contact_id, '', false, '{}', 'GBP', amount_minor,
       base_amount_minor, least(paid_at + interval '3 days', '2026-11-20 23:59:59+00'), paid_at, '', now(), now()
FROM orders_order WHERE tenant_id = %(tenant)s AND id %% 33 = 0;
UPDATE contacts_contact c SET first_purchase_at = (
    SELECT min(o.paid_at) FROM orders_order o
    WHERE o.tenant_id = %(tenant)s AND o.contact_id = c.id AND o.status = 'paid' AND o.amount_minor > 0)
WHERE c.tenant_id = %(tenant)s;
"""
# where the first order was cancelled, nobody was acquired then
SETTLE = """
UPDATE contacts_contact SET acquired_at = coalesce(first_touch_at, first_purchase_at),
       acquired_date = (coalesce(first_touch_at, first_purchase_at) AT TIME ZONE 'UTC')::date
WHERE tenant_id = %(tenant)s AND acquired_at IS DISTINCT FROM coalesce(first_touch_at, first_purchase_at)
"""
# The usual query: month × channel, six horizons, bigint cents, interval arithmetic; at each horizon the net, so refunds
# too, and the orders.
_HORIZONS = ",\n       ".join(
    f"""sum(o.m) FILTER (WHERE o.at <= c.acquired_at + interval '{days} days'),
       count(o.id) FILTER (WHERE o.at <= c.acquired_at + interval '{days} days')"""
    for days in SLICE_DAYS.values()
)
USUAL = f"""
SELECT date_trunc('month', c.acquired_date), c.channel_id, count(*),
       {_HORIZONS}
FROM contacts_contact c
JOIN (SELECT contact_id, paid_at AS at, base_amount_minor AS m, id FROM orders_order
      WHERE tenant_id = %(tenant)s AND status = 'paid' AND amount_minor > 0
      UNION ALL
      SELECT r.contact_id, refunded_at, -r.base_amount_minor, NULL
      FROM orders_refund r LEFT JOIN orders_order p ON p.tenant_id = r.tenant_id AND p.id = r.order_id
      WHERE r.tenant_id = %(tenant)s AND NOT is_superseded AND (r.order_id IS NULL OR p.status = 'paid')) o
  ON o.contact_id = c.id AND o.at >= c.acquired_at
WHERE c.tenant_id = %(tenant)s
GROUP BY 1, 2
"""
MONTHLY = USUAL.replace("c.channel_id, ", "").replace("GROUP BY 1, 2", "GROUP BY 1")


def run(*, rounds: int) -> list[Figure]:
    """Measure reading and rebuilding on a tenant of SIZE contacts."""
    make_place()
    tenant = filled_tenant()
    read = [one_round(tenant) for _ in range(rounds + 1)][1:]  # the first warms up
    rebuilt = [one_rebuild(tenant) for _ in range(rounds + 1)][1:]
    times = {name: [each[name] for each in found] for found in (read, rebuilt) for name in found[0]}
    ratios = [
        ratio("board / usual query", times["board"], times["usual query, month"], goal=0.05),
        ratio(f"{AFTERWARDS} / usual query", times[AFTERWARDS], times[USUAL_AFTERWARDS]),
        ratio("board by channel / usual query", times["board by channel"], times[USUAL_SPLIT], goal=0.05),
        ratio("board at a past as-of / usual query", times["board at a past as-of"], times["usual query, month"]),
        ratio("channel board / usual query", times["channel board"], times[USUAL_SPLIT]),
        ratio(
            "one dirty day / usual query",
            times["rollups of one day"],
            times[USUAL_AFTERWARDS],
            goal=0.005,
        ),
        ratio("all rollups / usual query", times["all rollups"], times[USUAL_AFTERWARDS], goal=0.6),
    ]
    anew = timed(tenant, lambda: rebuild_anew(tenant))
    everything = timed(tenant, lambda: rebuild_everything(tenant))
    figures = [Figure(f"{name} ({SIZE:,} contacts)", "ms", values, better="less") for name, values in times.items()]
    return [
        *ratios,
        *figures,
        Figure("all rollups, deleted and written anew", "ms", [anew], better="less"),
        Figure("everything from the rows", "ms", [everything], better="less"),
    ]


def ratio(name: str, ours: Sequence[float], theirs: Sequence[float], goal: float | None = None) -> Figure:
    """Ours over theirs, round by round."""
    return Figure(name, "", [a / b for a, b in zip(ours, theirs, strict=True)], goal, better="less")


def one_round(tenant: Any) -> dict[str, float]:
    """Each way of reading once, in turn; nothing is written meanwhile. Units: milliseconds."""
    past = datetime(2026, 5, 17, 9, tzinfo=UTC)
    return {
        "usual query, month": timed(tenant, lambda: query(MONTHLY, tenant)),
        "board": timed(tenant, lambda: board(tenant)),
        USUAL_SPLIT: timed(tenant, lambda: query(USUAL, tenant)),
        "board by channel": timed(tenant, lambda: board(tenant, split_by_channel=True)),
        "board at a past as-of": timed(tenant, lambda: board(tenant, as_of=past)),
        "channel board": timed(tenant, lambda: channels(tenant)),
    }


# every row of some days says something else than the facts, so that all of them must be written
SPOIL = """
UPDATE analytics_cohortrollup SET gross_minor = gross_minor + 1
WHERE tenant_id = %(tenant)s AND (%(day)s::date IS NULL OR cohort_date = %(day)s);
UPDATE analytics_wholerollup SET gross_minor = gross_minor + 1
WHERE tenant_id = %(tenant)s AND (%(day)s::date IS NULL OR cohort_date = %(day)s);
UPDATE analytics_cohortage SET gross_minor = gross_minor + 1
WHERE tenant_id = %(tenant)s AND (%(day)s::date IS NULL OR cohort_date = %(day)s)
"""


def one_rebuild(tenant: Any) -> dict[str, float]:
    """Freshness: the rollups of a day and of all, where none of them is right, and of all where all are right; the
    facts of a day's contacts and of one; the board as read first after all that, and the usual query. Units:
    milliseconds.
    """
    from django.db import connections

    from analytics.models import CohortFact
    from analytics.services.facts import rebuild_facts
    from analytics.services.rollups import rebuild_rollups

    with inside(tenant):
        of_day = CohortFact.objects.for_tenant(tenant).filter(cohort_date=DAY)
        contact_ids = sorted(set(of_day.values_list("contact_id", flat=True)))
    found = {}
    for name, day in (("rollups of one day", DAY), ("all rollups", None)):
        spoil(tenant, day)
        days = {DAY} if day else None
        found[name] = timed(tenant, lambda days=days: rebuild_rollups(tenant=tenant, days=days))  # type: ignore[misc]
    steps: dict[str, Callable[[], Any]] = {
        "all rollups, none wrong": lambda: rebuild_rollups(tenant=tenant),
        f"facts of one day's {len(contact_ids)} contacts": lambda: rebuild_facts(
            tenant=tenant, contact_ids=contact_ids
        ),
        "facts of one contact": lambda: rebuild_facts(tenant=tenant, contact_ids=contact_ids[:1]),
    }
    found |= {name: timed(tenant, step) for name, step in steps.items()}
    analyze(connections)  # as autovacuum does in time: the rebuilds left dead rows
    found[AFTERWARDS] = timed(tenant, lambda: board(tenant))
    found[USUAL_AFTERWARDS] = timed(tenant, lambda: query(MONTHLY, tenant))
    return found


def spoil(tenant: Any, day: date | None) -> None:
    """Make the rollups of a day, or all, wrong."""
    from django.db import connection

    with inside(tenant), connection.cursor() as cursor:
        for statement in SPOIL.split(";"):
            cursor.execute(statement, {"tenant": tenant.pk, "day": day})


def rebuild_anew(tenant: Any) -> None:
    """All rollups, as if there were none."""
    from analytics.models import CohortAge, CohortRollup, WholeRollup
    from analytics.services.rollups import rebuild_rollups

    for model in (CohortRollup, WholeRollup, CohortAge):
        model.objects.for_tenant(tenant).delete()
    rebuild_rollups(tenant=tenant)


def rebuild_everything(tenant: Any) -> None:
    """All facts, lives and rollups from contacts, orders and refunds."""
    from analytics.services.refresh import rebuild_cohorts

    rebuild_cohorts(tenant=tenant)


def board(tenant: Any, **asked: Any) -> Any:
    """Read the table as the board does."""
    from analytics.cohorts import CohortQuery
    from analytics.selectors.cohorts import cohort_table

    return cohort_table(tenant=tenant, query=CohortQuery(**{"as_of": AS_OF, **asked}))


def channels(tenant: Any) -> Any:
    """Read the channel board."""
    from analytics.channels import ChannelQuery
    from analytics.selectors.channels import channel_board

    return channel_board(tenant=tenant, query=ChannelQuery(as_of=AS_OF))


def query(statement: str, tenant: Any) -> list[tuple[Any, ...]]:
    """Run one statement and fetch all of it."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, {"tenant": tenant.pk})
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def timed(tenant: Any, step: Callable[[], Any]) -> float:
    """Run one step in a transaction of its own. Units: milliseconds."""
    with inside(tenant):
        started = time.perf_counter()
        step()
        return (time.perf_counter() - started) * 1000


@contextmanager
def inside(tenant: Any) -> Iterator[None]:
    """Open the tenant's transaction."""
    from tenants.context import tenant_transaction

    with tenant_transaction(tenant.pk):
        yield


def filled_tenant() -> Any:
    """Make a tenant with contacts, orders, refunds and spend, by SQL, and its cohorts."""
    from django.db import connection, connections

    from analytics.services.refresh import rebuild_cohorts
    from tenants.models import Tenant

    tenant = Tenant.objects.create(slug="bench", name="Bench", timezone="UTC", currency="GBP")
    parameters = {"tenant": tenant.pk, "size": SIZE, "channels": CHANNELS}
    with inside(tenant), connection.cursor() as cursor:
        for statement in FILL.split(";\n"):
            if statement.strip():
                cursor.execute(statement, parameters)
        cursor.execute(SETTLE, parameters)
    analyze(connections)
    with inside(tenant):
        rebuild_cohorts(tenant=tenant)
    analyze(connections)
    return tenant


def analyze(connections: Any) -> None:
    """Give the planner its statistics."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
