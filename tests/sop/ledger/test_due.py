"""The due table: never later than the ledger, gone when nothing waits, given to one at a time."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from sop.models import Due, Sop
from sop.services.due import Hint, note_due, refresh_due, sweep_due, take_due
from sop.tasks.dispatch import dispatch, run, sweep
from tenants.context import tenant_transaction
from tenants.models import Tenant
from tests.cast import AT
from tests.sop.ledger.floor import Laid, lay_sop, make_people
from tests.sop.ledger.test_claiming import on_own_connection, wait_until_it_waits

MINUTE = timedelta(minutes=1)


def refresh(laid: Laid) -> datetime | None:
    with tenant_transaction(laid.tenant.pk):
        refresh_due(tenant=laid.tenant, sop_ids=[laid.sop.pk])
    return laid.due_at()


def note(laid: Laid) -> datetime | None:
    with tenant_transaction(laid.tenant.pk):
        note_due(tenant=laid.tenant, sop_ids=[laid.sop.pk])
    return laid.due_at()


def test_noting_brings_forward_and_never_puts_off(acme: Tenant) -> None:
    laid = lay_sop(acme, make_people(acme, count=2))

    laid.change(0, run_at=AT - MINUTE)
    earlier = note(laid)
    laid.change(run_at=AT + MINUTE)

    assert (earlier, note(laid), refresh(laid)) == (AT - MINUTE, AT - MINUTE, AT + MINUTE)


@pytest.mark.parametrize(
    ("change", "due_at"),
    [
        ({"state": "planned", "run_at": AT + MINUTE}, AT + MINUTE),
        ({"state": "claimed", "lease_until": AT + 2 * MINUTE}, AT + 2 * MINUTE),
        ({"state": "unknown", "run_at": AT + 3 * MINUTE}, AT + 3 * MINUTE),
        ({"state": "sent"}, None),
        ({"state": "cancelled"}, None),
    ],
)
def test_a_refresh_says_what_is_next(acme: Tenant, change: dict[str, Any], due_at: datetime | None) -> None:
    laid = lay_sop(acme, make_people(acme, count=1))

    laid.change(**change)

    assert refresh(laid) == due_at


def test_a_paused_sop_waits_for_outcomes_only(acme: Tenant) -> None:
    laid = lay_sop(acme, make_people(acme, count=2))
    with tenant_transaction(acme.pk):
        Sop.objects.for_tenant(acme).update(state="paused")

    without = refresh(laid)
    laid.change(0, state="unknown", run_at=AT + MINUTE)

    assert (without, refresh(laid)) == (None, AT + MINUTE)


def test_planning_under_way_is_not_hidden_by_a_refresh(acme: Tenant) -> None:
    """The planner has noted and not committed; the refresh of a run that saw nothing waits for it."""
    laid = lay_sop(acme, make_people(acme, count=2))
    laid.change(state="sent")
    assert refresh(laid) is None
    thread = threading.Thread(target=on_own_connection, args=(lambda: refresh(laid),))

    with tenant_transaction(acme.pk):
        row = laid.rows_unopened()[0]
        row.pk, row.occurrence, row.state = None, 1, "planned"
        row.save(force_insert=True)
        note_due(tenant=acme, sop_ids=[laid.sop.pk])
        thread.start()
        wait_until_it_waits()
    thread.join(timeout=20)

    assert laid.due_at() == AT


def test_planning_while_a_refresh_removes_the_row_is_noted(acme: Tenant) -> None:
    laid = lay_sop(acme, make_people(acme, count=1))
    laid.change(state="sent")

    def plan() -> None:
        with tenant_transaction(acme.pk):
            row = laid.rows_unopened()[0]
            row.pk, row.occurrence, row.state = None, 1, "planned"
            row.save(force_insert=True)
            note_due(tenant=acme, sop_ids=[laid.sop.pk])

    thread = threading.Thread(target=on_own_connection, args=(plan,))

    with tenant_transaction(acme.pk):
        refresh_due(tenant=acme, sop_ids=[laid.sop.pk])
        thread.start()
        wait_until_it_waits()
    thread.join(timeout=20)

    assert laid.due_at() == AT


def test_the_sweep_finds_what_was_missed_and_removes_what_is_not_there(acme: Tenant, globex: Tenant) -> None:
    missed, done = lay_sop(acme, make_people(acme, count=1)), lay_sop(globex, make_people(globex, count=1))
    Due.objects.filter(tenant=acme).delete()
    done.change(state="sent")

    sweep.run()

    assert (missed.due_at(), done.due_at()) == (AT, None)


def test_a_sweep_keeps_who_was_told(acme: Tenant) -> None:
    laid = lay_sop(acme, make_people(acme, count=1))
    take_due(at=AT, hint_seconds=60)

    with tenant_transaction(acme.pk):
        sweep_due(tenant=acme)

    assert take_due(at=AT, hint_seconds=60) == []
    assert laid.due_at() == AT


def test_a_due_sop_is_given_once_until_the_hint_is_stale(acme: Tenant, globex: Tenant) -> None:
    one, other = lay_sop(acme, make_people(acme, count=1)), lay_sop(globex, make_people(globex, count=1))
    other.change(run_at=AT - MINUTE)
    note(other)

    taken = [take_due(at=at, hint_seconds=0.0) for at in (AT - 2 * MINUTE, AT)]
    again = take_due(at=AT, hint_seconds=60)
    held = take_due(at=AT, hint_seconds=60)

    both = {Hint(acme.pk, one.sop.pk), Hint(globex.pk, other.sop.pk)}
    assert (taken[0], set(taken[1]), set(again), held) == ([], both, both, [])


def test_two_dispatchers_at_once_do_not_give_the_same(acme: Tenant) -> None:
    from django.db import transaction

    lay_sop(acme, make_people(acme, count=1))
    theirs: list[list[Hint]] = []
    thread = threading.Thread(target=on_own_connection, args=(lambda: theirs.append(take_due(at=AT, hint_seconds=60)),))

    with transaction.atomic():
        ours = take_due(at=AT, hint_seconds=60)
        thread.start()
        thread.join(timeout=20)

    assert (len(ours), theirs) == (1, [[]])


def test_the_dispatcher_finds_its_rows_by_the_index(acme: Tenant) -> None:
    from sop import ledger_sql

    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute(f"EXPLAIN {ledger_sql.HINT_DUE}", {"at": AT, "hint_seconds": 1, "most": 10})
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("RESET enable_seqscan")

    assert "Index Scan using sop_due_next" in plan


def test_tasks_name_no_time_to_the_broker() -> None:
    """Redis would give a task with an eta away again and again; the schedule is in PostgreSQL."""
    import ast
    from pathlib import Path

    for path in Path(dispatch.run.__code__.co_filename).parent.glob("*.py"):
        words = {node.arg for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.keyword)}
        assert not words & {"eta", "countdown"}


def test_a_run_names_its_tenant() -> None:
    with pytest.raises(TypeError):
        run.run()
