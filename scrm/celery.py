"""The Celery application: tasks carry "look now" hints; the truth stays in PostgreSQL."""

import os
from typing import Any

from celery import Celery, signals

from scrm.collector import spare_what_is_loaded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scrm.settings")

app = Celery("scrm", task_cls="tenants.tasks:TenantTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.worker_init.connect
def _spare_before_forking(**_: Any) -> None:
    """The tasks are loaded, and the processes that run them not yet forked."""
    spare_what_is_loaded()
