"""How segments and their people are shown to REST clients. Times in UTC."""

import datetime as dt
from typing import Any, cast

import msgspec

from segments.models import Segment, SegmentMember, SegmentTransition, SegmentVersion
from segments.rules.tree import Node
from segments.selectors.days import DayMoves
from segments.selectors.explanations import Explained
from segments.selectors.previews import Preview
from segments.selectors.rules import Named


class SegmentRow(msgspec.Struct, frozen=True):
    """One segment of a list.

    `kind`: `rule` or `list`; `state`: `draft`, `published` or `archived`. `live_version` is the version that its
    people follow. `build`: `idle` (up to date), `waiting`, `building` or `failed`, with `build_error`; meanwhile
    the people of the last good build stay. `updated_at` is of what it says, not of who is in.
    """

    id: int
    name: str
    description: str
    kind: str
    state: str
    live_version: int | None
    size: int
    build: str
    build_error: str
    built_at: dt.datetime | None
    build_ms: int | None
    created_at: dt.datetime
    updated_at: dt.datetime


class SegmentName(msgspec.Struct, frozen=True):
    """A segment by id and name."""

    id: int
    name: str


class SegmentDetail(SegmentRow, frozen=True, kw_only=True):
    """One segment whole: its newest saved rule, and the published segments whose rules name it."""

    rule: Node | None
    rule_version: int | None
    used_by: list[SegmentName]


class SegmentVersionRow(msgspec.Struct, frozen=True):
    """One saved rule; `published_at`: when people began to follow it, last."""

    version: int
    rule: Node
    created_by: str
    created_at: dt.datetime
    published_at: dt.datetime | None


class MemberRow(msgspec.Struct, frozen=True):
    """A contact in a segment, and since when."""

    contact_id: int
    name: str
    entered_at: dt.datetime


class PastMemberRow(msgspec.Struct, frozen=True):
    """A contact that was in a segment at the instant asked for, since when and because of what."""

    contact_id: int
    name: str
    entered_at: dt.datetime
    cause: str


class SegmentDay(msgspec.Struct, frozen=True):
    """One day in the tenant's zone: entries, exits, and how many were in at its end."""

    date: dt.date
    entered: int
    left: int
    size: int


class SegmentDays(msgspec.Struct, frozen=True):
    """Days from the first asked for to today."""

    timezone: str
    days: list[SegmentDay]


class SampleContact(msgspec.Struct, frozen=True):
    """One contact that a rule finds."""

    id: int
    name: str


class PreviewAnswer(msgspec.Struct, frozen=True):
    """How many a rule finds now, and up to ten of them, the newest. Not `exact`: estimated, as counting took too long;
    with 95 % confidence it is from `low` to `high`.
    """

    count: int
    low: int
    high: int
    exact: bool
    sample: list[SampleContact]
    took_ms: int


class SegmentMove(msgspec.Struct, frozen=True):
    """An entry or exit and the kind of fact that caused it; `change_id` is the newest news that was read of her."""

    is_entry: bool
    at: dt.datetime
    cause: str
    change_id: int | None
    version: int | None


class NodeVerdict(msgspec.Struct, frozen=True):
    """One node of the rule, by its JSON pointer within it, and whether it holds of the contact now."""

    pointer: str
    type: str
    holds: bool


class ExplainAnswer(msgspec.Struct, frozen=True):
    """Why a contact is in a segment, or is not.

    `matches` and `nodes` are what the rule of `version` finds now; `is_member` is what its people are. A list has
    neither `matches` nor `nodes`.
    """

    is_member: bool
    entered_at: dt.datetime | None
    last_move: SegmentMove | None
    version: int | None
    matches: bool | None
    nodes: list[NodeVerdict]


def segment_row(segment: Segment) -> SegmentRow:
    """Show a segment in a list."""
    return SegmentRow(**_fields(segment))


def segment_detail(segment: Segment, *, newest: SegmentVersion | None, used_by: list[Named]) -> SegmentDetail:
    """Show one segment whole."""
    return SegmentDetail(
        **_fields(segment),
        rule=newest.rule if newest else None,
        rule_version=newest.number if newest else None,
        used_by=[SegmentName(user.id, user.name) for user in used_by],
    )


def version_row(version: SegmentVersion) -> SegmentVersionRow:
    """Show a saved rule."""
    told = (version.created_by, version.created_at, version.published_at)
    return SegmentVersionRow(version.number, cast(Any, version.rule), *told)


def member_row(member: SegmentMember) -> MemberRow:
    """Show a member with its contact."""
    return MemberRow(member.contact_id, member.contact.name, member.entered_at)


def past_member_row(entry: SegmentTransition) -> PastMemberRow:
    """Show who was in by the entry that stood then."""
    return PastMemberRow(entry.contact_id, entry.contact.name, entry.at, entry.cause)


def segment_day(day: DayMoves) -> SegmentDay:
    """Show one day."""
    return SegmentDay(day.date, day.entered, day.left, day.size)


def preview_answer(preview: Preview) -> PreviewAnswer:
    """Show what a rule finds."""
    sample = [SampleContact(contact.pk, contact.name) for contact in preview.contacts]
    return PreviewAnswer(
        count=preview.count,
        low=preview.low,
        high=preview.high,
        exact=preview.is_exact,
        sample=sample,
        took_ms=preview.took_ms,
    )


def explain_answer(explained: Explained) -> ExplainAnswer:
    """Show why a contact is in, or is not."""
    move = explained.last_move
    return ExplainAnswer(
        is_member=explained.is_member,
        entered_at=explained.entered_at,
        last_move=None if move is None else _move(move),
        version=explained.version_number,
        matches=explained.matches,
        nodes=[
            NodeVerdict(node.pointer, str(type(node.node).__struct_config__.tag), node.is_true)
            for node in explained.nodes
        ],
    )


def _move(move: SegmentTransition) -> SegmentMove:
    return SegmentMove(move.is_entry, move.at, move.cause, move.change_id, move.version_number)


def _fields(segment: Segment) -> dict[str, Any]:
    same = "id name description kind state size build build_error built_at build_ms created_at updated_at".split()
    return {name: getattr(segment, name) for name in same} | {"live_version": segment.live_number}
