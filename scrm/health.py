"""Liveness and readiness for whoever supervises the web process."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from scrm import heartbeat


@dataclass(frozen=True)
class Check:
    """One part that must work, and what to do when it does not."""

    name: str
    passes: Callable[[], bool]
    fix: str


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Say that this process answers."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Say whether every part works: 200, or 503 with what failed and the fix."""
    results = readiness()
    failed = [name for name, result in results.items() if result != "ok"]
    body = {"status": "unavailable" if failed else "ok", "failed": failed, "checks": results}
    response = JsonResponse(body, status=503 if failed else 200)
    response._has_been_logged = True  # type: ignore[attr-defined]  # an answer to a probe, not an error of ours
    return response


def readiness() -> dict[str, str]:
    """Run every check.

    Shape: check name → "ok" or the fix, in the order of CHECKS.
    """
    return {check.name: "ok" if _holds(check) else check.fix for check in CHECKS}


def unapplied_migrations() -> set[tuple[str, str]]:
    """Find migrations of this code that the database has not seen, as (app, name)."""
    return _known_migrations() - set(MigrationRecorder(connection).applied_migrations())


@functools.cache
def _known_migrations() -> set[tuple[str, str]]:
    return set(MigrationLoader(None).disk_migrations)


def _holds(check: Check) -> bool:
    try:
        return check.passes()
    except (DatabaseError, RedisError):
        return False


def _database_answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone())


CHECKS = (
    Check("database", _database_answers, "The database does not answer: check DATABASE_URL and that server."),
    Check(
        "migrations",
        lambda: not unapplied_migrations(),
        "Migrations are missing: run python manage.py migrate --database owner.",
    ),
    Check(
        "broker",
        lambda: bool(heartbeat.redis_client().ping()),
        "Redis does not answer: check REDIS_URL and that server.",
    ),
    Check(
        "worker",
        lambda: heartbeat.is_seen("worker"),
        f"No worker was seen: start celery -A scrm worker --queues {settings.CELERY_WORKER_QUEUES}.",
    ),
    Check(
        "touch",
        lambda: heartbeat.is_seen("touch"),
        f"No worker of touchpoints was seen: start celery -A scrm worker --queues {settings.CELERY_TOUCH_QUEUES}.",
    ),
    Check("beat", lambda: heartbeat.is_seen("beat"), "No beat was seen: start celery -A scrm beat."),
)
