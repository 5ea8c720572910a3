"""Fixtures of the console's tests."""

from typing import Any

import pytest


@pytest.fixture
def no_tries() -> None:
    """Forget the login tries of tests before this one."""
    from django.conf import settings
    from redis import Redis

    client = Redis.from_url(settings.REDIS_URL)
    for key in client.scan_iter(f"{settings.REDIS_PREFIX}login:*"):
        client.delete(key)


@pytest.fixture
def quick_passwords(settings: Any) -> None:
    """Hash passwords cheaply, for tests that try many."""
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
