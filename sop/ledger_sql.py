"""The ledger's statements: claim, settle, reap, reconcile, and the due table.

Lock order: touchpoints by id (claims skip what is locked), then cap uses by contact and day, then due rows by SOP.
The tenant's number is hidden from the planner where keys are looked up (decision 8).
"""

# The earliest instant at which something is to be done for SOP `s` in state `s.state`: a planned row (not while
# paused), an expired lease, a row whose outcome must be asked for. Null: nothing.
_EARLIEST = """
least(
    (SELECT t.run_at FROM sop_touchpoint t
     WHERE t.tenant_id = (SELECT %(tenant_id)s::bigint) AND t.sop_id = s.id AND t.state = 'planned' {planned}
     ORDER BY t.run_at LIMIT 1),
    (SELECT t.lease_until FROM sop_touchpoint t
     WHERE t.tenant_id = (SELECT %(tenant_id)s::bigint) AND t.sop_id = s.id AND t.state = 'claimed'
     ORDER BY t.lease_until LIMIT 1),
    (SELECT t.run_at FROM sop_touchpoint t
     WHERE t.tenant_id = (SELECT %(tenant_id)s::bigint) AND t.sop_id = s.id AND t.state = 'unknown'
     ORDER BY t.run_at LIMIT 1))
"""

# Purpose: bring due rows forward. Parameters: tenant_id, sop_ids (ascending). The state of the SOP is not asked: a
# resume that is under way elsewhere must not hide what is planned now. Locks each row, also where it stays.
NOTE_DUE = f"""
INSERT INTO sop_due AS d (tenant_id, sop_id, due_at)
SELECT %(tenant_id)s, s.id, e.due_at
FROM unnest(%(sop_ids)s::bigint[]) AS s(id)
CROSS JOIN LATERAL (SELECT {_EARLIEST.format(planned="")} AS due_at OFFSET 0) e
WHERE e.due_at IS NOT NULL
ORDER BY s.id
ON CONFLICT (tenant_id, sop_id) DO UPDATE SET due_at = excluded.due_at WHERE d.due_at > excluded.due_at
"""  # noqa: S608 - fragments are constants

# Purpose: lock the due rows of some SOPs, made where there are none, so that the next statement, which sees what was
# committed until then, decides alone. Parameters: tenant_id, sop_ids (ascending).
_LOCK_DUE = """
INSERT INTO sop_due AS d (tenant_id, sop_id, due_at)
SELECT %(tenant_id)s, s.id, 'infinity' FROM unnest(%(sop_ids)s::bigint[]) AS s(id) ORDER BY s.id
ON CONFLICT (tenant_id, sop_id) DO UPDATE SET due_at = d.due_at;
"""
_SET_DUE = f"""
WITH next AS MATERIALIZED (
    SELECT k.id AS sop_id, e.due_at
    FROM unnest(%(sop_ids)s::bigint[]) AS k(id)
    LEFT JOIN LATERAL (
        SELECT {_EARLIEST.format(planned="AND s.state <> 'paused'")} AS due_at
        FROM sop_sop s WHERE s.tenant_id = (SELECT %(tenant_id)s::bigint) AND s.id = k.id
        OFFSET 0
    ) e ON true
), done AS (
    DELETE FROM sop_due d USING next
    WHERE d.tenant_id = %(tenant_id)s AND d.sop_id = next.sop_id AND next.due_at IS NULL
)
UPDATE sop_due d SET due_at = next.due_at{{hint}}
FROM next WHERE d.tenant_id = %(tenant_id)s AND d.sop_id = next.sop_id AND next.due_at IS NOT NULL
"""  # noqa: S608 - fragments are constants
REFRESH_DUE = _LOCK_DUE + _SET_DUE.format(hint=", hinted_until = %(hinted_until)s")
SWEEP_DUE = _LOCK_DUE + _SET_DUE.format(hint="")

# Purpose: give due SOPs to workers: those that nobody has been told of lately. Parameters: at, hint_seconds, most.
# Grain: one SOP. Of all live tenants: the one statement here that names none.
HINT_DUE = """
WITH chosen AS MATERIALIZED (
    SELECT tenant_id, sop_id FROM sop_due
    WHERE due_at <= %(at)s AND (hinted_until IS NULL OR hinted_until <= clock_timestamp())
      AND tenant_id NOT IN (SELECT id FROM tenants_tenant WHERE NOT is_live)
    ORDER BY due_at LIMIT %(most)s
    FOR UPDATE SKIP LOCKED
)
UPDATE sop_due d SET hinted_until = clock_timestamp() + make_interval(secs => %(hint_seconds)s) FROM chosen
WHERE d.tenant_id = chosen.tenant_id AND d.sop_id = chosen.sop_id
RETURNING d.tenant_id, d.sop_id
"""

# Purpose: decide up to `most` due touchpoints of one SOP and lease those that may go out. At once, by the same
# snapshot: is the run still on, is it wanted, is it still in time, has the contact's day room; one touchpoint per
# contact, another of the same contact stays for the next claim.
# Parameters: tenant_id, sop_id, at, most, date (of `at` in the tenant's zone), per_day (where no budget is set),
# lease_seconds.
# Returns one row per changed touchpoint: how many were due and how many decided, then id, fence, tries, state, reason,
# contact_id, enrollment_id, step_id, occurrence; where none was changed, one row with nulls. Fewer changed than
# decided: one was changed meanwhile, by whoever was faster; roll back, its reservation must not stay.
# A planned row that holds a day may have gone out already (its answer was lost, and the provider honours keys): what
# must not be sent again is of unknown outcome, not skipped.
# The questions that stand in CASE are asked only where they decide; none is a join, so none turns quadratic.
CLAIM = """
WITH sop AS MATERIALIZED (
    SELECT s.state FROM sop_sop s
    WHERE s.tenant_id = (SELECT %(tenant_id)s::bigint) AND s.id = %(sop_id)s AND s.state IN ('published', 'archived')
), budget AS MATERIALIZED (
    SELECT coalesce((SELECT b.per_day FROM sop_touchbudget b WHERE b.tenant_id = %(tenant_id)s), %(per_day)s) AS per_day
), due AS MATERIALIZED (
    SELECT t.ctid AS place, t.id, t.contact_id, t.enrollment_id, t.step_id, t.run_at, t.late_at, t.cap_date
    FROM sop_touchpoint t
    WHERE t.tenant_id = (SELECT %(tenant_id)s::bigint) AND t.sop_id = %(sop_id)s AND t.state = 'planned'
      AND t.run_at <= %(at)s AND EXISTS (SELECT FROM sop)
    ORDER BY t.run_at LIMIT %(most)s
    FOR UPDATE OF t SKIP LOCKED
), decided AS MATERIALIZED (
    SELECT d.*, CASE
        WHEN (SELECT state FROM sop) = 'archived' THEN 'stopped'
        WHEN e.state <> 'active' THEN coalesce(nullif(e.exit_reason, ''), 'stopped')
        WHEN p.exits_on_order AND (
            SELECT s.last_purchase_at FROM orders_contactstats s
            WHERE s.tenant_id = (SELECT %(tenant_id)s::bigint) AND s.contact_id = d.contact_id
        ) > e.entered_at THEN 'ordered'
        WHEN p.exits_on_leaving AND (
            SELECT true FROM segments_segmentmember m
            WHERE m.tenant_id = (SELECT %(tenant_id)s::bigint) AND m.segment_id = p.segment_id
              AND m.contact_id = d.contact_id
        ) IS NULL THEN 'left'
        WHEN NOT (
            SELECT c.is_granted FROM contacts_consent c
            WHERE c.tenant_id = (SELECT %(tenant_id)s::bigint) AND c.contact_id = d.contact_id
              AND c.touch_kind = p.touch_kind
        ) THEN 'no_consent'
        WHEN d.late_at < %(at)s THEN 'late'
        ELSE '' END AS reason
    FROM due d
    CROSS JOIN LATERAL (
        SELECT e.state, e.exit_reason, e.entered_at FROM sop_enrollment e
        WHERE e.tenant_id = (SELECT %(tenant_id)s::bigint) AND e.id = d.enrollment_id
        OFFSET 0
    ) e
    CROSS JOIN LATERAL (
        SELECT s.touch_kind, v.exits_on_order, v.exits_on_leaving, v.segment_id
        FROM sop_step s JOIN sop_sopversion v ON v.tenant_id = s.tenant_id AND v.id = s.version_id
        WHERE s.tenant_id = (SELECT %(tenant_id)s::bigint) AND s.id = d.step_id
        OFFSET 0
    ) p
), wanted AS MATERIALIZED (
    SELECT DISTINCT ON (contact_id) id, place, contact_id, cap_date FROM decided
    WHERE reason = '' ORDER BY contact_id, run_at, id
), room AS (
    INSERT INTO sop_capuse AS u (tenant_id, contact_id, date, used)
    SELECT %(tenant_id)s, w.contact_id, %(date)s, 1 FROM wanted w
    WHERE w.cap_date IS DISTINCT FROM %(date)s AND (SELECT per_day FROM budget) > 0
    ORDER BY w.contact_id
    ON CONFLICT (tenant_id, contact_id, date) DO UPDATE SET used = u.used + 1
        WHERE u.used < (SELECT per_day FROM budget)
    RETURNING u.contact_id
), verdict AS MATERIALIZED (
    SELECT id, place, reason FROM decided WHERE reason <> ''
    UNION ALL
    SELECT w.id, w.place, CASE
        WHEN w.cap_date = %(date)s OR w.contact_id IN (SELECT contact_id FROM room) THEN '' ELSE 'cap' END
    FROM wanted w
), changed AS (
    UPDATE sop_touchpoint t SET
        state = CASE WHEN v.reason = '' THEN 'claimed'
                     WHEN t.cap_date IS NOT NULL THEN 'unknown'
                     WHEN v.reason IN ('no_consent', 'late', 'cap') THEN 'skipped' ELSE 'cancelled' END,
        reason = CASE WHEN t.cap_date IS NULL THEN v.reason ELSE '' END,
        fence = CASE WHEN v.reason = '' THEN t.fence + 1 ELSE t.fence END,
        tries = CASE WHEN v.reason = '' THEN t.tries + 1 ELSE t.tries END,
        cap_date = CASE WHEN v.reason = '' THEN %(date)s ELSE t.cap_date END,
        lease_until = CASE WHEN v.reason = ''
                           THEN clock_timestamp() + make_interval(secs => %(lease_seconds)s) END,
        settled_at = CASE WHEN v.reason <> '' THEN %(at)s::timestamptz END
    FROM verdict v WHERE t.ctid = v.place AND t.id = v.id
    RETURNING t.id, t.fence, t.tries, t.state, t.reason, t.contact_id, t.enrollment_id, t.step_id, t.occurrence
)
SELECT counts.*, changed.*
FROM (SELECT (SELECT count(*) FROM due) AS due, (SELECT count(*) FROM verdict) AS decided) counts
LEFT JOIN changed ON true
"""

# Purpose: what texts say of people. Parameters: tenant_id, contact_ids, with_attributes. Grain: one contact.
PEOPLE = """
SELECT k.id, c.name, c.attributes
FROM unnest(%(contact_ids)s::bigint[]) AS k(id)
CROSS JOIN LATERAL (
    SELECT c.name, CASE WHEN %(with_attributes)s THEN c.attributes END AS attributes FROM contacts_contact c
    WHERE c.tenant_id = (SELECT %(tenant_id)s::bigint) AND c.id = k.id
    OFFSET 0
) c
"""

# What was learned of touchpoints, as one JSON text: an array of objects. A null run_at leaves it.
_TOLD = """
told AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(told)s::json) AS r (
        id bigint, fence integer, state text, reason text, run_at timestamptz, provider_id text, text text,
        is_counted boolean, keeps_cap boolean)
)
"""
# Purpose: write down what became of touchpoints, each only if it still is in the state and of the claim that was acted
# on. Parameters: tenant_id, at, told, held (the state; hidden from the planner, which would read the partial index of
# that state whole for each id). `is_counted` false: the claim does not count as a try.
# Returns the ids that were written.
SETTLE = f"""
WITH {_TOLD}, found AS MATERIALIZED (
    SELECT r.*, t.place FROM told r
    CROSS JOIN LATERAL (
        SELECT t.ctid AS place FROM sop_touchpoint t
        WHERE t.tenant_id = (SELECT %(tenant_id)s::bigint) AND t.id = r.id
        OFFSET 0
    ) t
)
UPDATE sop_touchpoint t SET
    state = f.state, reason = f.reason, run_at = coalesce(f.run_at, t.run_at), lease_until = NULL,
    provider_id = f.provider_id, text = f.text,
    tries = CASE WHEN f.is_counted THEN t.tries ELSE greatest(t.tries - 1, 0) END,
    cap_date = CASE WHEN f.keeps_cap THEN t.cap_date END,
    settled_at = CASE WHEN f.state = 'planned' THEN NULL ELSE %(at)s::timestamptz END
FROM found f
WHERE t.ctid = f.place AND t.id = f.id AND t.fence = f.fence AND t.state = (SELECT %(held)s)
RETURNING t.id
"""  # noqa: S608 - fragments are constants

# Purpose: give reservations back. Parameters: tenant_id, contact_ids and dates (side by side).
GIVE_BACK = """
WITH back AS MATERIALIZED (
    SELECT b.contact_id, b.date, count(*) AS uses
    FROM unnest(%(contact_ids)s::bigint[], %(dates)s::date[]) AS b(contact_id, date)
    GROUP BY 1, 2 ORDER BY 1, 2
), held AS MATERIALIZED (
    SELECT b.* FROM back b
    CROSS JOIN LATERAL (
        SELECT u.used FROM sop_capuse u
        WHERE u.tenant_id = (SELECT %(tenant_id)s::bigint) AND u.contact_id = b.contact_id AND u.date = b.date
        FOR UPDATE OFFSET 0
    ) u
)
UPDATE sop_capuse u SET used = greatest(u.used - held.uses, 0) FROM held
WHERE u.tenant_id = (SELECT %(tenant_id)s::bigint) AND u.contact_id = held.contact_id AND u.date = held.date
"""

# Purpose: take claims back whose lease is over: their worker is gone. Parameters: tenant_id, sop_id, at, most, state
# (unknown, or planned). Returns the ids.
REAP = """
WITH expired AS MATERIALIZED (
    SELECT t.id FROM sop_touchpoint t
    WHERE t.tenant_id = (SELECT %(tenant_id)s::bigint) AND t.sop_id = %(sop_id)s AND t.state = 'claimed'
      AND t.lease_until <= (SELECT clock_timestamp())
    ORDER BY t.lease_until LIMIT %(most)s
    FOR UPDATE SKIP LOCKED
)
UPDATE sop_touchpoint t SET
    state = %(state)s, lease_until = NULL, run_at = %(at)s,
    settled_at = CASE WHEN %(state)s = 'unknown' THEN %(at)s::timestamptz END
FROM expired
WHERE t.tenant_id = (SELECT %(tenant_id)s::bigint) AND t.id = expired.id
RETURNING t.id
"""

# Purpose: take touchpoints of unknown outcome whose turn it is to be asked for, so that no other asks meanwhile.
# Parameters: tenant_id, sop_id, at, most, again_at.
# Returns id, fence, contact_id, enrollment_id, step_id, occurrence, cap_date, settled_at (unknown since), text.
TAKE_UNKNOWN = """
WITH chosen AS MATERIALIZED (
    SELECT t.id FROM sop_touchpoint t
    WHERE t.tenant_id = (SELECT %(tenant_id)s::bigint) AND t.sop_id = %(sop_id)s AND t.state = 'unknown'
      AND t.run_at <= %(at)s
    ORDER BY t.run_at LIMIT %(most)s
    FOR UPDATE SKIP LOCKED
)
UPDATE sop_touchpoint t SET run_at = %(again_at)s FROM chosen
WHERE t.tenant_id = (SELECT %(tenant_id)s::bigint) AND t.id = chosen.id
RETURNING t.id, t.fence, t.contact_id, t.enrollment_id, t.step_id, t.occurrence, t.cap_date, t.settled_at, t.text
"""
# Purpose: say when to ask again. Parameters: tenant_id, ids, run_ats (side by side).
ASK_AGAIN = """
UPDATE sop_touchpoint t SET run_at = k.run_at
FROM unnest(%(ids)s::bigint[], %(run_ats)s::timestamptz[]) AS k(id, run_at)
WHERE t.tenant_id = (SELECT %(tenant_id)s::bigint) AND t.id = k.id AND t.state = (SELECT 'unknown')
"""
