"""Slow down guessing of passwords: five tries per account and address, then a wait that doubles.

Counted in Redis. Each try past the limit must first win the account's next slot, so tries at the same instant do not
slip through together.
"""

import hashlib
import logging

from django.conf import settings
from redis import Redis, RedisError

FREE_TRIES = 5
TRIES_PER_ADDRESS = 50
FIRST_WAIT_SECONDS = 30
LONGEST_WAIT_SECONDS = 900
FORGOTTEN_AFTER_SECONDS = 3600

log = logging.getLogger(__name__)


def take_try(*, account: str, address: str) -> int:
    """Count one try; 0 when it may go ahead, else how many seconds to wait."""
    try:
        client = _client()
        waits = [
            _take(client, _key("pair", account, address), FREE_TRIES),
            _take(client, _key("address", address), TRIES_PER_ADDRESS),
        ]
    except RedisError:
        log.exception("login tries are not counted: Redis does not answer")
        return 0
    return max(waits)


def forget_tries(*, account: str, address: str) -> None:
    """A right password ends the count of its account, and was no guess of its address: an office shares one."""
    try:
        name, client = _key("pair", account, address), _client()
        client.delete(name, f"{name}:wait")
        client.decr(_key("address", address))
    except RedisError:
        log.exception("login tries are not forgotten: Redis does not answer")


def _take(client: "Redis", name: str, free: int) -> int:
    waiting = int(client.ttl(f"{name}:wait"))
    if waiting > 0:
        return waiting
    tries = int(client.incr(name))
    client.expire(name, FORGOTTEN_AFTER_SECONDS)
    if tries < free:
        return 0
    doublings = min(tries - free, 10)
    wait = min(FIRST_WAIT_SECONDS * 2**doublings, LONGEST_WAIT_SECONDS)
    if client.set(f"{name}:wait", 1, nx=True, ex=wait):
        return 0  # this try is the slot's
    return max(int(client.ttl(f"{name}:wait")), 1)


def _key(kind: str, *parts: str) -> str:
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
    return f"{settings.REDIS_PREFIX}login:{kind}:{digest}"


def _client() -> "Redis":
    return Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
