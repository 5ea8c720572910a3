"""What clients send about SOPs: one source for decoding, limits and the API's schema. Pure."""

from typing import Annotated, Literal

import msgspec

from sop.timing import MAX_AFTER_MINUTES, MAX_DAY, MAX_LATE_MINUTES
from tenants.incoming import Id, Incoming, Text300, limit

MAX_STEPS = 100
MOST_PER_DAY = 20


def _whole(low: int, high: int, code: str) -> msgspec.Meta:
    return limit(code, f"Send a whole number from {low} to {high}.", ge=low, le=high)


Name = Annotated[str, limit("invalid_name", "Send 1 to 100 characters.", min_length=1, max_length=100)]
Clock = Annotated[
    str, limit("invalid_clock", 'Send a time of day such as "09:30".', pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)")
]
Content = Annotated[
    str,
    limit(
        "too_long",
        "Send at most 4,000 characters.",
        max_length=10_000,
        description="May hold variables with fallbacks: {{ contact.name|friend }}.",
    ),
]


class StepBody(Incoming, frozen=True, kw_only=True):
    """One message and when it is due: `day` and `at` (day 1 is the day of entry), or `after_minutes` of entry.

    What is not sent within `late_after_minutes` of its due instant is skipped.
    """

    content: Content
    day: Annotated[int, _whole(1, MAX_DAY, "invalid_day")] | None = None
    at: Clock | None = None
    after_minutes: Annotated[int, _whole(0, MAX_AFTER_MINUTES, "invalid_minutes")] | None = None
    late_after_minutes: Annotated[int, _whole(1, MAX_LATE_MINUTES, "invalid_minutes")] = 120
    touch_kind: Literal["private_chat"] = "private_chat"


Steps = Annotated[list[StepBody], limit("too_many_steps", f"Send at most {MAX_STEPS} steps.", max_length=MAX_STEPS)]


class VersionBody(Incoming, frozen=True, kw_only=True):
    """The body of `POST /sops/{id}/versions`: what the SOP is to say, as a draft. It takes the place of a draft."""

    segment: Annotated[Id, msgspec.Meta(description="Whose entries start a run.")]
    steps: Steps = []
    exits_on_leaving: bool = True
    exits_on_order: bool = False
    may_reenter: bool = False


class SopBody(Incoming, frozen=True, kw_only=True):
    """The body of `POST /sops`."""

    name: Name
    description: Text300 = ""
    version: VersionBody | None = None


class SopEdit(Incoming, frozen=True, kw_only=True):
    """The body of `PATCH /sops/{id}`."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    description: Text300 | msgspec.UnsetType = msgspec.UNSET


class PreviewBody(Incoming, frozen=True, kw_only=True):
    """The body of `POST /sops/preview`: a draft as far as it is written."""

    segment: Id | None = None
    steps: Steps = []
    contact: Annotated[Id, msgspec.Meta(description="To whom; without: who entered the segment last.")] | None = None


class PublishBody(Incoming, frozen=True, kw_only=True):
    """The body of `POST /sops/{id}/publish`."""

    include_members: Annotated[bool, msgspec.Meta(description="Enroll who is in the segment now as well.")] = False


class NothingBody(Incoming, frozen=True):
    """An act that needs no words."""


class TouchBudgetBody(Incoming, frozen=True):
    """The body of `PUT /touch-budget`."""

    per_day: Annotated[int, _whole(1, MOST_PER_DAY, "invalid_limit")]
