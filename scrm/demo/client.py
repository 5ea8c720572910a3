"""A small REST client: keep-alive, a few threads, retries that an Idempotency-Key makes safe."""

import http.client
import json
import threading
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode, urlsplit

ATTEMPTS = 5
FIRST_WAIT_SECONDS = 0.2
PATIENCE_SECONDS = 120
STILL_RUNNING, TOO_MANY = 409, 429


class CallFailed(Exception):
    """The API refused a call, or a row of it."""


class Client:
    """One API key at one address; each thread keeps its own connection."""

    def __init__(self, *, base_url: str, token: str) -> None:
        self.address = urlsplit(base_url)
        self.headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self.local = threading.local()
        self.connections: list[http.client.HTTPConnection] = []

    def close(self) -> None:
        """Close every thread's connection."""
        for connection in self.connections:
            connection.close()

    def get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Read one resource.

        Raises: CallFailed
        """
        return self._call("GET", f"{path}?{urlencode(params)}" if params else path, None, self.headers)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Write; the same body twice is one write.

        Raises: CallFailed, also for a single row's error.
        """
        content = json.dumps(body, separators=(",", ":")).encode()
        key = sha256(path.encode() + content).hexdigest()
        headers = {**self.headers, "Content-Type": "application/json", "Idempotency-Key": key}
        answer = self._call("POST", path, content, headers)
        for result in answer.get("results", ()):
            if result["status"] == "error":
                raise CallFailed(f"{path}: row {result['index']} was refused: {result['errors']}")
        return answer

    def _call(self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]) -> dict[str, Any]:
        reason = ""
        for attempt in range(ATTEMPTS):
            try:
                status, wait_seconds, text = self._send(method, path, content, headers)
            except (OSError, http.client.HTTPException) as error:
                reason, wait_seconds = f"no answer ({error!r})", FIRST_WAIT_SECONDS * 2**attempt
            else:
                if status == http.client.OK:
                    return dict(json.loads(text))
                reason = f"{status} {text[:500].decode(errors='replace')}"
                if status not in (STILL_RUNNING, TOO_MANY):
                    break
            time.sleep(wait_seconds)
        raise CallFailed(f"{method} {path}: {reason}")

    def _send(
        self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, float, bytes]:
        connection = self._connection()
        try:
            connection.request(method, f"{self.address.path.rstrip('/')}/api/v1{path}", content, dict(headers))
            response = connection.getresponse()
            return response.status, float(response.headers.get("Retry-After", 1)), response.read()
        except BaseException:
            connection.close()
            raise

    def _connection(self) -> http.client.HTTPConnection:
        if not hasattr(self.local, "connection"):
            is_secure = self.address.scheme == "https"
            kind = http.client.HTTPSConnection if is_secure else http.client.HTTPConnection
            self.local.connection = kind(self.address.netloc, timeout=PATIENCE_SECONDS)
            self.connections.append(self.local.connection)
        return self.local.connection  # type: ignore[no-any-return]
