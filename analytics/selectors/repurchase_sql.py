"""The repurchase board's statements: whole sets.

What is known of a contact comes from several tables; it is stacked (UNION ALL) and grouped by contact, not joined: no
plan can then read one table once for each row of another, whatever the statistics say (decision 8). What buyers bought
comes from their lives (`models.BuyerLife`), which hold it until now; the orders of those who bought after the instant
asked about are looked up, contact by contact.
"""

from analytics.lives_sql import LIFE
from analytics.repurchase import HORIZONS

_TENANT = "(SELECT %(tenant_id)s::bigint)"
_WITHIN = ",\n       ".join(
    f"count(*) FILTER (WHERE observed >= {days}), count(*) FILTER (WHERE observed >= {days} AND again <= {days})"
    for days in HORIZONS
)

# Purpose: how many of the pool were reached, and how many may not be. Parameters: tenant_id, start, before (the days'
# first instant, and the first after them), touch_kind. Columns: contacts acquired before the end; of them reached by
# a sent touchpoint in the days; those touchpoints; of them who refuse at the end, by their last word before it; who
# withdrew in the days. Grain: one row. Those who were not acquired by then are stacked, to be left out: they are few.
EXPOSURE = f"""
SELECT (SELECT count(*) FROM contacts_contact WHERE tenant_id = {_TENANT} AND acquired_at < %(before)s),
       count(*) FILTER (WHERE touches > 0), coalesce(sum(touches), 0)::bigint,
       count(*) FILTER (WHERE refuses), count(*) FILTER (WHERE withdrew)
FROM (
    SELECT contact_id, sum(touches) AS touches, bool_or(refuses) AS refuses, bool_or(withdrew) AS withdrew
    FROM (
        SELECT id AS contact_id, true AS is_later, 0 AS touches, false AS refuses, false AS withdrew
        FROM contacts_contact WHERE tenant_id = {_TENANT} AND acquired_at >= %(before)s
        UNION ALL
        SELECT id, true, 0, false, false FROM contacts_contact WHERE tenant_id = {_TENANT} AND acquired_at IS NULL
        UNION ALL
        SELECT contact_id, false, 1, false, false
        FROM sop_touchpoint
        WHERE tenant_id = {_TENANT} AND state = 'sent' AND settled_at >= %(start)s AND settled_at < %(before)s
        UNION ALL
        SELECT contact_id, false, 0, (array_agg(is_granted ORDER BY created_at DESC, id DESC))[1] = false,
               bool_or(NOT is_granted AND created_at >= %(start)s)
        FROM contacts_consentmove
        WHERE tenant_id = {_TENANT} AND touch_kind = %(touch_kind)s AND created_at < %(before)s
        GROUP BY contact_id
    ) stacked
    GROUP BY contact_id HAVING NOT bool_or(is_later)
) contacts
"""  # noqa: S608 - fragments are constants

# Purpose: who bought again after how many touches. Parameters: tenant_id, touch_from, after_from, after_before (the
# instants at which the days of touches begin, the days after them begin, and those end), most (this many touches or
# more are one row), touch_kind. Of contacts whose first purchase is before the days of touches. Columns: touches,
# contacts, who bought in the days after, who withdrew consent since the days of touches began. Grain: touches.
TOUCHES = f"""
SELECT least(touches, %(most)s) AS touches, count(*), count(*) FILTER (WHERE bought), count(*) FILTER (WHERE withdrew)
FROM (
    SELECT contact_id, sum(touches)::int AS touches, bool_or(bought) AS bought, bool_or(withdrew) AS withdrew
    FROM (
        SELECT contact_id, true AS is_buyer, 0 AS touches, false AS withdrew,
               last_at >= %(after_from)s AND (last_at < %(after_before)s OR EXISTS (
                   SELECT FROM orders_order o
                   WHERE o.tenant_id = {_TENANT} AND o.contact_id = b.contact_id AND o.paid_at >= %(after_from)s
                     AND o.paid_at < %(after_before)s AND o.status = 'paid' AND o.amount_minor > 0
                   OFFSET 0)) AS bought
        FROM analytics_buyerlife b WHERE tenant_id = {_TENANT} AND first_at < %(touch_from)s
        UNION ALL
        SELECT contact_id, false, 1, false, false
        FROM sop_touchpoint
        WHERE tenant_id = {_TENANT} AND state = 'sent'
          AND settled_at >= %(touch_from)s AND settled_at < %(after_from)s
        UNION ALL
        SELECT contact_id, false, 0, true, false
        FROM contacts_consentmove
        WHERE tenant_id = {_TENANT} AND touch_kind = %(touch_kind)s AND NOT is_granted
          AND created_at >= %(touch_from)s AND created_at < %(after_before)s
    ) stacked
    GROUP BY contact_id HAVING bool_or(is_buyer)
) contacts
GROUP BY 1
ORDER BY 1
"""  # noqa: S608 - fragments are constants

# Purpose: from each first purchase to the second, and who is due for what she buys again.
# Parameters: tenant_id, as_of (exclusive), first_from (null: no bound) and first_before (of the first purchase), before
# (of the rhythm, as_of at the latest), zone. Elapsed time is between whole seconds. A buyer's life is counted in days
# of 24 hours from her first purchase: `observed`, whole ones until as-of; `again`, the one in which she bought again,
# from 1. Columns: kind, then month, day, is_again, then counts. Grain by kind:
# followed: the day after which buyers are followed no more, because they bought again in it or as-of came; how many.
# month: the month of the first purchase; buyers, of them who bought again to date, then for each of HORIZONS who was
#   observed so long, and of them who bought again within.
# rhythm: one row of all contacts with two or more times between purchases before `before`: how many, for how many
#   the median of those times has passed since the last purchase, for how many twice that.
LIVES = f"""
WITH days AS (
    SELECT date_trunc('month', first_at AT TIME ZONE %(zone)s)::date AS month,
           floor((date_part('epoch', %(as_of)s::timestamptz) - at) / 86400)::int AS observed,
           ceil((floor(date_part('epoch', again_at)) - at) / 86400)::int AS again
    FROM (
        SELECT first_at, floor(date_part('epoch', first_at)) AS at,
               CASE WHEN again_at < %(as_of)s THEN again_at END AS again_at
        FROM analytics_buyerlife
        WHERE tenant_id = {_TENANT} AND first_at < %(first_before)s
          AND (%(first_from)s::timestamptz IS NULL OR first_at >= %(first_from)s)
    ) lives
), followed AS (
    SELECT month, observed, again, least(observed, again) AS day, coalesce(again <= observed, false) AS is_again
    FROM days
), rhythms AS (
    SELECT last_at, median_gap_seconds FROM analytics_buyerlife
    WHERE tenant_id = {_TENANT} AND last_at < %(before)s AND gaps >= 2
    UNION ALL
    SELECT known.last_at, known.median_gap_seconds
    FROM analytics_buyerlife later
    CROSS JOIN LATERAL ({LIFE.format(contact="later.contact_id", before="%(before)s")}
    ) known
    WHERE later.tenant_id = {_TENANT} AND later.last_at >= %(before)s AND later.first_at < %(before)s
      AND later.gaps >= 2 AND known.gaps >= 2
), waits AS (
    SELECT date_part('epoch', %(before)s::timestamptz) - floor(date_part('epoch', last_at)) AS waited,
           median_gap_seconds
    FROM rhythms
)
SELECT CASE WHEN month IS NULL THEN 'followed' ELSE 'month' END, month, day, is_again, count(*), count(again),
       {_WITHIN}
FROM followed
GROUP BY GROUPING SETS ((day, is_again), (month))
UNION ALL
SELECT 'rhythm', NULL, NULL, NULL, count(*), NULL,
       count(*) FILTER (WHERE waited > median_gap_seconds), count(*) FILTER (WHERE waited > 2 * median_gap_seconds),
       {", ".join(["NULL"] * (2 * len(HORIZONS) - 2))}
FROM waits
"""  # noqa: S608 - fragments are constants
