"""What is true of one contact, for each condition of a rule: her own value beside what is asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from contacts import selectors
from contacts.models import AttributeValue, Contact
from orders.models import ContactStats
from scrm.figures import moment, money, number
from segments.models import SegmentMember
from segments.rules.tree import (
    AcquiredLeaf,
    AttributeLeaf,
    ChannelLeaf,
    FirstOrderLeaf,
    LastOrderLeaf,
    OrdersLeaf,
    SegmentLeaf,
    TagLeaf,
)
from segments.selectors.explanations import Explained
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Condition:
    """One node of the rule: how deep it stands, its words, whether it is true, and her value (empty for a group)."""

    depth: int
    words: str
    is_true: bool
    value: str


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of the contact; by id and by days where there are several."""

    currency: str
    contact: Contact
    stats: ContactStats | None
    tags: Mapping[int, str]
    attributes: Mapping[int, AttributeValue]
    segments: Mapping[int, datetime]
    windows: Mapping[OrdersLeaf, int]


def conditions(*, tenant: Tenant, contact: Contact, explained: Explained) -> list[Condition]:
    """The nodes of an explained rule with her values; as many statements whatever the rule asks."""
    facts = _facts(tenant, contact, explained)
    return [
        Condition(
            depth=each.pointer.count("/of"),
            words=explained.words[each.pointer],
            is_true=each.is_true,
            value=_TOLD[type(each.node)](each.node, facts) if type(each.node) in _TOLD else "",
        )
        for each in explained.nodes
    ]


def _facts(tenant: Tenant, contact: Contact, explained: Explained) -> _Facts:
    carried = selectors.contact_tags(tenant=tenant, contact_ids=[contact.pk])
    values = AttributeValue.objects.for_tenant(tenant).filter(contact=contact)
    members = SegmentMember.objects.for_tenant(tenant).filter(contact=contact)
    return _Facts(
        currency=tenant.currency,
        contact=contact,
        stats=ContactStats.objects.for_tenant(tenant).filter(contact=contact).first(),
        tags={row.tag_id: str(row.tag) for row in carried},
        attributes={row.attribute_id: row for row in values.select_related("attribute")},
        segments=dict(members.values_list("segment_id", "entered_at")),
        windows=explained.windows,
    )


def _tags(leaf: TagLeaf, facts: _Facts) -> str:
    comma = pgettext("between words of a list", ", ")
    return comma.join(facts.tags[pk] for pk in leaf.tags if pk in facts.tags) or _("none of them")


def _attribute(leaf: AttributeLeaf, facts: _Facts) -> str:
    held = facts.attributes.get(leaf.attribute)
    if held is None:
        return _("not known")
    if held.attribute.kind == "yes_no":
        return _("yes") if held.number else _("no")
    return held.text or (f"{held.number:g}" if held.number is not None else str(held.date))


def _channel(leaf: ChannelLeaf, facts: _Facts) -> str:
    return str(facts.contact.channel) if facts.contact.channel else _("no channel")


def _acquired(leaf: AcquiredLeaf, facts: _Facts) -> str:
    return moment(facts.contact.acquired_at)


def _last_order(leaf: LastOrderLeaf, facts: _Facts) -> str:
    at = facts.stats.last_purchase_at if facts.stats else None
    return moment(at) if at else _("never bought")


def _first_order(leaf: FirstOrderLeaf, facts: _Facts) -> str:
    at = facts.stats.first_purchase_at if facts.stats else None
    return moment(at) if at else _("never bought")


def _orders(leaf: OrdersLeaf, facts: _Facts) -> str:
    is_count = leaf.measure == "count"
    if leaf.days is not None:
        amount = facts.windows[leaf]
    else:
        amount = (facts.stats.purchases if is_count else facts.stats.net_minor) if facts.stats else 0
    return number(amount) if is_count else money(amount, facts.currency)


def _segment(leaf: SegmentLeaf, facts: _Facts) -> str:
    at = facts.segments.get(leaf.segment)
    return _("in it since %(at)s") % {"at": moment(at)} if at else _("not in it")


_TOLD: Mapping[Any, Callable[[Any, _Facts], str]] = {
    TagLeaf: _tags,
    AttributeLeaf: _attribute,
    ChannelLeaf: _channel,
    AcquiredLeaf: _acquired,
    LastOrderLeaf: _last_order,
    FirstOrderLeaf: _first_order,
    OrdersLeaf: _orders,
    SegmentLeaf: _segment,
}
