"""So many calls a minute for each key. Open when Redis is away: a limit protects, it must not stop the shop."""

import time
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

WINDOW_SECONDS = 60
_PATIENCE_SECONDS = 0.1
_TRIED_AGAIN_AFTER_SECONDS = 5.0
_circuit = {"open_until": 0.0}


@dataclass(frozen=True)
class Rate:
    """Where a caller stands in the running minute."""

    limit: int
    used: int
    reset_seconds: int

    @property
    def is_over(self) -> bool:
        return self.used > self.limit


class KeyThrottle(BaseThrottle):
    """Counts a caller's calls in whole minutes."""

    rate: Rate | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        caller: Any = request.auth
        self.rate = _count(caller.throttle_key, limit=settings.API_RATE_PER_MINUTE, now=time.time())
        request._request.scrm_rate = self.rate  # type: ignore[attr-defined]
        return self.rate is None or not self.rate.is_over

    def wait(self) -> float | None:
        return float(self.rate.reset_seconds) if self.rate else None


def put_headers(response: HttpResponse, rate: Rate | None) -> None:
    """Tell a caller where it stands."""
    if rate is not None:
        response.headers["RateLimit-Limit"] = str(rate.limit)
        response.headers["RateLimit-Remaining"] = str(max(0, rate.limit - rate.used))
        response.headers["RateLimit-Reset"] = str(rate.reset_seconds)


def _count(caller: str, *, limit: int, now: float) -> Rate | None:
    """Count one call; None when Redis does not answer, after which it is left alone for a while."""
    if time.monotonic() < _circuit["open_until"]:
        return None
    window = int(now // WINDOW_SECONDS)
    name = f"{settings.REDIS_PREFIX}rate:{caller}:{window}"
    try:
        used, _ = _redis().pipeline(transaction=False).incr(name).expire(name, 2 * WINDOW_SECONDS).execute()
    except RedisError:
        _circuit["open_until"] = time.monotonic() + _TRIED_AGAIN_AFTER_SECONDS
        return None
    return Rate(limit, int(used), int((window + 1) * WINDOW_SECONDS - now) + 1)


@cache
def _redis() -> Any:
    return Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=_PATIENCE_SECONDS,
        socket_connect_timeout=_PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
