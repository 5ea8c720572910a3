"""What happened to a contact, in the one shape in which every app tells it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineItem:
    """One thing that happened.

    `kind`: the word for what it is about, such as `tag`, `note`, `order`, `touchpoint`; `title` and `detail`: in
    the reader's language; `actor`: who did it, as the audit log names actors; `subject_id`: our id of what it is
    about (an order's item: the order), None where there is nothing to open; `amount_minor`: money that moved, in the
    minor units of `currency`, below zero where it was given back. Each app's selectors have KINDS, the kinds that it
    tells, and `timeline_items(tenant, contact_id, before, limit, kinds)`: the newest items of these kinds before an
    instant, newest first, `limit` of them and all others of the last one's instant, so that `before` of the next page
    misses none.
    """

    at: datetime
    kind: str
    title: str
    detail: str = ""
    actor: str = ""
    subject_id: int | None = None
    amount_minor: int | None = None
    currency: str = ""


def newest_items(items: Iterable[TimelineItem], *, limit: int) -> list[TimelineItem]:
    """The newest items of several apps, newest first: `limit` of them, and all others of the last one's instant."""
    told = sorted(items, key=lambda item: item.at, reverse=True)
    if len(told) <= limit:
        return told
    last_at = told[limit - 1].at
    return [item for item in told if item.at >= last_at]
