"""System tasks of the platform itself."""

from celery import shared_task

from scrm import heartbeat as signs
from tenants.tasks import TenantTask


@shared_task(name=signs.TASK, base=TenantTask, system=True)
def heartbeat() -> None:
    """Prove the whole way from beat to a worker."""
    signs.mark_seen("worker")
