"""The usual way: one Celery task per touchpoint, which asks and does the same in short statements of its own.

`python -m celery -A benchmarks.one_by_one worker`. Each worker process has one connection, in its tenant once and for
all; a task has two transactions, and none is open while the provider is spoken to.
"""

import os
from datetime import datetime
from typing import Any

import django
import psycopg2
from celery import Celery, signals
from django.conf import settings

from benchmarks.senders import AtOnce

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
django.setup()
app = Celery("one_by_one")
app.conf.update(
    broker_url=settings.REDIS_URL,
    broker_transport_options=settings.CELERY_BROKER_TRANSPORT_OPTIONS,
    broker_connection_retry_on_startup=True,
    task_acks_late=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=64,
    task_default_queue="idle",
)

# planned once per connection, as drivers do that prepare what is repeated
_PREPARE = """
SET plan_cache_mode = force_generic_plan;
PREPARE claim (bigint, bigint, timestamptz) AS
UPDATE sop_touchpoint SET state = 'claimed', fence = fence + 1, tries = tries + 1,
       lease_until = clock_timestamp() + interval '60 s'
WHERE tenant_id = $1 AND id = $2 AND state = 'planned' AND run_at <= $3
RETURNING fence, contact_id, enrollment_id, step_id, occurrence, late_at < $3;
PREPARE ask (bigint, bigint, bigint, bigint) AS
SELECT o.state, e.state, e.exit_reason, p.compiled, c.name, k.is_granted,
       v.exits_on_order AND s.last_purchase_at > e.entered_at,
       v.exits_on_leaving AND m.contact_id IS NULL, coalesce(b.per_day, 2)
FROM sop_enrollment e
JOIN sop_step p ON p.tenant_id = $1 AND p.id = $4
JOIN sop_sopversion v ON v.tenant_id = $1 AND v.id = p.version_id
JOIN sop_sop o ON o.tenant_id = $1 AND o.id = v.sop_id
JOIN contacts_contact c ON c.tenant_id = $1 AND c.id = $3
LEFT JOIN contacts_consent k ON k.tenant_id = $1 AND k.contact_id = $3 AND k.touch_kind = p.touch_kind
LEFT JOIN orders_contactstats s ON s.tenant_id = $1 AND s.contact_id = $3
LEFT JOIN segments_segmentmember m ON m.tenant_id = $1 AND m.segment_id = v.segment_id AND m.contact_id = $3
LEFT JOIN sop_touchbudget b ON b.tenant_id = $1
WHERE e.tenant_id = $1 AND e.id = $2;
PREPARE reserve (bigint, bigint, date, integer) AS
INSERT INTO sop_capuse AS u (tenant_id, contact_id, date, used) VALUES ($1, $2, $3, 1)
ON CONFLICT (tenant_id, contact_id, date) DO UPDATE SET used = u.used + 1 WHERE u.used < $4
RETURNING used;
PREPARE settle (bigint, bigint, integer, text, text, text, text, date) AS
UPDATE sop_touchpoint SET state = $4, reason = $5, lease_until = NULL, settled_at = clock_timestamp(),
       provider_id = $6, text = $7, cap_date = $8
WHERE tenant_id = $1 AND id = $2 AND fence = $3 AND state = 'claimed'
"""
_CLAIM = "EXECUTE claim (%(tenant)s, %(id)s, %(at)s)"
_ASK = "EXECUTE ask (%(tenant)s, %(enrollment)s, %(contact)s, %(step)s)"
_RESERVE = "EXECUTE reserve (%(tenant)s, %(contact)s, %(date)s, %(per_day)s)"
_SETTLE = """
EXECUTE settle (%(tenant)s, %(id)s, %(fence)s, %(state)s, %(reason)s, %(provider_id)s, %(text)s, %(cap_date)s)
"""
_held: dict[str, Any] = {}


@signals.worker_process_init.connect
def connect(**kwargs: Any) -> None:
    """Open the process's connection."""
    held = settings.DATABASES["default"]
    named = {"dbname": held["NAME"], "user": held["USER"], "password": held["PASSWORD"]}
    _held["connection"] = psycopg2.connect(**named, host=held["HOST"], port=held["PORT"] or None)
    _held["provider"] = AtOnce()
    with _held["connection"] as connection, connection.cursor() as cursor:
        cursor.execute(_PREPARE)


@app.task(name="touch")
def touch(tenant_id: int, touchpoint_id: int, at: str, brand: str) -> None:
    """Let one touchpoint go out, if it still may."""
    asked: dict[str, Any] = {"tenant": tenant_id, "id": touchpoint_id, "at": at}
    connection = _held["connection"]
    with connection, connection.cursor() as cursor:
        if _held.get("tenant") != tenant_id:
            cursor.execute("SELECT set_config('app.tenant_id', %s, false)", [str(tenant_id)])
            _held["tenant"] = tenant_id
        cursor.execute(_CLAIM, asked)
        if (row := cursor.fetchone()) is None:
            return
        names = ("fence", "contact", "enrollment", "step", "occurrence", "is_late")
        asked |= dict(zip(names, row, strict=True))
        if (message := _decide(cursor, asked, brand)) is None:
            return
    (outcome,) = _held["provider"].send([message])
    with connection, connection.cursor() as cursor:
        told = {"state": "sent", "reason": "", "provider_id": outcome.provider_id, "text": message.text}
        cursor.execute(_SETTLE, {**asked, **told, "cap_date": asked["date"]})


def _decide(cursor: Any, asked: dict[str, Any], brand: str) -> Any:
    """The message to send; None, and the touchpoint settled, where it must not go out."""
    from sop.services.running import key_of
    from sop.templates import render
    from sop.transports.base import Message

    cursor.execute(_ASK, asked)
    *known, per_day = cursor.fetchone()
    _, _, _, compiled, name, *_ = known
    state, reason = _refusal(known, is_late=asked["is_late"])
    asked["date"] = datetime.fromisoformat(asked["at"]).date()
    if not reason:
        cursor.execute(_RESERVE, {**asked, "per_day": per_day})
        state, reason = ("", "") if cursor.fetchone() else ("skipped", "cap")
    if reason:
        told = {"state": state, "reason": reason, "provider_id": "", "text": "", "cap_date": None}
        cursor.execute(_SETTLE, {**asked, **told})
        return None
    text = render(compiled, {"brand.name": brand, "contact.name": name})
    key = key_of(brand, asked["enrollment"], asked["step"], asked["occurrence"])
    return Message(key, brand, str(asked["contact"]), "private_chat", text)


def _refusal(known: list[Any], *, is_late: bool) -> tuple[str, str]:
    """State and reason of one that must not go out; empty where it may."""
    sop_state, state, exit_reason, _, _, is_granted, has_ordered, has_left = known
    told = [
        (sop_state == "archived", "cancelled", "stopped"),
        (state != "active", "cancelled", exit_reason or "stopped"),
        (has_ordered, "cancelled", "ordered"),
        (has_left, "cancelled", "left"),
        (is_granted is False, "skipped", "no_consent"),
        (is_late, "skipped", "late"),
    ]
    return next(((state, reason) for is_so, state, reason in told if is_so), ("", ""))
