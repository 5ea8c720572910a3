"""The simulator over HTTP, on one connection that stays open."""

import http.client
import json
import select
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings

from sop.transports.base import Delivery, Message, Outcome, Receipt, Unreachable, Verdict

MOST_PER_CALL = 1_000
CALL_ERRORS = (OSError, http.client.HTTPException, ValueError)
# somebody looks at a page meanwhile
RECEIPTS_TIMEOUT_SECONDS = 2.0


class Transport:
    """The simulator at `SCRM_SIMULATOR_URL`. With a `clock` its receipts say that time: the past is played."""

    honours_keys = True
    tells_outcomes = True

    def __init__(self, *, url: str | None = None, clock: Callable[[], datetime] | None = None) -> None:
        parts = urlsplit(url or settings.SCRM_SIMULATOR_URL)
        self._clock = clock
        self.patience_seconds = settings.TOUCH_TIMEOUT_SECONDS
        self._place = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._connection = _Connection(*self._place, timeout=self.patience_seconds)

    def send(self, messages: Sequence[Message]) -> list[Outcome]:
        """Send in calls of MOST_PER_CALL."""
        calls = [messages[start : start + MOST_PER_CALL] for start in range(0, len(messages), MOST_PER_CALL)]
        return [outcome for call in calls for outcome in self._send_call(call)]

    def deliveries(self, *, account: str, keys: Sequence[str]) -> Mapping[str, Delivery]:
        """Ask by key."""
        answer = _ask(self._connection, "POST", "/messages/status", {"account": account, "keys": list(keys)})
        try:
            held = [one for one in answer["results"] if one["status"] == "accepted"]
            return {one["key"]: Delivery(one["id"], one["text"]) for one in held}
        except (KeyError, TypeError) as error:
            raise Unreachable(f"an answer that cannot be read: {error!r}") from error

    def receipts(
        self,
        *,
        account: str,
        to: str = "",
        after: int = 0,
        before: int = 0,
        limit: int = 100,
        newest_first: bool = False,
        only_delivered: bool = False,
    ) -> list[Receipt]:
        """Read what was received: by an account, or by one of its people; those numbered above `after`, below `before`.

        `only_delivered` leaves duplicates out. Any thread may ask: it is done on a connection of its own.

        Raises: Unreachable
        """
        asked = {
            "account": account,
            "to": to,
            "after": after,
            "before": before,
            "limit": limit,
            "newest_first": int(newest_first),
            "only_delivered": int(only_delivered),
        }
        query = urlencode({name: value for name, value in asked.items() if value})
        with closing(_Connection(*self._place, timeout=RECEIPTS_TIMEOUT_SECONDS)) as connection:
            answer = _ask(connection, "GET", f"/receipts?{query}", None)
        try:
            return [Receipt(**one) for one in answer["receipts"]]
        except (KeyError, TypeError) as error:
            raise Unreachable(f"an answer that cannot be read: {error!r}") from error

    def is_alive(self) -> bool:
        """Say whether the simulator answers."""
        try:
            return bool(_ask(self._connection, "GET", "/healthz", None))
        except Unreachable:
            return False

    def _send_call(self, messages: Sequence[Message]) -> list[Outcome]:
        try:
            self._connection.open()
        except OSError as error:  # nothing has left this machine
            return [Outcome(Verdict.RETRY, said=f"unreachable: {error}")] * len(messages)
        body: dict[str, Any] = {
            "messages": [
                {"key": one.key, "account": one.account, "to": one.to, "touch_kind": one.touch_kind, "text": one.text}
                for one in messages
            ]
        }
        if self._clock is not None:
            body["at"] = self._clock().isoformat()
        try:
            status, retry_after_seconds, answer = self._connection.call("POST", "/messages/batch", body)
            if status == http.HTTPStatus.OK:
                return _outcomes(messages, answer)
        except (*CALL_ERRORS, KeyError, TypeError) as error:
            self._connection.close()
            return [Outcome(Verdict.LOST, said=f"no answer: {error!r}"[:200])] * len(messages)
        again = Outcome(Verdict.RETRY, said=f"HTTP {status}", retry_after_seconds=retry_after_seconds)
        return [again] * len(messages)


class _Connection:
    """One connection, opened anew when the other side has closed it meanwhile."""

    def __init__(self, host: str, port: int, *, timeout: float) -> None:
        self._http = http.client.HTTPConnection(host, port, timeout=timeout)

    def open(self) -> None:
        """Make sure that there is a connection. Raises: OSError"""
        if self._http.sock is not None and select.select([self._http.sock], [], [], 0)[0]:
            self.close()  # something to read before anything was asked: the end
        if self._http.sock is None:
            self._http.connect()  # it asks for no delay itself

    def call(self, method: str, path: str, body: Any) -> tuple[int, float | None, Any]:
        """One request: status, Retry-After in seconds, decoded body. Closes on any error."""
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        try:
            self._http.request(method, path, content, {"Content-Type": "application/json"})
            response = self._http.getresponse()
            answer = response.read()
        except BaseException:
            self.close()
            raise
        return response.status, _seconds(response.headers.get("Retry-After")), json.loads(answer or b"null")

    def close(self) -> None:
        """Let go; the next call opens anew."""
        self._http.close()


def _ask(connection: _Connection, method: str, path: str, body: Any) -> Any:
    try:
        connection.open()
        status, _, answer = connection.call(method, path, body)
    except CALL_ERRORS as error:
        raise Unreachable(str(error)) from error
    if status != http.HTTPStatus.OK:
        raise Unreachable(f"HTTP {status}")
    return answer


def _outcomes(messages: Sequence[Message], answer: Any) -> list[Outcome]:
    results = answer["results"]
    if [one["key"] for one in results] != [message.key for message in messages]:
        raise ValueError("the answers are of other messages")
    return [_outcome(told) for told in results]


def _outcome(told: Mapping[str, str]) -> Outcome:
    if told["status"] == "accepted":
        return Outcome(Verdict.SENT, provider_id=told["id"])
    return Outcome(Verdict.REFUSED, said=told["detail"])


def _seconds(retry_after: str | None) -> float | None:
    try:
        return float(retry_after) if retry_after is not None else None
    except ValueError:  # a date: the ledger's own pause will do
        return None
