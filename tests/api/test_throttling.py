"""Calls are counted for each key, honestly, and never stopped by an absent Redis."""

import secrets
import time

import pytest

from tenants.api import throttling
from tests.cast import ApiClient, make_key

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_counts(settings):
    # ids start again in every test, and so would find the counts of the test before
    settings.REDIS_PREFIX += f"{secrets.token_hex(4)}:"
    throttling._circuit["open_until"] = 0.0
    yield
    throttling._circuit["open_until"] = 0.0
    throttling._redis.cache_clear()


@pytest.fixture
def whole_minute():
    """Wait for a minute with enough left of it."""
    left = throttling.WINDOW_SECONDS - time.time() % throttling.WINDOW_SECONDS
    if left < 5:
        time.sleep(left)


def test_an_obedient_client_knows_where_it_stands(api, settings, whole_minute):
    settings.API_RATE_PER_MINUTE = 3

    answers = [api.get("/fx-rates") for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert [answer.headers["RateLimit-Limit"] for answer in answers] == ["3"] * 5
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0", "0"]
    assert 1 <= int(answers[0].headers["RateLimit-Reset"]) <= 60
    assert answers[3].headers["Content-Type"] == "application/problem+json"
    assert abs(int(answers[3].headers["Retry-After"]) - int(answers[3].headers["RateLimit-Reset"])) <= 1


def test_another_key_has_a_count_of_its_own(api, acme, settings, whole_minute):
    settings.API_RATE_PER_MINUTE = 1

    statuses = [api.get("/fx-rates").status_code for _ in range(2)]
    other = ApiClient(make_key(acme)).get("/fx-rates").status_code

    assert (statuses, other) == ([200, 429], 200)


def test_an_absent_redis_stops_and_slows_nobody(api, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    throttling._redis.cache_clear()
    api.get("/fx-rates")

    start = time.monotonic()
    answers = [api.get("/fx-rates") for _ in range(20)]
    took = time.monotonic() - start

    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit-Limit" not in answers[0].headers
    assert throttling._circuit["open_until"] > time.monotonic()
    assert took < 5


def test_a_silent_redis_is_left_alone_after_one_try(api, settings):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        throttling._redis.cache_clear()

        start = time.monotonic()
        first = throttling._count("key:1:1", limit=5, now=0)
        waited = time.monotonic() - start
        start = time.monotonic()
        second = throttling._count("key:1:1", limit=5, now=0)

    assert (first, second) == (None, None)
    assert waited < 1
    assert time.monotonic() - start < 0.05
