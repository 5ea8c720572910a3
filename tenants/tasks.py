"""The base of every Celery task: it works for one tenant, or says that it is a system task."""

import logging
from collections.abc import Callable
from typing import Any

from celery import Task

from tenants.context import TenantContextMissing, tenant_transaction
from tenants.models import Tenant

logger = logging.getLogger(__name__)


class TenantTask(Task):  # type: ignore[type-arg]
    """Opens the tenant's transaction around `run`.

    A task is called with `tenant_id=…`. A tick that visits all tenants is declared with `system=True` and opens its
    own contexts.

    Raises: TenantContextMissing when neither is said.
    """

    abstract = True
    system = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.system:
            return super().__call__(*args, **kwargs)
        tenant_id = kwargs.pop("tenant_id", None)
        if tenant_id is None:
            raise TenantContextMissing(f"{self.name} was called without tenant_id")
        with tenant_transaction(tenant_id):
            return super().__call__(*args, tenant_id=tenant_id, **kwargs)


def visit_tenants(name: str, work: Callable[[Tenant], bool], *, only_live: bool = True) -> None:
    """Do a tick's work in each tenant, a transaction a time, until it says that nothing waits there any more.

    `only_live` may be false for work in which the clock has no part. One tenant's trouble is logged under the tick's
    name and is not another's.
    """
    for tenant in Tenant.objects.filter(**{"is_live": True} if only_live else {}).order_by("pk"):
        try:
            is_waiting = True
            while is_waiting:
                with tenant_transaction(tenant.pk):
                    is_waiting = work(tenant)
        except Exception:
            logger.exception("%s failed for tenant %s", name, tenant.pk)
