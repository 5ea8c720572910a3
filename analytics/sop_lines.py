"""An SOP board as lines of a file: one a SOP in the board's order, then all together."""

from typing import Any

from analytics.sops import SopBoard, SopRow
from tenants.money import to_decimal


def sop_lines(board: SopBoard) -> list[dict[str, Any]]:
    """Shape: a line has what it is of, reach, a column for each state and reason that occurs, what was bought, runs.

    Units: major units of the board's currency; shares from 0 to 1.
    """
    outcomes = sorted(board.total.messages)
    lines = [_line(row, row.name, board, outcomes) for row in board.rows]
    return [*lines, _line(board.total, "all", board, outcomes)]


def _line(row: SopRow, name: str, board: SopBoard, outcomes: list[tuple[str, str]]) -> dict[str, Any]:
    outcome, runs = row.outcome, row.runs
    counts = {f"messages_{'_'.join(filter(None, key))}": row.messages.get(key, 0) for key in outcomes}
    return {
        "rank": row.rank,
        "standing": row.standing,
        "sop": row.sop_id,
        "name": name,
        "contacts_planned": row.planned,
        "contacts_reached": row.reached,
        "reach_rate": row.reach_rate,
        "messages_due": row.due,
        **counts,
        "window": board.query.window,
        "complete": outcome.is_complete,
        "contacts": outcome.contacts,
        "buyers": outcome.buyers,
        "bought_share": outcome.bought_share,
        "orders": outcome.orders,
        f"revenue_net_{board.currency}": to_decimal(outcome.net_minor, board.currency),
        "revenue_per_contact": outcome.revenue_per_contact,
        "runs_entered": runs.entered,
        "runs_active": runs.active,
        "runs_completed": runs.completed,
        **{f"runs_{reason}": count for reason, count in runs.exited.items()},
    }
