"""The brand's eight channels: how many come by each, how they buy, what they cost. Pure."""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["ads", "staff", "tools", "coupons", "prizes", "other"]


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One way to the brand and the people who take it.

    `share` of all people; `trend`: how many times as many come by the end as at the beginning; `sale_lift`: on top of
    a sale's own. `buys`: who ever buys; `first_hours`: about how long until then; `again`: who comes back after an
    order, about `cycle_days` later. `cac`: about what one costs in CNY, and for what, as shares.
    """

    slug: str
    name: str
    share: float
    trend: float = 1.0
    sale_lift: float = 1.0
    buys: float
    first_hours: float
    again: float
    cycle_days: float
    cac: float
    daily: dict[Kind, float] = field(default_factory=dict)
    monthly: dict[Kind, float] = field(default_factory=dict)


CHANNELS = (
    Channel(
        slug="parcel-card", name="包裹卡", share=0.22, trend=1.2, buys=0.9, first_hours=120, again=0.89, cycle_days=29,
        cac=34, monthly={"coupons": 0.7, "other": 0.3},
    ),
    Channel(
        slug="douyin", name="抖音", share=0.17, trend=1.9, sale_lift=1.3, buys=0.72, first_hours=6, again=0.47,
        cycle_days=40, cac=84, daily={"ads": 0.9}, monthly={"staff": 0.1},
    ),
    Channel(
        slug="xiaohongshu", name="小红书", share=0.13, trend=1.5, buys=0.76, first_hours=30, again=0.71, cycle_days=35,
        cac=52, daily={"ads": 0.8}, monthly={"prizes": 0.2},
    ),
    Channel(
        slug="store-code", name="门店活码", share=0.11, trend=0.9, buys=0.82, first_hours=60, again=0.81, cycle_days=33,
        cac=30, monthly={"staff": 0.8, "prizes": 0.2},
    ),
    Channel(
        slug="live", name="直播", share=0.10, trend=1.1, sale_lift=1.8, buys=0.6, first_hours=2, again=0.28,
        cycle_days=43, cac=86, daily={"ads": 0.7}, monthly={"staff": 0.3},
    ),
    Channel(
        slug="referral", name="老客推荐", share=0.09, trend=1.6, buys=0.92, first_hours=40, again=0.91, cycle_days=27,
        cac=39, monthly={"coupons": 1.0},
    ),
    Channel(
        slug="official-account", name="公众号", share=0.08, trend=0.5, buys=0.62, first_hours=140, again=0.72,
        cycle_days=37, cac=23, monthly={"staff": 0.6, "tools": 0.4},
    ),
    Channel(
        slug="organic", name="自然", share=0.10, buys=0.7, first_hours=50, again=0.77, cycle_days=34, cac=0,
    ),
)  # fmt: skip
BY_SLUG = {channel.slug: channel for channel in CHANNELS}
