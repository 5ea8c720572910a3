"""What shops may tell us, drawn so that instants, ages and amounts meet where the definitions draw a line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import accumulate
from typing import Any

from hypothesis import strategies as st

from tests.analytics.oracle import PERIODS, period_end

DAY = 86_400
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
AGES = [0, 0, 0, 600, 3_600, *(days * DAY for days in (0, 1, 6, 7, 7, 15, 30, 30, 31, 60, 90, 179, 180, 270, 365, 400))]
NUDGES = [-DAY, -3_600, -1, -0.4, 0, 0, 0, 0, 0.3, 0.6, 1, 3_600]
# few, so that sums of some equal a cost
AMOUNTS = ["0.01", "5.00", "5.00", "10.00", "40.00"]
LATEST = datetime(2026, 11, 21, tzinfo=UTC)
# who keeps cohort days of their own, so that news touches few of all days
CROWD = 24

# a month begins, and with it a day in the middle of a week
FIRST = datetime(2024, 2, 1, tzinfo=UTC)
# where the search for a payback changes its grain, and the last age of all
SPOTS = [0, 600, 3_600, 7_200, *(days * DAY for days in (1, 2, 3, 7, 8, 30, 31, 90, 365, 400))]
PENCE = [1, 500, 1_000, -1, -500, -1_000]
_MEMBERS = {"kol": BUYERS[:2], "search": BUYERS[2:]}

versions = st.integers(0, 3).map(lambda number: _iso(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)))
buyers = st.sampled_from(BUYERS)
order_numbers = st.sampled_from([f"o{i}" for i in range(8)])
_ECHO_AGES = st.builds(
    lambda days, nudge: days * DAY + nudge,
    st.sampled_from([0, 0, 0, 7, 30, 60, 90, 180, 365]),
    st.sampled_from([0, 0, 0.3, 0.6, 1]),
)
shop_buyers = buyers.map(lambda buyer: {"shop_buyer_id": buyer})


def _iso(at: datetime) -> str:
    return at.isoformat()


@dataclass(frozen=True)
class Telling:
    """A tenant's zone, its news as (path, rows) and the questions asked in the end."""

    zone: str
    news: list[tuple[str, list[Any]]]
    questions: list[dict[str, Any]]


@st.composite
def tellings(draw: Any) -> Telling:
    """Anything that shops may tell; each keeps to one or two anchors, which makes coincidences likely."""
    zone = draw(st.sampled_from(ZONES))
    anchors = tuple(sorted(draw(st.lists(st.sampled_from(ANCHORS), min_size=1, max_size=2, unique=True))))
    crowd = [("/contacts/bulk", _crowd()), ("tick", [])] if draw(st.booleans()) else []
    news = draw(st.lists(_steps(anchors), min_size=2, max_size=8))
    questions = draw(st.lists(_questions(anchors, zone, news), min_size=5, max_size=5))
    return Telling(zone=zone, news=crowd + news, questions=questions)


@st.composite
def earnings(draw: Any) -> Telling:
    """What a cohort brought at a few ages close together, costs that are one of its running sums or a penny off, and
    the paybacks asked for when an age has just been observed of all.
    """
    starts = {buyer: FIRST + timedelta(seconds=draw(st.sampled_from([0, 0, 0.4, 1, 5 * DAY]))) for buyer in BUYERS}
    spots = [0, *draw(st.lists(st.sampled_from(SPOTS), min_size=1, max_size=2))]
    ages = st.builds(
        lambda spot, nudge: max(0, spot + nudge), st.sampled_from(spots), st.sampled_from([-1, 0, 0, 1, 1, 60])
    )
    later = st.lists(st.tuples(ages, st.sampled_from(PENCE), buyers), min_size=3, max_size=8)
    earned = sorted([(0, draw(st.sampled_from([1, 500, 1_000])), BUYERS[0]), *draw(later)])
    margin = draw(st.sampled_from(["1", "0.5", "0.9999"]))
    is_one_channel = draw(st.booleans())
    costs = {}
    for channel, members in _MEMBERS.items():
        sums = list(accumulate(minor for _, minor, buyer in earned if is_one_channel or buyer in members))
        brought = draw(st.sampled_from([total for total in sums if total > 0] or [1]))
        costs[channel] = max(1, int(brought * Decimal(margin)) + draw(st.sampled_from([-1, 0, 0, 0, 1])))
        if is_one_channel:
            break
    period = draw(st.sampled_from(PERIODS))
    ending = period_end(FIRST, period, "UTC")
    observed = st.builds(
        lambda event, nudge: ending + timedelta(seconds=event[0] + nudge),
        st.sampled_from(earned),
        st.sampled_from([-1, -0.000001, 0, 0, 1]),
    )
    asked = {"period": period, "margin": margin, "channel": None, "split": True}
    return Telling(
        zone="UTC",
        news=_earned(starts, earned, costs),
        questions=[{**asked, "as_of": as_of} for as_of in [LATEST, *draw(st.lists(observed, min_size=4, max_size=4))]],
    )


def _earned(
    starts: dict[str, datetime], earned: Sequence[tuple[int, int, str]], costs: dict[str, int]
) -> list[tuple[str, list[Any]]]:
    """Each buyer's touch, what each channel cost, then each sum at its age: a refund where it is negative."""
    touched = [
        {"identities": {"shop:shop": buyer}, "acquired": {"channel": channel, "at": _iso(starts[buyer])}}
        for channel, members in _MEMBERS.items()
        for buyer in members
    ]
    spent = [
        {"external_id": channel, "channel": channel, "date": f"{FIRST.date()}", **_money(minor)}
        for channel, minor in costs.items()
    ]
    orders, refunds = [], []
    for number, (age, minor, buyer) in enumerate(earned):
        at = _iso(starts[buyer] + timedelta(seconds=age))
        row = {"external_id": f"{number}", "buyer": {"shop_buyer_id": buyer}, "updated_at": at, **_money(abs(minor))}
        if minor > 0:
            orders.append({**row, "status": "paid", "paid_at": at})
        else:
            refunds.append({**row, "refunded_at": at})
    told: list[tuple[str, list[Any]]] = [
        ("/contacts/bulk", touched),
        ("/acquisition/spend/bulk", spent),
        ("/orders/bulk", orders),
        ("/refunds/bulk", refunds),
    ]
    return [(path, rows) for path, rows in told if rows]


def _money(minor: int) -> dict[str, str]:
    return {"amount": f"{Decimal(minor) / 100}", "currency": "GBP"}


def _crowd() -> list[dict[str, Any]]:
    first = datetime(2017, 5, 2, 12, tzinfo=UTC)
    return [
        {
            "identities": {"shop:shop": f"crowd-{number}"},
            "acquired": {"channel": "kol", "at": _iso(first + timedelta(days=number))},
        }
        for number in range(CROWD)
    ]


def _instants(moments: Sequence[datetime]) -> st.SearchStrategy[datetime]:
    return st.builds(
        lambda moment, age, nudge: moment + timedelta(seconds=age + nudge),
        st.sampled_from(moments),
        st.sampled_from(AGES),
        st.sampled_from(NUDGES),
    )


@cache
def _steps(anchors: tuple[datetime, ...]) -> st.SearchStrategy[tuple[str, list[Any]]]:
    instants = _instants(anchors).map(_iso)
    told = {
        "/orders/bulk": _orders_and_echoes(instants),
        "/refunds/bulk": st.lists(_refunds(instants), min_size=1, max_size=3),
        "/contacts/bulk": st.lists(_contacts(instants), min_size=1, max_size=4),
        "/acquisition/spend/bulk": st.lists(_spends(anchors), min_size=1, max_size=4),
    }
    steps = [st.tuples(st.just(path), rows) for path, rows in told.items()]
    return st.one_of(steps[0], *steps, st.just(("tick", [])))


@st.composite
def _orders_and_echoes(draw: Any, instants: st.SearchStrategy[str]) -> list[dict[str, Any]]:
    """Orders, of which one may be followed by its buyer's next or its own refund, in the same second or just where a
    slice ends.
    """
    orders: list[dict[str, Any]] = draw(st.lists(_orders(instants), min_size=1, max_size=7))
    echo = draw(st.sampled_from(["", "order", "refund"]))
    if echo:
        heard, after = draw(st.sampled_from(orders)), timedelta(seconds=draw(_ECHO_AGES))
        at = _iso(datetime.fromisoformat(heard["paid_at"]) + after)
        if echo == "order":
            orders.append({**heard, "external_id": draw(order_numbers), "paid_at": at})
        else:
            amount = draw(st.sampled_from(AMOUNTS))
            heard["refunds"] = [{"external_id": "r1", "amount": amount, "refunded_at": at}]
    return orders


def _orders(instants: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    listed = {
        "external_id": st.sampled_from(["r1", "r2"]),
        "amount": st.sampled_from(AMOUNTS),
        "refunded_at": instants,
    }
    return st.fixed_dictionaries(
        {
            "external_id": order_numbers,
            "status": st.sampled_from(["paid", "paid", "paid", "paid", "cancelled", "pending"]),
            "paid_at": instants,
            "updated_at": versions,
            "currency": st.just("GBP"),
            "amount": st.sampled_from(["0.00", *AMOUNTS]),
            "buyer": shop_buyers,
        },
        optional={
            "refunds": st.lists(
                st.fixed_dictionaries(listed), max_size=2, unique_by=lambda refund: str(refund["external_id"])
            )
        },
    )


def _refunds(instants: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "external_id": st.sampled_from([f"r{i}" for i in range(6)]),
            "buyer": shop_buyers,
            "amount": st.sampled_from(AMOUNTS),
            "currency": st.just("GBP"),
            "refunded_at": instants,
            "updated_at": versions,
        },
        optional={"order_external_id": order_numbers},
    )


def _contacts(instants: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    acquired = st.fixed_dictionaries({"channel": st.sampled_from(CHANNELS)}, optional={"at": instants})
    return st.fixed_dictionaries({"identities": buyers.map(lambda buyer: {"shop:shop": buyer}), "acquired": acquired})


def _spends(anchors: Sequence[datetime]) -> st.SearchStrategy[dict[str, Any]]:
    days = _instants(anchors).map(lambda at: at.date().isoformat())
    when = st.one_of(days.map(lambda day: {"date": day}), days.map(lambda day: {"month": day[:7]}))
    spend = {
        "external_id": st.sampled_from([f"s{i}" for i in range(4)]),
        "channel": st.sampled_from(CHANNELS),
        "amount": st.sampled_from(["0.00", "0.31", "5.00", "10.00", "77.77"]),
        "currency": st.just("GBP"),
    }
    return st.builds(lambda row, dated: {**row, **dated}, st.fixed_dictionaries(spend), when)


def _questions(
    anchors: Sequence[datetime], zone: str, news: list[tuple[str, list[Any]]]
) -> st.SearchStrategy[dict[str, Any]]:
    """Questions as of instants at which something happened, matured or was complete, give or take a moment."""
    moments = sorted({*anchors, *_moments(news)})
    ends = sorted({period_end(moment, period, zone) for moment in moments for period in PERIODS})
    as_ofs = st.builds(
        lambda moment, days, nudge: moment + timedelta(days=days, seconds=nudge),
        st.sampled_from(moments) | st.sampled_from(ends),
        st.sampled_from([0, 0, 0, 7, 30, 60, 90, 180, 365]),
        st.sampled_from([-1, 0, 0, 0, 0.000001, 1]),
    )
    days = st.builds(
        lambda day, nudge: day + timedelta(days=nudge),
        st.sampled_from(sorted({moment.date() for moment in moments} | set(_spend_dates(news)))),
        st.sampled_from([-1, 0]),
    )
    return st.fixed_dictionaries(
        {
            "period": st.sampled_from([*PERIODS, "month"]),
            "as_of": as_ofs | as_ofs | st.just(LATEST),
            "margin": st.sampled_from(["1", "0.5", "0.3333", "0"]),
            "channel": st.sampled_from([None, None, None, "kol", "unattributed"]),
            "split": st.booleans(),
            "from_date": st.none() | st.none() | days,
            "to_date": st.none() | st.none() | days,
        }
    )


def _moments(news: list[tuple[str, list[Any]]]) -> Iterator[datetime]:
    for _, rows in news:
        for row in rows:
            for told in (row, row.get("acquired", {}), *row.get("refunds", [])):
                yield from (datetime.fromisoformat(told[at]) for at in ("paid_at", "refunded_at", "at") if at in told)


def _spend_dates(news: list[tuple[str, list[Any]]]) -> Iterator[date]:
    for path, rows in news:
        if path == "/acquisition/spend/bulk":
            yield from (date.fromisoformat(row.get("date") or f"{row['month']}-01") for row in rows)
