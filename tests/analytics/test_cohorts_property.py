"""After any sequence of news, the table that is read from rollups is what the definitions say of the raw rows."""

import itertools
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.analytics import oracle

BUYERS = ["ann", "ben", "cem", "dot"]
CHANNELS = ["kol", "search", "organic"]
ZONES = ["UTC", "Asia/Shanghai", "America/New_York", "America/Havana", "Australia/Lord_Howe", "America/Sao_Paulo"]
# around them: midnights, changes of the clock, ends of months, a leap day
ANCHORS = [
    datetime(2018, 11, 4, 3, tzinfo=UTC),
    datetime(2024, 1, 31, 16, tzinfo=UTC),
    datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC),
    datetime(2024, 3, 10, 5, tzinfo=UTC),
    datetime(2024, 3, 11, 4, tzinfo=UTC),
]
AGES = [0, 0, 0, 1, 6, 7, 15, 30, 31, 60, 90, 179, 180, 270, 365, 400]
NUDGES = [-86_400, -3_600, -1, -0.4, 0, 0, 0, 0.3, 0.6, 1, 3_600]

instants = st.builds(
    lambda anchor, days, seconds: anchor + timedelta(days=days, seconds=seconds),
    st.sampled_from(ANCHORS),
    st.sampled_from(AGES),
    st.sampled_from(NUDGES),
)
amounts = st.sampled_from(["0.00", "0.01", "5.00", "5.00", "10.00", "40.00", "99.99"])
paid_amounts = st.sampled_from(["0.01", "5.00", "10.00", "40.00"])
buyers = st.sampled_from(BUYERS)
versions = st.integers(0, 3)


def _iso(at: datetime) -> str:
    return at.isoformat()


def _version(number: int) -> str:
    return _iso(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number))


orders = st.fixed_dictionaries(
    {
        "external_id": st.sampled_from([f"o{i}" for i in range(8)]),
        "status": st.sampled_from(["paid", "paid", "paid", "paid", "cancelled", "pending"]),
        "paid_at": instants.map(_iso),
        "updated_at": versions.map(_version),
        "currency": st.just("GBP"),
        "amount": amounts,
        "buyer": buyers.map(lambda buyer: {"shop_buyer_id": buyer}),
    },
    optional={
        "refunds": st.lists(
            st.fixed_dictionaries(
                {
                    "external_id": st.sampled_from(["r1", "r2"]),
                    "amount": paid_amounts,
                    "refunded_at": instants.map(_iso),
                }
            ),
            max_size=2,
            unique_by=lambda refund: refund["external_id"],
        )
    },
)
refunds = st.fixed_dictionaries(
    {
        "external_id": st.sampled_from([f"r{i}" for i in range(6)]),
        "buyer": buyers.map(lambda buyer: {"shop_buyer_id": buyer}),
        "amount": paid_amounts,
        "currency": st.just("GBP"),
        "refunded_at": instants.map(_iso),
        "updated_at": versions.map(_version),
    },
    optional={"order_external_id": st.sampled_from([f"o{i}" for i in range(8)])},
)
acquired = st.fixed_dictionaries({"channel": st.sampled_from(CHANNELS)}, optional={"at": instants.map(_iso)})
contacts = st.fixed_dictionaries({"identities": buyers.map(lambda buyer: {"shop:shop": buyer}), "acquired": acquired})
spends = st.fixed_dictionaries(
    {
        "external_id": st.sampled_from([f"s{i}" for i in range(4)]),
        "channel": st.sampled_from(CHANNELS),
        "amount": st.sampled_from(["0.00", "0.31", "5.00", "20.00", "77.77"]),
        "currency": st.just("GBP"),
    }
).flatmap(
    lambda spend: instants.flatmap(
        lambda at: st.sampled_from(
            [{**spend, "date": f"{at.date()}"}, {**spend, "month": f"{at.date()}"[:7]}],
        )
    )
)
steps = st.one_of(
    st.tuples(st.just("/orders/bulk"), st.lists(orders, min_size=1, max_size=8)),
    st.tuples(st.just("/orders/bulk"), st.lists(orders, min_size=1, max_size=8)),
    st.tuples(st.just("/refunds/bulk"), st.lists(refunds, min_size=1, max_size=3)),
    st.tuples(st.just("/contacts/bulk"), st.lists(contacts, min_size=1, max_size=4)),
    st.tuples(st.just("/acquisition/spend/bulk"), st.lists(spends, min_size=1, max_size=4)),
    st.tuples(st.just("tick"), st.just([])),
)
questions = st.fixed_dictionaries(
    {
        "period": st.sampled_from(["day", "week", "month", "month"]),
        "as_of": st.one_of(instants, st.just(datetime(2026, 11, 21, tzinfo=UTC))),
        "margin": st.sampled_from(["1", "0.5", "0.3333", "0"]),
        "channel": st.sampled_from([None, None, None, "kol", "unattributed"]),
        "split": st.booleans(),
    }
)
counter = itertools.count()


@pytest.mark.usefixtures("transactional_db")
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(
    news=st.lists(steps, min_size=2, max_size=8),
    zone=st.sampled_from(ZONES),
    asked=st.lists(questions, min_size=4, max_size=4),
)
def test_table_equals_the_oracle_after_any_news(news: Any, zone: str, asked: Any) -> None:
    from analytics.selectors.differences import cohort_differences
    from analytics.tasks import tick
    from tenants.context import tenant_transaction
    from tenants.models import Tenant

    tenant = Tenant.objects.create(slug=f"shop-{next(counter)}", name="Shop", timezone=zone, currency="GBP")
    _tell(tenant, news)

    tick()
    with tenant_transaction(tenant.pk):
        world = _world(tenant)
        for question in asked:
            assert _ours(tenant, world, question) == _theirs(world, question)
        assert cohort_differences(tenant=tenant).total == 0
        facts = _facts(tenant)
    tick()
    with tenant_transaction(tenant.pk):
        assert _facts(tenant) == facts


def _tell(tenant: Any, news: Any) -> None:
    from analytics.tasks import tick
    from orders.tasks import tick as orders_tick
    from tests.cast import ApiClient, make_key

    api = ApiClient(make_key(tenant))
    names = {"/orders/bulk": "orders", "/refunds/bulk": "refunds", "/contacts/bulk": "contacts"}
    for path, items in news:
        if path == "tick":
            tick()
            continue
        body = {names.get(path, "spend"): items}
        if path in ("/orders/bulk", "/refunds/bulk"):
            body["source"] = "shop"
        response = api.post(path, body)
        assert response.status_code == 200, response.content
    orders_tick()


def _world(tenant: Any) -> oracle.World:
    from acquisition.models import Spend, Touch
    from contacts.models import Contact
    from orders.models import Order, Refund

    people = {
        pk: oracle.Person(slug or "unattributed")
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


def _theirs(world: oracle.World, question: Any) -> dict[Any, Any]:
    margin = Fraction(question["margin"])
    rows = oracle.table(world, **{**question, "margin": margin})
    for row in rows.values():
        status, *seconds = row["payback"]
        row["payback"] = (status, *(None if second is None else _days(second) for second in seconds))
    return rows


def _days(seconds: int) -> Decimal:
    return (Decimal(seconds) / 86_400).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _ours(tenant: Any, world: oracle.World, question: Any) -> dict[Any, Any]:
    from analytics.cohorts import CohortQuery
    from analytics.selectors.cohorts import cohort_table
    from analytics.selectors.scopes import UnknownChannel

    query = CohortQuery(
        as_of=question["as_of"],
        period=question["period"],
        margin=Decimal(question["margin"]),
        channel=question["channel"],
        split_by_channel=question["split"],
    )
    try:
        table = cohort_table(tenant=tenant, query=query)
    except UnknownChannel:
        return {}
    assert table.rows == tuple(sorted(table.rows, key=lambda row: (row.cohort_date, row.channel or "")))
    for row in table.rows:
        _check_cell(tenant, query, row)
    return {(row.cohort_date, row.channel): _plain(row) for row in table.rows}


def _plain(row: Any) -> dict[str, Any]:
    return {
        "contacts": row.contacts,
        "buyers": row.buyers,
        "cost": row.cost_minor,
        "truncated": row.is_left_truncated,
        "payback": (row.payback.status, row.payback.days, row.payback.sustained_days),
        "slices": {
            name: {
                "net": cell.net_minor,
                "gross": cell.gross_minor,
                "complete": cell.is_complete,
                "mature": cell.mature_contacts,
                "mature_net": cell.mature_net_minor,
            }
            for name, cell in row.slices.items()
        },
    }


def _check_cell(tenant: Any, query: Any, row: Any) -> None:
    """One of the row's cells opens people whose sums are the cell's."""
    from analytics.cohorts import CellQuery, CellSums
    from analytics.selectors.people import cell_sums, contacts_of_cell

    name = list(row.slices)[(row.cohort_date.toordinal() + row.cost_minor) % len(row.slices)]
    cell = row.slices[name]
    asked = CellQuery(
        cohort_date=row.cohort_date, slice=name, as_of=query.as_of, period=query.period, channel=row.channel
    )
    people = contacts_of_cell(tenant=tenant, query=asked)
    assert (len(people), sum(person.net_minor for person in people)) == (row.contacts, cell.net_minor)
    assert sum(person.gross_minor for person in people) == cell.gross_minor
    assert sum(person.is_mature for person in people) == cell.mature_contacts
    assert cell_sums(tenant=tenant, query=asked) == CellSums(
        contacts=len(people),
        buyers=sum(person.purchases > 0 for person in people),
        net_minor=sum(person.net_minor for person in people),
        gross_minor=sum(person.gross_minor for person in people),
    )


def _facts(tenant: Any) -> list[tuple[Any, ...]]:
    from analytics.models import CohortFact

    columns = ("contact_id", "channel_id", "cohort_date", "kind", "happened_at", "amount_minor", "is_first")
    return sorted(CohortFact.objects.for_tenant(tenant).values_list(*columns), key=str)
