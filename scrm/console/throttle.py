"""Slow down guessing of passwords: some free tries, then a wait that doubles up to a limit.

Counted in Redis per account and address, per address, and per account from wherever it is tried. Each try past a limit
must first win its next slot, so tries at the same instant do not slip through together. An account is never shut: its
waits are short, and a browser that has logged in to it before is not counted among the strangers (`known_device`).
"""

import hashlib
import logging
from dataclasses import dataclass

from django.conf import settings
from redis import Redis, RedisError

FREE_TRIES = 5
TRIES_PER_ADDRESS = 50
TRIES_PER_ACCOUNT = 20
FIRST_WAIT_SECONDS = 30
LONGEST_WAIT_SECONDS = 900
LONGEST_ACCOUNT_WAIT_SECONDS = 60
FORGOTTEN_AFTER_SECONDS = 3600

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limit:
    """How many tries under one name are free within an hour, and how long the wait between later ones grows."""

    name: str
    free: int
    longest_wait_seconds: int = LONGEST_WAIT_SECONDS


def take_try(*, account: str, address: str, known_device: bool = False) -> int:
    """Count one try; 0 when it may go ahead, else how many seconds to wait."""
    limits = _limits(account, address, known_device=known_device)
    try:
        client = _client()
        waits = [int(client.ttl(f"{limit.name}:wait")) for limit in limits]
        if max(waits) <= 0:
            waits = [_take(client, limit) for limit in limits]
    except RedisError:
        log.exception("login tries are not counted: Redis does not answer")
        return 0
    return max(0, *waits)


def forget_tries(*, account: str, address: str, known_device: bool = False) -> None:
    """A right password ends the count of its account at its address, and was no guess in the wider counts."""
    pair, *wider = _limits(account, address, known_device=known_device)
    try:
        client = _client()
        client.delete(pair.name, f"{pair.name}:wait")
        for limit in wider:
            client.decr(limit.name)
    except RedisError:
        log.exception("login tries are not forgotten: Redis does not answer")


def _limits(account: str, address: str, *, known_device: bool) -> list[Limit]:
    """The pair's limit first; an office shares an address, and an account may be tried from many."""
    limits = [
        Limit(_key("pair", account, address), FREE_TRIES),
        Limit(_key("address", address), TRIES_PER_ADDRESS),
    ]
    if not known_device:
        limits.append(Limit(_key("account", account), TRIES_PER_ACCOUNT, LONGEST_ACCOUNT_WAIT_SECONDS))
    return limits


def _take(client: "Redis", limit: Limit) -> int:
    tries = int(client.incr(limit.name))
    client.expire(limit.name, FORGOTTEN_AFTER_SECONDS)
    if tries < limit.free:
        return 0
    doublings = min(tries - limit.free, 10)
    wait = min(FIRST_WAIT_SECONDS * 2**doublings, limit.longest_wait_seconds)
    if client.set(f"{limit.name}:wait", 1, nx=True, ex=wait):
        return 0  # this try is the slot's
    return max(int(client.ttl(f"{limit.name}:wait")), 1)


def _key(kind: str, *parts: str) -> str:
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
    return f"{settings.REDIS_PREFIX}login:{kind}:{digest}"


def _client() -> "Redis":
    return Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
