"""The invented brand's rows: the same for the same day, and such as a viewer believes."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from contacts.identities import normalise
from scrm.demo.haoweidao import slots
from scrm.demo.haoweidao.channels import BY_SLUG, CHANNELS
from scrm.demo.haoweidao.orders import Order
from scrm.demo.haoweidao.people import WINDOW_DAYS, ZONE
from scrm.demo.haoweidao.world import PEOPLE, World, make_world

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, tzinfo=ZONE)
END = datetime(2026, 11, 21, tzinfo=ZONE)
MANY, FEW = 1_200, 100


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(last_date=DAY, people=MANY)


def rows(world: World, until: datetime = END) -> list[Any]:
    told: Any = {"since": None, "until": until}
    learned = list(world.learned(**told))
    orders = world.order_rows(**told)
    return [world.contact_rows(**told), orders, world.refund_rows(**told), world.spend_rows(), learned]


def value_of(world: World, slug: str, *, days: int) -> Decimal:
    """Net value of one of a channel's people after so many days, of those who are that old."""
    ripe = [one for one in world.people.rows if one.acquired_at < END - timedelta(days=days)]
    held = [one for one in ripe if one.channel.slug == slug]

    def counts(order: Order) -> bool:
        age = order.at - order.person.acquired_at
        return not order.is_cancelled and timedelta(0) <= age <= timedelta(days=days)

    bought = (order for one in held for order in world.by_person[one.number] if counts(order))
    return sum((order.amount - (order.refund or 0) for order in bought), Decimal(0)) / len(held)


def test_the_same_day_gives_the_same_rows_and_another_day_others() -> None:
    first, again = (make_world(last_date=DAY, people=FEW) for _ in range(2))
    next_day = make_world(last_date=DAY + timedelta(days=1), people=FEW)

    assert rows(again) == rows(first)
    assert rows(next_day) != rows(first)
    assert (first.first_date, next_day.first_date) == (date(2025, 9, 21), date(2025, 9, 22))


def test_eight_channels_bring_their_shares(world: World) -> None:
    came = Counter(one.channel.slug for one in world.people.rows)

    assert len(CHANNELS) == 8 and sum(channel.share for channel in CHANNELS) == pytest.approx(1)
    assert came == {channel.slug: round(MANY * channel.share) for channel in CHANNELS}
    assert round(PEOPLE * BY_SLUG["parcel-card"].share) == 4_400


def test_everybody_has_an_identity_of_her_own_and_a_number_that_nobody_has(world: World) -> None:
    people = world.people.rows
    phones = [one.phone for one in people if one.phone]

    assert len({one.unionid for one in people}) == len({one.external_userid for one in people}) == len(people)
    assert len(set(phones)) == len(phones) > MANY / 2
    assert {normalise("phone", phone, region="CN")[:6] for phone in phones} == {"+86160"}


def test_sales_bring_more_people_and_summer_fewer(world: World) -> None:
    by_day = Counter(one.acquired_at.date() for one in world.people.rows)

    def a_day(first: date, last: date) -> float:
        many = (last - first).days + 1
        return sum(by_day[first + timedelta(days=number)] for number in range(many)) / many

    usual = len(world.people.rows) / WINDOW_DAYS
    assert a_day(date(2026, 11, 5), date(2026, 11, 11)) > 1.8 * usual
    assert a_day(date(2026, 6, 10), date(2026, 6, 20)) > 1.3 * usual
    assert a_day(date(2026, 7, 1), date(2026, 8, 20)) < 0.9 * usual


def test_nothing_is_told_before_it_happened(world: World) -> None:
    contacts, orders, refunds, spend, _learned = rows(world, NOON)

    instants = [row["acquired"]["at"] for row in contacts] + [row["refunded_at"] for row in refunds]
    instants += [row["updated_at"] for found in orders.values() for row in found]
    assert max(map(datetime.fromisoformat, instants)) <= NOON
    assert max(row["date"] for row in spend if "date" in row) == "2026-11-19"
    assert len(contacts) < len(world.people.rows)


def test_orders_are_of_people_who_came_but_for_what_a_card_brought_with_it(world: World) -> None:
    early = [order for order in world.orders.rows if order.at < order.person.acquired_at]

    assert {order.person.channel.slug for order in early} == {"parcel-card"}
    assert all(order.number.startswith("TM") and order.known_at == order.person.acquired_at for order in early)
    assert len({order.number for order in world.orders.rows}) == len(world.orders.rows)


def test_some_is_given_back_some_is_cancelled_some_is_not_paid_yet(world: World) -> None:
    _contacts, orders, refunds, _spend, _learned = rows(world)
    found = Counter(row["status"] for row in orders["mini-program"])

    assert 0.02 < len(refunds) / found["paid"] < 0.04
    assert 0.01 < found["cancelled"] / found["paid"] < 0.03
    assert 0 < found["pending"] < 20
    assert all(Decimal(row["amount"]) > 0 for found in orders.values() for row in found)


def test_channels_differ_in_what_they_cost_and_bring(world: World) -> None:
    spent = dict.fromkeys(BY_SLUG, Decimal(0))
    for row in world.spend_rows():
        spent[row["channel"]] += Decimal(row["amount"])
    came = Counter(one.channel.slug for one in world.people.rows)
    cac = {slug: spent[slug] / came[slug] for slug in came}
    roi = {slug: value_of(world, slug, days=90) / cost for slug, cost in cac.items() if cost}

    assert cac["organic"] == 0
    assert all(15 < cost < 90 for slug, cost in cac.items() if slug != "organic")
    assert sorted(roi, key=lambda slug: roi[slug])[:3] == ["live", "douyin", "xiaohongshu"]
    assert roi["live"] < 1 < roi["xiaohongshu"] < min(roi["parcel-card"], roi["referral"], roi["store-code"])
    assert all(0.4 < ratio < 6.5 for ratio in roi.values())
    assert value_of(world, "live", days=330) < cac["live"]


def test_tags_say_what_shows_that_they_are_right(world: World) -> None:
    learned = list(world.learned(since=None, until=END))
    tastes = Counter(one.tag for one in learned if one.tag.startswith("口味/"))

    assert set(tastes) == {"口味/辣", "口味/甜", "口味/咸", "口味/健康"} and min(tastes.values()) > MANY / 20
    assert all(one.evidence.startswith("回答问卷：") == one.is_answer for one in learned)
    assert any(one.evidence == "最近 2 单里有 2 单买了“辣”" for one in learned)


def test_what_is_learned_bit_by_bit_is_what_is_learned_at_once(world: World) -> None:
    days = list(slots.learning_days(last_date=DAY))
    told = {(one.number, one.tag) for one in world.learned(since=None, until=days[0])}
    for since, until in pairwise(days):
        told |= {(one.number, one.tag) for one in world.learned(since=since, until=until)}

    assert {(one.number, one.tag) for one in world.learned(since=None, until=days[-1])} <= told


def test_totals_count_what_the_cohorts_will(world: World) -> None:
    paid = [order for order in world.orders.rows if not order.is_cancelled and order.at >= order.person.acquired_at]
    most = sum((order.amount for order in paid), Decimal(0))

    totals = world.totals(until=END)

    assert totals.contacts == MANY
    assert most * Decimal("0.96") < totals.net < most


def test_the_past_is_looked_at_when_steps_are_due_but_for_one_day() -> None:
    found = list(slots.slots(last_date=DAY, end=NOON))
    first = slots.first_slot(last_date=DAY)
    days = Counter(at.date() for at in found)

    assert first == datetime(2026, 9, 21, 10, tzinfo=ZONE) and found[0] > first and found[-1] == NOON
    assert found == sorted(set(found))
    assert date(2026, 11, 1) not in days and days[date(2026, 11, 2)] == 2
    assert slots.had_outage(
        last_date=DAY, since=datetime(2026, 10, 31, 19, 30, tzinfo=ZONE), until=datetime(2026, 11, 2, 10, tzinfo=ZONE)
    )
    assert sum(at > NOON - timedelta(days=1) for at in found) >= 7


def test_a_load_that_goes_on_days_later_looks_until_then() -> None:
    later = NOON + timedelta(days=3)

    found = list(slots.slots(last_date=DAY, end=later))

    assert found[-1] == later
    assert datetime(2026, 11, 22, 11, 30, tzinfo=UTC) in found
