"""/healthz and /readyz: what they say when a part is missing."""

from typing import Any

import psycopg2
import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import Settings

from scrm import health, heartbeat
from scrm.healthcheck import is_alive
from scrm.servers.processes import free_port
from scrm.tasks import heartbeat as heartbeat_task

ALL_OK = {"database": "ok", "migrations": "ok", "broker": "ok", "worker": "ok", "touch": "ok", "beat": "ok"}


@pytest.fixture
def seen(db: None) -> None:
    """Workers and beat that were seen just now."""
    heartbeat.mark_seen("worker")
    heartbeat.mark_seen("touch")
    heartbeat.mark_seen("beat")


def test_healthz_answers_without_any_server(client: Client) -> None:
    response = client.get("/healthz")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_readyz_is_200_when_every_part_was_seen(client: Client, seen: None) -> None:
    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (200, {"status": "ok", "failed": [], "checks": ALL_OK})


@pytest.mark.parametrize(
    ("part", "command"), [("worker", "worker"), ("touch", "worker --queues touch"), ("beat", "beat")]
)
def test_readyz_names_a_part_that_was_not_seen(client: Client, seen: None, part: str, command: str) -> None:
    heartbeat.redis_client().delete(heartbeat._key(part))

    response = client.get("/readyz")

    body = response.json()
    assert (response.status_code, body["failed"]) == (503, [part])
    assert f"celery -A scrm {command}" in body["checks"][part]


def test_signs_of_life_expire(seen: None) -> None:
    lives_seconds = heartbeat.redis_client().ttl(heartbeat._key("worker"))

    assert 0 < lives_seconds <= heartbeat.FRESH_SECONDS


def test_readyz_misses_a_migration(client: Client, seen: None, transactional_db: None) -> None:
    held = django_settings.DATABASES["owner"]
    names = {"dbname": held["NAME"], "user": held["USER"], "password": held["PASSWORD"]}
    owner = psycopg2.connect(host=held["HOST"], port=held["PORT"] or None, **names)
    owner.autocommit = True
    with owner.cursor() as cursor:
        cursor.execute("UPDATE django_migrations SET app = 'gone' WHERE app = 'tenants' AND name = '0001_initial'")
    try:
        response = client.get("/readyz")
    finally:
        with owner.cursor() as cursor:
            cursor.execute("UPDATE django_migrations SET app = 'tenants' WHERE app = 'gone'")
        owner.close()

    assert (response.status_code, response.json()["failed"]) == (503, ["migrations"])


def test_readyz_names_a_silent_broker(client: Client, seen: None, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    response = client.get("/readyz")

    assert (response.status_code, response.json()["failed"]) == (503, ["broker", "worker", "touch", "beat"])


def test_heartbeat_task_marks_the_worker(seen: None) -> None:
    heartbeat.redis_client().delete(heartbeat._key("worker"))

    heartbeat_task.run()

    assert heartbeat.is_seen("worker")


@pytest.mark.parametrize(
    ("queues", "parts"),
    [
        ([], {"worker", "touch"}),
        (["touch"], {"touch"}),
        (["default", "touch"], {"worker", "touch"}),
        (["x"], {"worker"}),
    ],
)
def test_a_worker_is_the_parts_whose_queues_it_reads(
    monkeypatch: pytest.MonkeyPatch, queues: list[str], parts: set[str]
) -> None:
    monkeypatch.setattr(heartbeat, "_parts", {"worker", "touch"})

    heartbeat._know_parts(options={"queues": queues})

    assert heartbeat._parts == parts


def test_container_asks_its_web_process(live_server: Any) -> None:
    port = int(live_server.url.rpartition(":")[2])

    assert (is_alive(port=port), is_alive(port=free_port())) == (True, False)


def test_known_migrations_cover_our_apps() -> None:
    assert ("tenants", "0001_initial") in health._known_migrations()
