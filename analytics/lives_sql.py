"""One contact's life as a buyer, from her orders."""

# Columns: first_at, again_at (null), last_at, gaps, median_gap_seconds (null), as `models.BuyerLife` has them, of what
# was paid before an instant; no row where that is nothing. Parameter: tenant_id. To be put in: `contact` and `before`,
# expressions of the query around it, which reads it by `LATERAL`: one probe of a contact's orders, in their order.
LIFE = """
        SELECT min(paid_at) AS first_at, min(paid_at) FILTER (WHERE gap > 0) AS again_at, max(paid_at) AS last_at,
               count(*) FILTER (WHERE gap > 0) AS gaps,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) FILTER (WHERE gap > 0) AS median_gap_seconds
        FROM (
            SELECT paid_at, at - lag(at) OVER (ORDER BY paid_at) AS gap
            FROM (
                SELECT paid_at, floor(date_part('epoch', paid_at)) AS at
                FROM orders_order
                WHERE tenant_id = (SELECT %(tenant_id)s::bigint) AND contact_id = {contact} AND paid_at < {before}
                  AND status = 'paid' AND amount_minor > 0
            ) bought
        ) spaced
        HAVING count(*) > 0"""
