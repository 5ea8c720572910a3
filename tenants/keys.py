"""API keys as strings: `scrm_<tenant id>_<secret>`. The tenant stands in clear, so that row security can look it up."""

import hashlib
import re
import secrets
from dataclasses import dataclass

_KEY = re.compile(r"scrm_(\d{1,18})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class ParsedKey:
    """The two parts of a key."""

    tenant_id: int
    secret: str


def new_key(*, tenant_id: int) -> str:
    """A fresh key with 256 bits of secret."""
    return f"scrm_{tenant_id}_{secrets.token_urlsafe(32)}"


def parse_key(authorization: str) -> ParsedKey | None:
    """The key of an `Authorization: Bearer …` header, if it is one of ours."""
    scheme, _, token = authorization.partition(" ")
    match = _KEY.fullmatch(token.strip())
    if scheme.lower() != "bearer" or match is None:
        return None
    return ParsedKey(int(match[1]), match[2])


def secret_hash(secret: str) -> str:
    """What is stored of a secret. A plain hash: the secret has 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()
