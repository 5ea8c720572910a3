"""A rule in the reader's words. Pure."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from segments.rules.parsing import KnownNames
from segments.rules.tree import (
    AcquiredLeaf,
    All,
    Any_,
    AttributeLeaf,
    ChannelLeaf,
    DatedLeaf,
    FirstOrderLeaf,
    LastOrderLeaf,
    Node,
    Not,
    OrdersLeaf,
    Rule,
    SegmentLeaf,
    TagLeaf,
    nodes_of,
)


def describe(rule: Rule, names: KnownNames) -> str:
    """The rule as one sentence in the reader's language; instants in the zone that is active."""
    return _told(rule.root, names, is_inner=False)


def phrases(rule: Rule, names: KnownNames) -> dict[str, str]:
    """The words of every node by its pointer; a group's are what it asks of the nodes below it."""
    return {place: _own_words(node, names) for place, node in nodes_of(rule)}


def _told(node: Node, names: KnownNames, *, is_inner: bool) -> str:
    if isinstance(node, Not):
        return _("not: %(condition)s") % {"condition": _told(node.of, names, is_inner=True)}
    if not isinstance(node, All | Any_):
        return _own_words(node, names)
    if len(node.of) == 1:
        return _told(node.of[0], names, is_inner=is_inner)
    word = pgettext("between conditions", " and ") if isinstance(node, All) else pgettext("between conditions", " or ")
    text = word.join(_told(child, names, is_inner=True) for child in node.of)
    return pgettext("conditions together", "(%s)") % text if is_inner else text


def _own_words(node: Node, names: KnownNames) -> str:
    return _WORDS[type(node)](node, names)


def _tag(leaf: TagLeaf, names: KnownNames) -> str:
    tags = _listed(names.tags.get(pk) or _("a deleted tag") for pk in leaf.tags)
    if len(leaf.tags) == 1:
        return _("tagged %(tags)s") % {"tags": tags}
    if leaf.match == "all":
        return _("tagged with all of %(tags)s") % {"tags": tags}
    return _("tagged with one of %(tags)s") % {"tags": tags}


def _attribute(leaf: AttributeLeaf, names: KnownNames) -> str:
    known = names.attributes.get(leaf.attribute)
    said = {"attribute": known.label if known else _("a deleted attribute")}
    if leaf.op == "between" and isinstance(leaf.value, tuple):
        said |= {"low": _value(leaf.value[0]), "high": _value(leaf.value[-1])}
    elif isinstance(leaf.value, tuple):
        said["value"] = _listed(map(_value, leaf.value))
    else:
        said["value"] = _value(leaf.value)
    return _comparisons()[leaf.op] % said


def _comparisons() -> Mapping[str, str]:
    return {
        "eq": _("%(attribute)s is %(value)s"),
        "in": _("%(attribute)s is one of %(value)s"),
        "lt": _("%(attribute)s is less than %(value)s"),
        "lte": _("%(attribute)s is at most %(value)s"),
        "gt": _("%(attribute)s is more than %(value)s"),
        "gte": _("%(attribute)s is at least %(value)s"),
        "between": _("%(attribute)s is between %(low)s and %(high)s"),
        "is_set": _("%(attribute)s is known"),
    }


def _channel(leaf: ChannelLeaf, names: KnownNames) -> str:
    channels = _listed(
        _("no channel") if pk is None else names.channels.get(pk) or _("a deleted channel") for pk in leaf.channels
    )
    return _("came by %(channels)s") % {"channels": channels}


def _acquired(leaf: AcquiredLeaf, names: KnownNames) -> str:
    return _("acquired %(when)s") % {"when": _when(leaf)}


def _last_order(leaf: LastOrderLeaf, names: KnownNames) -> str:
    return _("has never bought") if leaf.never else _("last purchase %(when)s") % {"when": _when(leaf)}


def _first_order(leaf: FirstOrderLeaf, names: KnownNames) -> str:
    return _("has never bought") if leaf.never else _("first purchase %(when)s") % {"when": _when(leaf)}


def _when(leaf: DatedLeaf) -> str:
    if leaf.within_days is not None:
        return _within(leaf.within_days)
    if leaf.before_days is not None:
        told = ngettext("%(days)d day ago or earlier", "%(days)d days ago or earlier", leaf.before_days)
        return told % {"days": leaf.before_days}
    if leaf.from_ is None or leaf.until is None:
        only = _("from %(start)s on") if leaf.until is None else _("before %(end)s")
        return only % {"start": _instant(leaf.from_), "end": _instant(leaf.until)}
    return _("from %(start)s until %(end)s") % {"start": _instant(leaf.from_), "end": _instant(leaf.until)}


def _within(days: int) -> str:
    return ngettext("in the last %(days)d day", "in the last %(days)d days", days) % {"days": days}


def _orders(leaf: OrdersLeaf, names: KnownNames) -> str:
    amount = str(leaf.value) if leaf.measure == "count" else f"{leaf.value} {names.currency}"
    said = {"amount": _amounts()[leaf.op] % {"amount": amount}, "when": _within(leaf.days) if leaf.days else _("ever")}
    if leaf.measure == "count":
        return _("number of purchases %(when)s: %(amount)s") % said
    return _("net sum %(when)s: %(amount)s") % said


def _amounts() -> Mapping[str, str]:
    return {
        "eq": _("exactly %(amount)s"),
        "lt": _("less than %(amount)s"),
        "lte": _("at most %(amount)s"),
        "gt": _("more than %(amount)s"),
        "gte": _("at least %(amount)s"),
    }


def _segment(leaf: SegmentLeaf, names: KnownNames) -> str:
    return _("in the segment %(segment)s") % {"segment": names.segments.get(leaf.segment) or _("a deleted segment")}


def _listed(words: Iterable[str]) -> str:
    return pgettext("between words of a list", ", ").join(words)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return value if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)


def _instant(at: date | None) -> str:
    return f"{localtime(at):%Y-%m-%d %H:%M}" if isinstance(at, datetime) else ""


_WORDS: Mapping[Any, Callable[[Any, KnownNames], str]] = {
    All: lambda node, names: _("all of these"),
    Any_: lambda node, names: _("one of these"),
    Not: lambda node, names: _("not this"),
    TagLeaf: _tag,
    AttributeLeaf: _attribute,
    ChannelLeaf: _channel,
    AcquiredLeaf: _acquired,
    LastOrderLeaf: _last_order,
    FirstOrderLeaf: _first_order,
    OrdersLeaf: _orders,
    SegmentLeaf: _segment,
}
