"""The brand's people: who they are, how and when they came, what they like and answered. Pure."""

import random
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from itertools import accumulate
from zoneinfo import ZoneInfo

from scrm.demo.haoweidao.channels import CHANNELS, Channel
from scrm.demo.haoweidao.goods import TASTES
from scrm.demo.haoweidao.seasons import HOURS, arrival_weight, sale_of

SEED = "haoweidao"
ZONE = ZoneInfo("Asia/Shanghai")
WINDOW_DAYS = 426  # 14 months
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = (
    "梓涵 雨桐 欣怡 子轩 浩然 思远 佳怡 晓彤 静怡 俊杰 志强 建国 秀英 桂兰 丽华 海燕 文博 嘉琪 诗涵 宇航 明哲 若曦"
    " 雅婷 婷婷 晨曦 可欣 一诺 子墨 淑珍 玉梅 国强 红梅 晓东 小雨 天佑 乐怡 敏 磊 娟 勇 艳 涛 洁 超 霞 平 刚 静 颖 斌"
).split()
CITIES = "上海 杭州 北京 广州 深圳 成都 苏州 南京 武汉 长沙 宁波 合肥 郑州".split()
CITY_WEIGHTS = (14, 13, 10, 9, 9, 8, 7, 7, 6, 5, 4, 4, 4)
CHILD_AGES = ("没有孩子", "0-3 岁", "4-6 岁", "7-12 岁", "13 岁以上")
CHILD_WEIGHTS = (40, 15, 18, 18, 9)
PEOPLE_TAGS = ("宝妈宝爸", "上班族", "学生", "银发")


@dataclass(frozen=True, kw_only=True, eq=False)
class Person:
    """One person. `loyalty`: the chance to come back after an order; `favourite`: the taste most of her orders have.

    `attributes` are what she told of herself; `answered_at` when she answered what she likes, `refused_at` when she
    refused messages.
    """

    number: int
    name: str
    phone: str
    unionid: str
    external_userid: str
    channel: Channel
    acquired_at: datetime
    favourite: str
    loyalty: float
    cycle_days: float
    group: str
    attributes: dict[str, object] = field(default_factory=dict)
    answered_at: datetime | None = None
    refused_at: datetime | None = None

    def dice(self, purpose: str) -> random.Random:
        """Dice of this person for one purpose, the same each time."""
        return dice(f"{self.number}/{purpose}")


def dice(purpose: str) -> random.Random:
    """Dice that fall the same way each time."""
    return random.Random(f"{SEED}/{purpose}")  # noqa: S311 - invented data, no secret


def make_people(*, count: int, last_date: date) -> list[Person]:
    """Invent so many people who came until the end of a day, oldest first."""
    moments = sorted(
        ((at, channel.slug, channel) for channel in CHANNELS for at in _moments(channel, count, last_date)),
        key=lambda one: one[:2],
    )
    return [_person(number, channel, at) for number, (at, _slug, channel) in enumerate(moments, start=1)]


def moment_of(day: date, thrown: random.Random) -> datetime:
    """An instant of a day of the brand's zone, by the rhythm of hours."""
    hour = thrown.choices(range(24), HOURS)[0]
    return datetime.combine(day, time(hour, thrown.randrange(60), thrown.randrange(60)), ZONE)


def _moments(channel: Channel, count: int, last_date: date) -> Iterator[datetime]:
    """When the people of a channel came: evenly spread over the weights of the days, then by the hour."""
    first = last_date - timedelta(days=WINDOW_DAYS - 1)
    days = [first + timedelta(days=place) for place in range(WINDOW_DAYS)]
    edges = list(accumulate(_weight(channel, day, place / (WINDOW_DAYS - 1)) for place, day in enumerate(days)))
    many, thrown = round(count * channel.share), dice(f"moments/{channel.slug}/{last_date}")
    for place in range(many):
        at = edges[-1] * (place + thrown.random()) / many
        yield moment_of(days[min(bisect(edges, at), WINDOW_DAYS - 1)], thrown)


def _weight(channel: Channel, day: date, progress: float) -> float:
    lift = channel.sale_lift if sale_of(day) else 1.0
    return float(arrival_weight(day) * lift * (1 + (channel.trend - 1) * progress))


def _person(number: int, channel: Channel, at: datetime) -> Person:
    thrown = dice(f"{number}/{channel.slug}")
    group = thrown.choices(PEOPLE_TAGS, (38, 34, 14, 14))[0]
    child = thrown.choices(CHILD_AGES[1:], CHILD_WEIGHTS[1:])[0] if group == "宝妈宝爸" else CHILD_AGES[0]
    weights = {"宝妈宝爸": (20, 32, 20, 28), "上班族": (34, 20, 30, 16), "学生": (42, 26, 26, 6)}
    key = sha256(f"{SEED}/{number}".encode()).hexdigest()
    has_phone = channel.slug in ("parcel-card", "store-code") or thrown.random() < 0.55
    answers, refuses = thrown.random() < 0.32, thrown.random() < 0.05
    return Person(
        number=number,
        name=_name(thrown),
        # 160 is no carrier's: nobody has such a number
        phone=f"160{(number * 7919) % 10**8:08}" if has_phone else "",
        unionid=f"o6_{key[:25]}",
        external_userid=f"wm{key[25:53]}",
        channel=channel,
        acquired_at=at,
        favourite=thrown.choices(TASTES, weights.get(group, (6, 18, 26, 50)))[0],
        loyalty=min(0.95, max(0.05, thrown.gauss(channel.again, 0.12))),
        cycle_days=channel.cycle_days * thrown.uniform(0.8, 1.25),
        group=group,
        attributes=_attributes(thrown, child, is_old=group == "银发"),
        answered_at=at + timedelta(days=thrown.uniform(0.5, 9)) if answers else None,
        refused_at=at + timedelta(days=thrown.expovariate(1 / 40)) if refuses else None,
    )


def _name(thrown: random.Random) -> str:
    return thrown.choice(SURNAMES) + thrown.choice(GIVEN)


def _attributes(thrown: random.Random, child: str, *, is_old: bool) -> dict[str, object]:
    """What somebody told; not everybody tells everything."""
    city = thrown.choices(CITIES, CITY_WEIGHTS)[0]
    month, has_elders = thrown.randint(1, 12), is_old or thrown.random() < 0.25
    told: dict[str, object] = {"child_age": child} if child != CHILD_AGES[0] or thrown.random() < 0.4 else {}
    if thrown.random() < 0.8:
        told["city"] = city
    if thrown.random() < 0.5:
        told["birthday_month"] = month
    return told | ({"has_elders": True} if has_elders else {})
