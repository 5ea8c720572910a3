"""What happened to a contact here: tags that came and went, consent given and withdrawn, notes."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from contacts.models import ConsentMove, ContactTag, Note, TagMove, TouchKind
from contacts.timeline import TimelineItem, newest_items
from tenants.models import Tenant

KINDS = ("tag", "consent", "note")
_M = TypeVar("_M", bound=Model)


def timeline_items(
    *,
    tenant: Tenant,
    contact_id: int,
    before: datetime | None = None,
    limit: int = 50,
    kinds: Collection[str] = KINDS,
) -> list[TimelineItem]:
    """Moves of a contact's tags and consent, and notes, newest first; the shape and its paging: `contacts.timeline`."""
    items: list[TimelineItem] = []
    if "tag" in kinds:
        moves = TagMove.objects.for_tenant(tenant).filter(contact_id=contact_id).select_related("tag__group")
        items += map(_tag_item, whole_instants(moves, "created_at", before=before, limit=limit))
    if "consent" in kinds:
        said = ConsentMove.objects.for_tenant(tenant).filter(contact_id=contact_id)
        items += map(_consent_item, whole_instants(said, "created_at", before=before, limit=limit))
    if "note" in kinds:
        written = notes(tenant=tenant, contact_id=contact_id)
        items += map(_note_item, whole_instants(written, "created_at", before=before, limit=limit))
    return newest_items(items, limit=limit)


def whole_instants(rows: QuerySet[_M], field: str, *, before: datetime | None, limit: int) -> list[_M]:
    """The newest rows by a time field, newest first: `limit` of them, and all others of the last one's instant."""
    earlier = rows if before is None else rows.filter(**{f"{field}__lt": before})
    found = list(earlier.order_by(f"-{field}", "-pk")[:limit])
    if len(found) < limit:
        return found
    last_at = getattr(found[-1], field)
    of_last = rows.filter(**{field: last_at}).order_by("-pk")
    return [row for row in found if getattr(row, field) > last_at] + list(of_last)


def notes(*, tenant: Tenant, contact_id: int) -> QuerySet[Note]:
    """What was written about a contact, unordered."""
    rows: QuerySet[Note] = Note.objects.for_tenant(tenant).filter(contact_id=contact_id)
    return rows


def _tag_item(move: Any) -> TimelineItem:
    title = _("Tag added: %(tag)s") if move.is_added else _("Tag removed: %(tag)s")
    name = move.name if move.tag is None else str(move.tag)
    return TimelineItem(
        at=move.created_at,
        kind="tag",
        title=title % {"tag": name},
        detail=_detail(str(ContactTag.Source(move.source).label), move.evidence),
        actor=move.actor,
        subject_id=move.tag_id,
    )


def _consent_item(move: Any) -> TimelineItem:
    title = _("May be reached: %(way)s") if move.is_granted else _("May not be reached: %(way)s")
    way = TouchKind(move.touch_kind).label
    return TimelineItem(
        at=move.created_at, kind="consent", title=title % {"way": way}, detail=move.evidence, actor=move.actor
    )


def _note_item(note: Note) -> TimelineItem:
    return TimelineItem(at=note.created_at, kind="note", title=note.text, actor=note.actor, subject_id=note.pk)


def _detail(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
