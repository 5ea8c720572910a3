"""Signs of life of worker and beat, kept in Redis for as long as they are fresh."""

import functools
from typing import Any

from celery import signals
from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

TASK = "scrm.heartbeat"
FRESH_SECONDS = 30  # three beats
# which parts this process is, if a worker: by the queues that it reads
_parts = {"worker", "touch"}


def redis_client() -> Redis:
    """Give this process's client."""
    return _open(settings.REDIS_URL)


def mark_seen(part: str) -> None:
    """Note that a part (`worker`, `touch` or `beat`) is alive now."""
    redis_client().set(_key(part), "1", ex=FRESH_SECONDS)


def is_seen(part: str) -> bool:
    """Say whether a part was alive within FRESH_SECONDS."""
    return bool(redis_client().exists(_key(part)))


@signals.celeryd_init.connect
def _know_parts(options: dict[str, Any], **_: Any) -> None:
    """A worker of touchpoints is another part than one of all the rest; without a word on queues it is both."""
    queues = options.get("queues") or []
    names = set(queues.split(",") if isinstance(queues, str) else queues)
    touch = set(settings.CELERY_TOUCH_QUEUES.split(","))
    if names:
        _parts.clear()
        _parts.update(({"touch"} if names & touch else set()) | ({"worker"} if names - touch else set()))


@signals.worker_ready.connect
@signals.heartbeat_sent.connect
def _see_worker(**_: Any) -> None:
    for part in _parts:
        mark_seen(part)


@signals.beat_init.connect
def _see_beat(**_: Any) -> None:
    mark_seen("beat")


@signals.before_task_publish.connect(sender=TASK)
def _see_beat_send(**_: Any) -> None:
    """Only beat sends the heartbeat task."""
    mark_seen("beat")


def _key(part: str) -> str:
    return f"{settings.REDIS_PREFIX}seen:{part}"


@functools.cache
def _open(url: str) -> Redis:
    """Open a client of short patience: whoever asks for signs of life asks again soon."""
    return Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 1))
