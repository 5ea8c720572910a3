"""Random people and random rules over them, drawn so that instants, sums and values meet where rules draw a line."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.segments.rules.oracle import Person, Purchase, Return

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DAYS = [1, 7, 30, 90]
MICROSECOND = timedelta(microseconds=1)
# a rule names things by these numbers; writing a history gives them their ids
TAGS, CHANNELS, SEGMENTS = [1, 2, 3, 4], [1, 2], [1, 2]
ATTRIBUTES = {1: "text", 2: "number", 3: "date", 4: "yes_no", 5: "choice"}
TEXTS = ["", "甜", "salty", "Salty", "a'b%c"]
CHOICES = ("S", "M", "L")
NUMBERS = [-1.5, 0, 1, 2, 2.5, 1e15]
DATES = ["2026-11-20", "2026-11-21", "2024-02-29"]
AMOUNTS = [1, 5_000, 10_000, 15_000, 30_000]
NETS = ["-50.00", "0", "0.01", "50.00", "100.00", "150.00", "300.00"]

edges = st.sampled_from([AT - timedelta(days=days) for days in [0, *DAYS]])
nudges = st.sampled_from(
    [-MICROSECOND, timedelta(0), timedelta(0), MICROSECOND, -timedelta(hours=5), timedelta(days=3)]
)
instants = st.builds(lambda edge, nudge: edge + nudge, edges, nudges)


@dataclass
class Bill:
    """An order as a shop tells it: one that is paid and more than nothing is a purchase."""

    paid_at: datetime | None
    minor: int
    status: str = "paid"
    refunds: list["Refunded"] = field(default_factory=list)


@dataclass
class Refunded:
    """A refund, of a bill or of nothing we know; without `minor` its amount in the tenant's currency is not known."""

    refunded_at: datetime
    minor: int | None
    is_superseded: bool = False


@dataclass
class Life:
    """One contact's history."""

    tags: set[int]
    values: dict[int, Any]
    channel: int | None
    first_touch_at: datetime | None
    bills: list[Bill]
    refunds: list[Refunded]
    segments: set[int]
    has_stats: bool

    def person(self) -> Person:
        """What of it counts."""
        counting = [bill for bill in self.bills if bill.status == "paid"]
        returns = self.refunds + [refund for bill in counting for refund in bill.refunds]
        return Person(
            tags=self.tags,
            values={pk: date.fromisoformat(value) if pk == 3 else value for pk, value in self.values.items()},
            channel=self.channel,
            first_touch_at=self.first_touch_at,
            purchases=[Purchase(bill.paid_at, bill.minor) for bill in counting if bill.paid_at and bill.minor > 0],
            returns=[Return(each.refunded_at, each.minor or 0) for each in returns if not each.is_superseded],
            segments=self.segments,
        )


refunds = st.builds(
    Refunded, instants, st.sampled_from([None, 1, 5_000, 5_000, 5_000]), st.sampled_from([False, False, True])
)
bills = st.builds(
    Bill,
    instants,
    st.sampled_from([0, *AMOUNTS]),
    st.sampled_from(["paid", "paid", "paid", "cancelled"]),
    st.lists(refunds, max_size=2),
) | st.builds(Bill, st.none(), st.sampled_from(AMOUNTS), st.just("pending"))
values = {
    1: st.sampled_from(TEXTS[1:]),
    2: st.sampled_from(NUMBERS),
    3: st.sampled_from(DATES),
    4: st.booleans(),
    5: st.sampled_from(CHOICES),
}
lives = st.builds(
    Life,
    tags=st.sets(st.sampled_from(TAGS)),
    values=st.fixed_dictionaries({}, optional=values),
    channel=st.sampled_from([None, *CHANNELS]),
    first_touch_at=st.none() | instants,
    bills=st.lists(bills, max_size=4),
    refunds=st.lists(refunds, max_size=2),
    segments=st.sets(st.sampled_from(SEGMENTS)),
    has_stats=st.booleans(),
)


def _leaf(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(kind), **fields})


def _dated(kind: str, *, can_be_never: bool) -> st.SearchStrategy[dict[str, Any]]:
    within = _leaf(kind, within_days=st.sampled_from(DAYS))
    before = _leaf(kind, before_days=st.sampled_from(DAYS))
    times = instants.map(datetime.isoformat)
    open_ended = _leaf(kind, **{"from": times}) | _leaf(kind, until=times)
    span = st.tuples(instants, instants).filter(lambda ends: ends[0] != ends[1]).map(sorted)
    closed = span.map(lambda ends: {"type": kind, "from": ends[0].isoformat(), "until": ends[1].isoformat()})
    spans = within | before | open_ended | closed
    return spans | _leaf(kind, never=st.just(True)) if can_be_never else spans


def _attribute(pk: int) -> st.SearchStrategy[dict[str, Any]]:
    def leaf(ops: list[str], value: Any) -> st.SearchStrategy[dict[str, Any]]:
        return _leaf("attribute", attribute=st.just(pk), op=st.sampled_from(ops), value=value)

    one, kind = values[pk], ATTRIBUTES[pk]
    leaves = _leaf("attribute", attribute=st.just(pk), op=st.just("is_set")) | leaf(["eq"], one)
    if kind != "yes_no":
        leaves |= leaf(["in"], st.lists(one, min_size=1, max_size=3))
    if kind in ("number", "date"):
        leaves |= leaf(["lt", "lte", "gt", "gte"], one)
        leaves |= leaf(["between"], st.lists(one, min_size=2, max_size=2).map(sorted))
    return leaves


_ops = st.sampled_from(["eq", "lt", "lte", "gt", "gte"])
_days = st.sampled_from([None, *DAYS])
sums = _leaf("orders", measure=st.just("net"), op=_ops, value=st.sampled_from(NETS), days=_days)
timed = (
    _dated("acquired", can_be_never=False)
    | _dated("last_order", can_be_never=True)
    | _dated("first_order", can_be_never=True)
    | _leaf("orders", measure=st.just("count"), op=_ops, value=st.integers(0, 3), days=_days)
    | sums
)
leaves = st.one_of(
    _leaf("tag", tags=st.lists(st.sampled_from(TAGS), min_size=1, max_size=3), match=st.sampled_from(["any", "all"])),
    st.one_of([_attribute(pk) for pk in ATTRIBUTES]),
    _leaf("channel", channels=st.lists(st.sampled_from([None, *CHANNELS]), min_size=1, max_size=3)),
    _leaf("segment", segment=st.sampled_from(SEGMENTS)),
    timed,
    timed,
)

trees = st.recursive(
    leaves,
    lambda inner: (
        _leaf("all", of=st.lists(inner, min_size=1, max_size=3))
        | _leaf("any", of=st.lists(inner, min_size=1, max_size=3))
        | _leaf("not", of=inner)
    ),
    max_leaves=8,
)
# small ones find more at the edges, where a large one is true for other reasons
rules = sums | timed | trees


def _or_not(rule: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return rule | _leaf("not", of=rule)


# facts about one window, alone and beside sums to date
_of_window = _or_not(
    _leaf("orders", measure=st.just("count"), op=_ops, value=st.integers(0, 3), days=st.just(30))
    | _leaf("orders", measure=st.just("net"), op=_ops, value=st.sampled_from(NETS), days=st.just(30))
)
_to_date = _or_not(
    _leaf("orders", measure=st.just("count"), op=_ops, value=st.integers(0, 3))
    | _dated("last_order", can_be_never=True)
)
_beside = _leaf("all", of=st.tuples(_of_window, _to_date).map(list))
bought = _beside | st.builds(
    lambda kind, *of: {"type": kind, "of": list(of)},
    st.sampled_from(["all", "any"]),
    _beside | _of_window,
    _beside | _of_window | _to_date,
)


@dataclass
class World:
    """A tenant with people written, and the ids of what rules name by numbers."""

    tenant: Any
    known: Any
    tags: dict[int, int]
    attributes: dict[int, int]
    channels: dict[int, int]
    segments: dict[int, int]
    people: dict[int, Person] = field(default_factory=dict)

    def rule(self, tree: Any) -> Any:
        """A drawn tree as a client would send it."""
        kinds = {"tags": self.tags, "channels": self.channels}
        told: dict[str, Any] = {name: [kinds[name].get(pk) for pk in tree[name]] for name in kinds if name in tree}
        told |= {
            name: ids[tree[name]]
            for name, ids in (("attribute", self.attributes), ("segment", self.segments))
            if name in tree
        }
        if "of" in tree:
            inner = tree["of"]
            told["of"] = [self.rule(each) for each in inner] if isinstance(inner, list) else self.rule(inner)
        return {**tree, **told}


counter = itertools.count()


def write(people: list[Life]) -> World:
    """A new tenant that holds these people, inside its transaction when this returns."""
    from tenants.models import Tenant

    tenant = Tenant.objects.create(slug=f"rules-{next(counter)}", name="Rules", timezone="UTC", currency="GBP")
    return _written(tenant, people)


def _written(tenant: Any, people: list[Life]) -> World:
    from orders.services.stats import refresh_stats
    from tenants.context import tenant_transaction

    with tenant_transaction(tenant.pk):
        world = _things(tenant)
        contacts = _contacts(world, people)
        for contact, life in zip(contacts, people, strict=True):
            world.people[contact.pk] = life.person()
        _facts(world, contacts, people)
        told = [
            contact.pk
            for contact, life in zip(contacts, people, strict=True)
            if life.bills or life.refunds or life.has_stats
        ]
        refresh_stats(tenant=tenant, contact_ids=told, at=AT)
    return world


def _things(tenant: Any) -> World:
    from acquisition.models import Channel
    from contacts.models import Attribute, Tag, TagGroup
    from segments.models import Segment
    from segments.rules import KnownAttribute, KnownNames

    def ids(model: Any, numbers: Any, **fields: Any) -> dict[int, int]:
        rows = [model(tenant=tenant, **{name: value(number) for name, value in fields.items()}) for number in numbers]
        return dict(zip(numbers, (row.pk for row in model.objects.bulk_create(rows)), strict=True))

    group = TagGroup.objects.bulk_create([TagGroup(tenant=tenant, name="g")])[0]
    tags = ids(Tag, TAGS, name=str, group=lambda number: group)
    attributes = ids(Attribute, ATTRIBUTES, key=str, label=str, kind=ATTRIBUTES.__getitem__)
    channels = ids(Channel, CHANNELS, slug=str, name=str)
    segments = ids(Segment, SEGMENTS, name=str, created_at=lambda number: AT, updated_at=lambda number: AT)
    known = KnownNames(
        currency="GBP",
        tags=dict.fromkeys(tags.values(), "tag"),
        channels=dict.fromkeys(channels.values(), "channel"),
        segments=dict.fromkeys(segments.values(), "segment"),
        attributes={attributes[number]: KnownAttribute("a", kind, CHOICES) for number, kind in ATTRIBUTES.items()},
    )
    return World(tenant, known, tags, attributes, channels, segments)


def _contacts(world: World, people: list[Life]) -> Any:
    from contacts.models import Contact

    rows = [
        Contact(
            tenant=world.tenant,
            channel_id=world.channels.get(life.channel or 0),
            first_touch_at=life.first_touch_at,
            acquired_at=life.first_touch_at,
        )
        for life in people
    ]
    return Contact.objects.bulk_create(rows)


def _facts(world: World, contacts: Any, people: list[Life]) -> None:
    from contacts.models import AttributeValue, ContactTag
    from segments.models import SegmentMember

    tenant, pairs = world.tenant, list(zip(contacts, people, strict=True))
    ContactTag.objects.bulk_create(
        ContactTag(tenant=tenant, contact=contact, tag_id=world.tags[tag], source="hand")
        for contact, life in pairs
        for tag in life.tags
    )
    AttributeValue.objects.bulk_create(
        AttributeValue(tenant=tenant, contact=contact, attribute_id=world.attributes[pk], **_column(pk, value))
        for contact, life in pairs
        for pk, value in life.values.items()
    )
    SegmentMember.objects.bulk_create(
        SegmentMember(tenant=tenant, contact=contact, segment_id=world.segments[pk], entered_at=AT)
        for contact, life in pairs
        for pk in life.segments
    )
    _orders(tenant, pairs)


def _column(pk: int, value: Any) -> dict[str, Any]:
    column = {"text": "text", "choice": "text", "date": "date"}.get(ATTRIBUTES[pk], "number")
    return {column: float(value) if column == "number" else value}


def _orders(tenant: Any, pairs: list[tuple[Any, Life]]) -> None:
    from orders.models import Order, Refund, Source

    source = Source.objects.bulk_create([Source(tenant=tenant, slug="shop", name="shop")])[0]
    told = [(contact, bill) for contact, life in pairs for bill in life.bills]
    # what waits for its contact is nobody's
    told.append((None, Bill(AT, 5_000, refunds=[Refunded(AT, 5_000)])))
    orders = Order.objects.bulk_create(
        Order(
            tenant=tenant,
            source=source,
            external_id=f"o{number}",
            contact=contact,
            status=bill.status,
            paid_at=bill.paid_at,
            currency="GBP",
            amount_minor=bill.minor,
            base_amount_minor=bill.minor,
            fx_rate=1,
            version_at=AT,
        )
        for number, (contact, bill) in enumerate(told)
    )
    rows = [
        (contact, order, refund) for order, (contact, bill) in zip(orders, told, strict=True) for refund in bill.refunds
    ]
    rows += [(contact, None, refund) for contact, life in pairs for refund in life.refunds]
    Refund.objects.bulk_create(
        Refund(
            tenant=tenant,
            source=source,
            origin="alone",
            external_id=f"r{number}",
            order=order,
            contact=contact,
            is_superseded=refund.is_superseded,
            currency="GBP",
            amount_minor=refund.minor or 1,
            base_amount_minor=refund.minor,
            refunded_at=refund.refunded_at,
            version_at=AT,
        )
        for number, (contact, order, refund) in enumerate(rows)
    )
