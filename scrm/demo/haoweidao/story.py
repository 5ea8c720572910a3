"""What the brand's operators made: attributes, segments and SOPs, in their words. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scrm.demo.haoweidao.people import CHILD_AGES
from sop.incoming import StepBody

# key, label, kind, choices
ATTRIBUTES = (
    ("city", "城市", "text", ()),
    ("birthday_month", "生日月份", "number", ()),
    ("child_age", "孩子年龄段", "choice", CHILD_AGES),
    ("has_elders", "家里有老人", "yes_no", ()),
)
# one message a day is enough
MESSAGES_PER_DAY = 1

Rule = dict[str, Any]


@dataclass(frozen=True)
class Ids:
    """What rules name, by name: tags as `group/name`, channels by slug, attributes by key, segments made before."""

    tags: Mapping[str, int]
    channels: Mapping[str, int]
    attributes: Mapping[str, int]
    segments: Mapping[str, int]


@dataclass(frozen=True)
class SegmentPlan:
    """One segment that follows a rule."""

    name: str
    description: str
    rule: Callable[[Ids], Rule]


@dataclass(frozen=True)
class SopPlan:
    """One SOP for the people of a segment."""

    name: str
    description: str
    segment: str
    steps: tuple[StepBody, ...]
    exits_on_order: bool
    may_reenter: bool


def _all(*nodes: Rule) -> Rule:
    return {"type": "all", "of": list(nodes)}


def _not(node: Rule) -> Rule:
    return {"type": "not", "of": node}


def _orders(measure: str, value: int | str, **more: int) -> Rule:
    return {"type": "orders", "measure": measure, "op": "gte", "value": value, **more}


def _tag(ids: Ids, *names: str) -> Rule:
    return {"type": "tag", "tags": [ids.tags[name] for name in names]}


def _segment(ids: Ids, name: str) -> Rule:
    return {"type": "segment", "segment": ids.segments[name]}


NEW, RUNNING_LOW, ASLEEP, VALUABLE = "新客（7 天内）", "该补货了（22–30 天没买）", "沉睡 30 天", "高价值"
SEGMENTS = (
    SegmentPlan(NEW, "刚加进来的人：先打招呼，再帮他吃好第一包。", lambda ids: {"type": "acquired", "within_days": 7}),
    SegmentPlan(
        RUNNING_LOW,
        "一包零食大约吃 3 周：在他想起别家之前提醒一次。",
        lambda ids: _all({"type": "last_order", "before_days": 22}, {"type": "last_order", "within_days": 30}),
    ),
    SegmentPlan(ASLEEP, "买过，但 30 天没有再买。", lambda ids: {"type": "last_order", "before_days": 30}),
    SegmentPlan("买过两次", "复购过一次以上的老客。", lambda ids: _orders("count", 2)),
    SegmentPlan(VALUABLE, "一年里净消费 400 元以上。", lambda ids: _orders("net", "400", days=365)),
    SegmentPlan(
        "高价值且活跃",
        "高价值，而且没有沉睡：新品先给他们试。",
        lambda ids: _all(_segment(ids, VALUABLE), _not(_segment(ids, ASLEEP))),
    ),
    SegmentPlan(
        "高价值沉睡",
        "最该打电话的人。",
        lambda ids: _all(_segment(ids, VALUABLE), _segment(ids, ASLEEP)),
    ),
    SegmentPlan(
        "爱吃辣",
        "常买辣味，也没有说过不吃辣。",
        lambda ids: _all(_tag(ids, "口味/辣"), _not(_tag(ids, "忌口/不吃辣"))),
    ),
    SegmentPlan(
        "有 0–6 岁孩子",
        "儿童零食、低糖、小包装。",
        lambda ids: {
            "type": "attribute",
            "attribute": ids.attributes["child_age"],
            "op": "in",
            "value": list(CHILD_AGES[1:3]),
        },
    ),
    SegmentPlan(
        "给长辈买健康零食",
        "家里有老人，口味偏健康。",
        lambda ids: _all(
            {"type": "attribute", "attribute": ids.attributes["has_elders"], "op": "eq", "value": True},
            _tag(ids, "口味/健康"),
        ),
    ),
    SegmentPlan("坚果过敏", "推荐之前先排除坚果。", lambda ids: _tag(ids, "忌口/坚果过敏")),
    SegmentPlan(
        "加了没买",
        "来了一周以上，还没有下过单。",
        lambda ids: _all({"type": "first_order", "never": True}, {"type": "acquired", "before_days": 7}),
    ),
    SegmentPlan(
        "老客带来的回头客",
        "老客推荐来的，自己也买过两次以上。",
        lambda ids: _all({"type": "channel", "channels": [ids.channels["referral"]]}, _orders("count", 2)),
    ),
)

_DAY_LATE = 8 * 60
SOPS = (
    SopPlan(
        "新客 7 天欢迎",
        "第一周四条消息：打招呼、会吃、会挑、再来一单。",
        NEW,
        (
            StepBody(
                content="{{ contact.name|朋友 }}，您好！欢迎来到{{ brand.name }}，我是小味。我们只做老人孩子都能放心"
                "吃的零食，配料表上没有看不懂的字。想吃什么口味，直接回复我就好。",
                after_minutes=5,
            ),
            StepBody(
                content="{{ contact.name|朋友 }}，偷偷告诉您：开袋后 3 天内吃完最脆。寄往{{ attribute.city|您那里 }}的"
                "包裹一般 2 天到，到了记得告诉我味道怎么样。",
                after_minutes=24 * 60,
            ),
            StepBody(
                content="三种口味怎么挑：追剧配辣的，下午茶配甜的，给爸妈和孩子挑“健康”那一格。说说家里谁最爱吃零食？",
                day=4,
                at="10:00",
                late_after_minutes=_DAY_LATE,
            ),
            StepBody(
                content="{{ contact.name|朋友 }}，认识您一周啦！送您一张满 59 减 10 元的回头券，本周有效。"
                "不想收到消息，回复“退订”。",
                day=7,
                at="19:30",
                late_after_minutes=_DAY_LATE,
            ),
        ),
        exits_on_order=False,
        may_reenter=False,
    ),
    SopPlan(
        "补货提醒",
        "22 天没买就轻轻提醒一次，再给一次理由；一下单就停。",
        RUNNING_LOW,
        (
            StepBody(
                content="{{ contact.name|朋友 }}，上次的零食快吃完了吧？您常买的那几样今天有货，"
                "下午 4 点前下单当天发出。",
                day=1,
                at="19:30",
                late_after_minutes=_DAY_LATE,
            ),
            StepBody(
                content="给您留了一份老客价：同样的口味，满 3 件 9 折，只到明天。",
                day=5,
                at="10:00",
                late_after_minutes=_DAY_LATE,
            ),
        ),
        exits_on_order=True,
        may_reenter=True,
    ),
    SopPlan(
        "沉睡唤醒",
        "30 天没买：先问一句，再给一个理由，最后一次就放手。",
        ASLEEP,
        (
            StepBody(
                content="{{ contact.name|朋友 }}，好久不见！是口味吃腻了，还是哪里没做好？回复一个字我都会看。",
                day=1,
                at="19:30",
                late_after_minutes=_DAY_LATE,
            ),
            StepBody(
                content="上新了两款低糖零食，家里有老人孩子的都说好。{{ contact.name|朋友 }}，给您留了尝鲜价。",
                day=5,
                at="10:00",
                late_after_minutes=_DAY_LATE,
            ),
            StepBody(
                content="最后打扰您一次：一张 15 元的回家券放在您的账户里，30 天内都能用。以后只在上新时告诉您。",
                day=15,
                at="19:30",
                late_after_minutes=_DAY_LATE,
            ),
        ),
        exits_on_order=True,
        may_reenter=True,
    ),
)
