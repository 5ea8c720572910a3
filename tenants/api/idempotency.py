"""Writes that act once: an `Idempotency-Key` names a call, and its answer is kept in the call's own transaction.

Source: https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.http import HttpResponse
from rest_framework.request import Request

from tenants.api.parsers import read_body
from tenants.api.problems import ApiProblem
from tenants.models import ApiKey, IdempotencyRecord

KEPT_FOR = timedelta(hours=24)


class Replay(Exception):
    """This call was answered before."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True)
class Turn:
    """One call's right to act under its Idempotency-Key, held until the transaction ends."""

    api_key: ApiKey
    route: str
    name: str
    body_hash: str
    at: datetime

    def keep(self, response: HttpResponse) -> None:
        """Keep a good answer; an answer of 400 or more is rolled back with all that it did."""
        if response.status_code < 400:
            IdempotencyRecord.objects.create(
                tenant_id=self.api_key.tenant_id,
                api_key=self.api_key,
                route=self.route,
                key=self.name,
                body_hash=self.body_hash,
                status=response.status_code,
                body=response.content,
                created_at=self.at,
            )


def begin(request: Request, *, at: datetime) -> Turn | None:
    """Take the turn of a write that names itself.

    Raises: Replay of the stored answer; ApiProblem 400 (bad key), 409 (still running), 422 (another body)
    """
    header = request.headers.get("Idempotency-Key")
    if header is None or request.method in ("GET", "HEAD", "OPTIONS"):
        return None
    if request.auth.key is None:
        raise ApiProblem(400, "Idempotency-Key is for API keys; leave it out of a session's calls.")
    body_hash = hashlib.sha256(read_body(request)).hexdigest()
    turn = Turn(request.auth.key, f"{request.method} {request.path}"[:200], _name(header), body_hash, at)
    if not _take(turn):
        raise ApiProblem(409, "A call with this Idempotency-Key is still running; wait and send it again.")
    _replay(turn)
    return turn


def _name(header: str) -> str:
    name = header.strip()
    if name.startswith('"'):
        try:
            name = json.loads(name)
        except ValueError:
            name = ""
    if not isinstance(name, str) or not 1 <= len(name) <= 255 or not name.isprintable():
        raise ApiProblem(400, "Send an Idempotency-Key of 1 to 255 printable characters, quoted or bare.")
    return name


def _take(turn: Turn) -> bool:
    parts: list[Any] = [turn.api_key.tenant_id, turn.api_key.pk, turn.route, turn.name]
    number = int.from_bytes(hashlib.sha256(json.dumps(parts).encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])


def _replay(turn: Turn) -> None:
    records = IdempotencyRecord.objects.for_tenant(turn.api_key.tenant_id)
    records.filter(created_at__lt=turn.at - KEPT_FOR).delete()
    found = records.filter(api_key=turn.api_key, route=turn.route, key=turn.name).first()
    if found is None:
        return
    if found.body_hash != turn.body_hash:
        raise ApiProblem(422, "This Idempotency-Key was used with another body; use a new key for a new call.")
    response = HttpResponse(bytes(found.body), status=found.status, content_type="application/json")
    response.headers["Idempotent-Replayed"] = "true"
    raise Replay(response)
