"""The tenant's segments: as a list, and one whole."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.timezone import localtime

from segments.models import Segment, SegmentVersion
from segments.rules import InvalidRule, describe, read_rule
from segments.selectors.days import DayMoves, moves_by_day
from segments.selectors.rules import Named, known_names, used_by
from tenants.models import Tenant
from tenants.timezones import zone

SPARK_DAYS = 30


@dataclass(frozen=True, slots=True)
class SegmentLine:
    """One segment of the list: who names it (segments alone), and who came and went on each of the last 30 days."""

    segment: Segment
    used_by: list[Named]
    days: list[DayMoves]
    has_unpublished_version: bool


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One saved rule and what it says in words (empty where it can no longer be read)."""

    version: SegmentVersion
    is_live: bool
    words: str


def segments(
    *, tenant: Tenant, kind: str | None = None, state: str | None = None, name_contains: str = ""
) -> QuerySet[Segment]:
    """The tenant's segments that are of a kind and in a state, unordered."""
    conditions = {"kind": kind, "state": state, "name__icontains": name_contains or None}
    given = {name: value for name, value in conditions.items() if value is not None}
    found: QuerySet[Segment] = Segment.objects.for_tenant(tenant).filter(**given)
    return found


def segment(*, tenant: Tenant, segment_id: int) -> Segment | None:
    """One segment."""
    found: Segment | None = Segment.objects.for_tenant(tenant).filter(pk=segment_id).first()
    return found


def segment_lines(*, tenant: Tenant, found: Collection[Segment], at: datetime) -> list[SegmentLine]:
    """These segments as lines of the list, in their order; as many queries for one as for many."""
    ids = [each.pk for each in found]
    today = localtime(at, zone(tenant.timezone)).date()
    days = moves_by_day(
        tenant=tenant, sizes={each.pk: each.size for each in found}, since=today - timedelta(days=SPARK_DAYS - 1), at=at
    )
    users, newest = used_by(tenant=tenant), _newest_numbers(tenant, ids)
    return [
        SegmentLine(
            segment=each,
            used_by=users.get(each.pk, []),
            days=days[each.pk],
            has_unpublished_version=newest.get(each.pk) != each.live_number,
        )
        for each in found
    ]


def moved_segments(*, tenant: Tenant, at: datetime, most: int) -> list[tuple[Segment, DayMoves]]:
    """The published segments that people entered or left on the day of `at`, those with the most moves first."""
    found = {each.pk: each for each in segments(tenant=tenant, state=Segment.State.PUBLISHED)}
    today = localtime(at, zone(tenant.timezone)).date()
    sizes = {segment_id: each.size for segment_id, each in found.items()}
    days = moves_by_day(tenant=tenant, sizes=sizes, since=today, at=at)
    moves = [(found[segment_id], day) for segment_id, (day,) in days.items() if day.entered or day.left]
    return sorted(moves, key=lambda move: (-move[1].entered - move[1].left, move[0].name))[:most]


def failed_segments(*, tenant: Tenant) -> QuerySet[Segment]:
    """Segments whose last full build failed; `build_error` says why. By name."""
    found = segments(tenant=tenant, state=Segment.State.PUBLISHED)
    return found.filter(build=Segment.Build.FAILED).order_by("name")


def versions(*, tenant: Tenant, segment_id: int) -> QuerySet[SegmentVersion]:
    """A segment's saved rules, unordered."""
    found: QuerySet[SegmentVersion] = SegmentVersion.objects.for_tenant(tenant).filter(segment_id=segment_id)
    return found


def newest_version(*, tenant: Tenant, segment_id: int) -> SegmentVersion | None:
    """The rule that was saved last."""
    return versions(tenant=tenant, segment_id=segment_id).order_by("-number").first()


def version_lines(*, tenant: Tenant, segment_id: int, live_number: int | None) -> list[VersionLine]:
    """A segment's saved rules in words, newest first."""
    known = known_names(tenant=tenant)
    lines = []
    for version in versions(tenant=tenant, segment_id=segment_id).order_by("-number"):
        try:
            words = describe(read_rule(version.rule, known=known), known)
        except InvalidRule:
            words = ""
        lines.append(VersionLine(version, version.number == live_number, words))
    return lines


def _newest_numbers(tenant: Tenant, ids: Collection[int]) -> Mapping[int, int]:
    rows = SegmentVersion.objects.for_tenant(tenant).filter(segment_id__in=ids)
    newest = rows.order_by("segment_id", "-number").distinct("segment_id")
    return dict(newest.values_list("segment_id", "number"))
