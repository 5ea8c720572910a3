"""Claim: decide a batch of due touchpoints of one SOP and lease those that may go out."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection

from sop import ledger_sql
from sop.models import Step, TouchBudget, Touchpoint
from sop.templates import ATTRIBUTE, CONTACT_NAME, Compiled, contact_values, variables
from tenants.models import Tenant
from tenants.timezones import zone


class ClaimOvertaken(Exception):
    """A row was changed while it was decided: roll back and claim again."""


@dataclass(frozen=True, slots=True)
class Script:
    """What one step says, and how."""

    touch_kind: str
    compiled: Compiled
    asks_name: bool
    # the attributes that it names
    asks_attributes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A touchpoint that is ours until its lease ends. `fence` counts its claims, `tries` those that count."""

    id: int
    fence: int
    tries: int
    contact_id: int
    enrollment_id: int
    step_id: int
    occurrence: int


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim's result: what may go out, what is said of whom, and how the others were decided."""

    touchpoints: list[Claimed]
    # contact id → variable → value, of those whose texts ask
    values: dict[int, dict[str, str]]
    # the day whose cap the claimed ones use up
    cap_date: date
    # (state, reason) → touchpoints
    decided: Counter[tuple[str, str]] = field(default_factory=Counter)
    # something of this SOP may be due still
    is_more: bool = False


def claim_due(
    *, tenant: Tenant, sop_id: int, at: datetime, most: int, lease_seconds: float, scripts: dict[int, Script]
) -> Claim:
    """Decide up to `most` touchpoints that are due `at`, in one statement; at most one of a contact is claimed.

    Refused ones are settled with their reason: the run is over, consent was withdrawn, too late, the day's cap. What
    is claimed has used up one of its contact's day. `scripts`: of steps known already; those of others are added.

    Raises: ClaimOvertaken
    """
    cap_date = at.astimezone(zone(tenant.timezone)).date()
    rows = _execute(
        ledger_sql.CLAIM,
        {
            "tenant_id": tenant.pk,
            "sop_id": sop_id,
            "at": at,
            "most": most,
            "date": cap_date,
            "per_day": TouchBudget.DEFAULT_PER_DAY,
            "lease_seconds": lease_seconds,
        },
    )
    due, decided = rows[0][:2]
    changed = [row for row in rows if row[2] is not None]
    if len(changed) < decided:
        raise ClaimOvertaken(f"{decided - len(changed)} touchpoints of SOP {sop_id}")
    touchpoints = [Claimed(*row[2:5], *row[7:]) for row in changed if row[5] == Touchpoint.State.CLAIMED]
    _add_scripts(tenant, {one.step_id for one in touchpoints}, scripts)
    return Claim(
        touchpoints=touchpoints,
        values=_values(tenant, touchpoints, scripts),
        cap_date=cap_date,
        decided=Counter((row[5], row[6]) for row in changed),
        is_more=due == most or decided < due,
    )


def _add_scripts(tenant: Tenant, step_ids: set[int], scripts: dict[int, Script]) -> None:
    """Learn the steps that are not known yet: what is published is never changed."""
    unknown = step_ids - scripts.keys()
    if not unknown:
        return
    steps = Step.objects.for_tenant(tenant).filter(pk__in=unknown).values_list("pk", "touch_kind", "compiled")
    for step_id, touch_kind, compiled in steps:
        asked = variables(compiled)
        attributes = frozenset(name.removeprefix(ATTRIBUTE) for name in asked if name.startswith(ATTRIBUTE))
        scripts[step_id] = Script(touch_kind, compiled, CONTACT_NAME in asked, attributes)


def _values(tenant: Tenant, touchpoints: Iterable[Claimed], scripts: Mapping[int, Script]) -> dict[int, dict[str, str]]:
    asking: dict[int, Script] = {}
    for one in touchpoints:
        script = scripts[one.step_id]
        if script.asks_name or script.asks_attributes:
            asking[one.contact_id] = script
    if not asking:
        return {}
    with_attributes = any(script.asks_attributes for script in asking.values())
    people = _execute(
        ledger_sql.PEOPLE,
        {"tenant_id": tenant.pk, "contact_ids": sorted(asking), "with_attributes": with_attributes},
    )
    return {
        contact_id: contact_values(name=name, attributes=_asked(asking[contact_id], json.loads(attributes or "{}")))
        for contact_id, name, attributes in people
    }


def _asked(script: Script, held: Mapping[str, Any]) -> dict[str, Any]:
    return {key: held.get(key) for key in script.asks_attributes}


def _execute(statement: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
