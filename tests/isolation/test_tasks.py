"""Background work says its tenant or that it is a system task."""

import pytest

from contacts.models import Contact
from scrm.celery import app
from tenants.context import TenantContextMissing, current_tenant_id
from tenants.tasks import TenantTask
from tests.isolation.rows import fill

SYSTEM_TASKS = {
    "scrm.heartbeat",
    "jobs.tick",
    "jobs.run",
    "jobs.expire",
    "contacts.prune",
    "orders.tick",
    "segments.tick",
    "segments.build",
    "segments.reconcile",
    "sop.tick",
    "sop.dispatch",
    "sop.run",
    "sop.sweep",
    "analytics.tick",
}


def our_tasks():
    app.loader.import_default_modules()
    return {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}


def test_every_task_of_ours_is_bound_to_a_tenant_or_a_known_system_task():
    system = {name for name, task in our_tasks().items() if getattr(task, "system", False)}

    assert system <= SYSTEM_TASKS
    assert {name for name, task in our_tasks().items() if not isinstance(task, TenantTask)} == set()


def test_every_tenant_task_refuses_to_run_without_one():
    for name, task in our_tasks().items():
        if not task.system:
            with pytest.raises(TenantContextMissing):
                task()
            assert name


def test_a_task_runs_inside_its_tenant(acme, globex):
    fill(acme)
    fill(globex)
    seen = []

    @app.task(base=TenantTask, name="tests.look", shared=False)
    def look(*, tenant_id):
        seen.append((current_tenant_id(), [row.tenant_id for row in Contact.objects.across_tenants()]))

    try:
        look(tenant_id=acme.pk)
        with pytest.raises(TenantContextMissing):
            look()
    finally:
        app.tasks.unregister("tests.look")

    assert seen == [(acme.pk, [acme.pk])]
    assert current_tenant_id() is None
