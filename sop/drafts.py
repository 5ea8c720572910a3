"""What a draft's steps come to, what is wrong with them, and what one should know before publishing. Pure."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from sop.incoming import MAX_STEPS, StepBody
from sop.templates import Compiled, TextFault, compile_text, variables
from sop.timing import MAX_AFTER_MINUTES, MAX_DAY, MAX_LATE_MINUTES, Timing, due_at
from tenants.results import FieldError


class DraftIsInvalid(Exception):
    """A draft that cannot be kept; `errors` point into it."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__(errors)
        self.errors = errors


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPlan:
    """One step ready to be kept."""

    timing: Timing
    late_after_minutes: int
    touch_kind: str
    content: str
    compiled: Compiled


def read_steps(steps: Sequence[StepBody], *, attributes: Collection[str]) -> list[StepPlan]:
    """The steps of a draft, their texts compiled.

    Raises: DraftIsInvalid, with all that is wrong
    """
    if len(steps) > MAX_STEPS:
        detail = _("An SOP has at most %(most)d steps.") % {"most": MAX_STEPS}
        raise DraftIsInvalid(FieldError("/steps", "too_many_steps", detail))
    plans, errors = try_steps(steps, attributes=attributes)
    if errors:
        raise DraftIsInvalid(*errors)
    return list(plans.values())


def try_steps(
    steps: Sequence[StepBody], *, attributes: Collection[str]
) -> tuple[dict[int, StepPlan], list[FieldError]]:
    """The steps that can be kept, by their place in the draft, and what is wrong with the others."""
    plans: dict[int, StepPlan] = {}
    errors: list[FieldError] = []
    for index, step in enumerate(steps):
        try:
            plans[index] = _plan(step, attributes)
        except DraftIsInvalid as invalid:
            errors += [FieldError(f"/steps/{index}/{one.pointer}", one.code, one.detail) for one in invalid.errors]
    return plans, errors


def cautions(steps: Sequence[StepPlan], *, per_day: int) -> list[FieldError]:
    """What is allowed but probably not meant; pointers as in `VersionBody`."""
    return [*_same_moments(steps), *_no_fallbacks(steps), *_over_the_cap(steps, per_day)]


def past_steps(steps: Sequence[StepPlan], *, entered_at: datetime, zone: ZoneInfo) -> list[FieldError]:
    """The steps that who enters at this instant would miss, because they are too late by then."""
    errors = []
    for index, step in enumerate(steps):
        due = due_at(step.timing, entered_at=entered_at, zone=zone)
        if due + timedelta(minutes=step.late_after_minutes) < entered_at:
            detail = _("Who enters now misses this step: its time today is over.")
            errors.append(FieldError(f"/steps/{index}", "is_over", detail))
    return errors


def _plan(step: StepBody, attributes: Collection[str]) -> StepPlan:
    errors = [*_timing_faults(step)]
    compiled: Compiled = []
    try:
        compiled = compile_text(step.content, attributes=attributes)
    except TextFault as fault:
        errors.append(FieldError("content", fault.code, fault.detail))
    if errors:
        raise DraftIsInvalid(*errors)
    clock = None if step.at is None else time.fromisoformat(step.at)
    return StepPlan(
        timing=Timing(day=step.day, at_time=clock, after_minutes=step.after_minutes),
        late_after_minutes=step.late_after_minutes,
        touch_kind=step.touch_kind,
        content=step.content.replace("\r\n", "\n"),
        compiled=compiled,
    )


def _timing_faults(step: StepBody) -> Iterator[FieldError]:
    has_day, has_clock, has_minutes = (one is not None for one in (step.day, step.at, step.after_minutes))
    if has_minutes and (has_day or has_clock):
        yield FieldError("after_minutes", "two_timings", _("Give a day and a time, or minutes after entry: not both."))
    elif not has_minutes and not (has_day and has_clock):
        detail = _("Say when: a day and a time, or minutes after entry.")
        yield FieldError("at" if has_day else "day", "required", detail)
    limits = (
        ("day", step.day, 1, MAX_DAY),
        ("after_minutes", step.after_minutes, 0, MAX_AFTER_MINUTES),
        ("late_after_minutes", step.late_after_minutes, 1, MAX_LATE_MINUTES),
    )
    for name, value, low, high in limits:
        if value is not None and not low <= value <= high:
            detail = _("Give a whole number from %(low)d to %(high)d.") % {"low": low, "high": high}
            yield FieldError(name, "out_of_range", detail)


def _same_moments(steps: Sequence[StepPlan]) -> Iterator[FieldError]:
    firsts: dict[Timing, int] = {}
    for index, step in enumerate(steps):
        first = firsts.setdefault(step.timing, index)
        if first != index:
            detail = _("Due at the same moment as step %(number)d.") % {"number": first + 1}
            yield FieldError(f"/steps/{index}", "same_moment", detail)


def _no_fallbacks(steps: Sequence[StepPlan]) -> Iterator[FieldError]:
    for index, step in enumerate(steps):
        bare = {part[0] for part in step.compiled if not isinstance(part, str) and not part[1]}
        for name in sorted(bare & variables(step.compiled) - {"brand.name"}):
            detail = _("Without a fallback, nothing stands there for people whose %(name)s is not known.")
            yield FieldError(f"/steps/{index}/content", "no_fallback", detail % {"name": name})


def _over_the_cap(steps: Sequence[StepPlan], per_day: int) -> Iterator[FieldError]:
    days = Counter(_day(step) for step in steps)
    for index, step in enumerate(steps):
        planned = days.pop(_day(step), 0)
        if planned > per_day:
            detail = _("Day %(day)d has %(planned)d messages, and %(cap)d a day are allowed: the rest will be skipped.")
            said = detail % {"day": _day(step), "planned": planned, "cap": per_day}
            yield FieldError(f"/steps/{index}", "over_cap", said)


def _day(step: StepPlan) -> int:
    """The day on which a step falls; of one after entry the day for who enters in its first hours."""
    if step.timing.after_minutes is None:
        assert step.timing.day is not None
        return step.timing.day
    return 1 + step.timing.after_minutes // (24 * 60)
