"""A browser that has logged in to an account: a signed cookie, so that guesses made elsewhere do not slow it down.

It proves nothing but that; the password is asked for all the same.
"""

import hashlib
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

COOKIE = "known_device"
REMEMBERED_FOR = timedelta(days=180)
_SALT = "scrm.console.known_device"


def is_known_device(request: HttpRequest, *, account: str) -> bool:
    """Whether this browser has logged in to this account within the last half year."""
    signer = signing.TimestampSigner(salt=_SALT)
    try:
        return signer.unsign(request.COOKIES.get(COOKIE, ""), max_age=REMEMBERED_FOR) == _digest(account)
    except signing.BadSignature:
        return False


def remember_device(response: HttpResponse, *, account: str) -> None:
    """Let the browser show that it has logged in to this account; an earlier one's is replaced."""
    response.set_cookie(
        COOKIE,
        signing.TimestampSigner(salt=_SALT).sign(_digest(account)),
        max_age=REMEMBERED_FOR,
        path=settings.LOGIN_URL,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _digest(account: str) -> str:
    return hashlib.sha256(account.encode()).hexdigest()[:32]
