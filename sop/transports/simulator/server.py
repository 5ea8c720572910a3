"""The simulator: `python -m sop.transports.simulator.server --port N --file receipts.jsonl`.

Takes messages over HTTP/1.1, honours their keys, keeps a receipt of each call in a file that it has fsynced before it
answers, and misbehaves as `PUT /faults` tells it to. Knows nothing of Django.

    POST /messages            {key, account, to, touch_kind, text} → {key, status, id | detail, is_duplicate}
    POST /messages/batch      {messages: […], at?}, at most 1,000 → {results: […]}, in their order
    GET  /messages/{key}      ?account= → {key, status: accepted | none, …}
    POST /messages/status     {account, keys: […]} → {results: […]}
    GET  /receipts            ?account= &to= &after= &before= &limit= &newest_first=1 &only_delivered=1
                              → {receipts: […]}
    GET, PUT /faults          see `Faults`
    GET  /healthz
"""

import argparse
import os
import random
import signal
import sys
import threading
import time
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

MOST_PER_CALL = 1_000
MOST_BYTES = 32_000_000
DICE = random.SystemRandom()
Rate = Annotated[float, msgspec.Meta(ge=0, le=1)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]


class Posted(msgspec.Struct, forbid_unknown_fields=True):
    """A message as it comes in."""

    key: Text
    account: Text
    to: Text
    touch_kind: Text
    text: Annotated[str, msgspec.Meta(max_length=20_000)]


class Batch(msgspec.Struct, forbid_unknown_fields=True):
    """Messages of one call. `at`: when they come, where a trial plays the past; else now."""

    messages: Annotated[list[Posted], msgspec.Meta(max_length=MOST_PER_CALL)]
    at: datetime | None = None


class Question(msgspec.Struct, forbid_unknown_fields=True):
    """Keys of one account to be told of."""

    account: Text
    keys: Annotated[list[Text], msgspec.Meta(max_length=MOST_PER_CALL)]


class TooMany(msgspec.Struct, forbid_unknown_fields=True):
    """429: in which share of the calls, and after how long to come again."""

    rate: Rate = 0.0
    retry_after: Annotated[int, msgspec.Meta(ge=0)] = 1


class Faults(msgspec.Struct, forbid_unknown_fields=True):
    """How it misbehaves. Rates are shares of the calls that send; `refuse` names people."""

    slow_ms: Annotated[int, msgspec.Meta(ge=0, le=600_000)] = 0
    error_429: TooMany = msgspec.field(default_factory=TooMany)
    error_500: Rate = 0.0
    refuse: list[str] = []
    drop_after_accept: Rate = 0.0
    ignore_keys: bool = False


class Receipt(msgspec.Struct):
    """One call that was taken; a duplicate was not delivered again."""

    number: int
    key: str
    account: str
    to: str
    touch_kind: str
    text: str
    provider_id: str
    received_at: str
    is_duplicate: bool


NUMBER = attrgetter("number")


class ReceiptsAsked(msgspec.Struct, frozen=True):
    """Which receipts to tell: of an account, of one of its people; `before` 0 is no end."""

    account: str
    to: str
    after: int
    before: int
    limit: int
    newest_first: bool
    only_delivered: bool


class Dropped(Exception):
    """Close the connection without an answer."""


class Answered(Exception):
    """Answer with this error."""

    def __init__(self, status: HTTPStatus, headers: dict[str, str] | None = None, detail: str = "") -> None:
        super().__init__(status)
        self.status, self.headers, self.detail = status, headers or {}, detail


class Book:
    """All receipts, on disk and at hand."""

    def __init__(self, path: Path) -> None:
        self.lock = threading.Lock()
        self.receipts: list[Receipt] = []
        self.by_key: dict[tuple[str, str], Receipt] = {}
        self.by_account: dict[str, list[Receipt]] = defaultdict(list)
        self.by_person: dict[tuple[str, str], list[Receipt]] = defaultdict(list)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = path.open("a+b")
        self._load()

    def take(self, messages: list[Posted], *, at: datetime, ignore_keys: bool) -> list[Receipt]:
        """Keep a receipt of each message, on disk before this returns."""
        with self.lock:
            taken = [self._receipt(message, at, ignore_keys) for message in messages]
            self.file.write(b"".join(msgspec.json.encode(one) + b"\n" for one in taken))
            self.file.flush()
            os.fsync(self.file.fileno())
        return taken

    def find(self, account: str, key: str) -> Receipt | None:
        """What was delivered under a key."""
        with self.lock:  # held until what is in memory is on disk
            return self.by_key.get((account, key))

    def select(self, asked: "ReceiptsAsked") -> list[Receipt]:
        """Receipts numbered between `after` and `before`, at most `limit`."""
        with self.lock:
            found = self._of(asked.account, asked.to) if asked.account else self.receipts
            first = bisect_right(found, asked.after, key=NUMBER)
            last = bisect_left(found, asked.before, key=NUMBER) if asked.before else len(found)
            chosen = found[first:last]
        ordered = reversed(chosen) if asked.newest_first else iter(chosen)
        return list(islice((one for one in ordered if not (asked.only_delivered and one.is_duplicate)), asked.limit))

    def _of(self, account: str, to: str) -> list[Receipt]:
        return self.by_person[account, to] if to else self.by_account[account]

    def _receipt(self, message: Posted, at: datetime, ignore_keys: bool) -> Receipt:
        first = None if ignore_keys else self.by_key.get((message.account, message.key))
        number = len(self.receipts) + 1
        receipt = Receipt(
            number=number,
            key=message.key,
            account=message.account,
            to=message.to,
            touch_kind=message.touch_kind,
            text=message.text,
            provider_id=first.provider_id if first else f"sim-{number}",
            received_at=at.isoformat(),
            is_duplicate=first is not None,
        )
        self._index(receipt)
        return receipt

    def _index(self, receipt: Receipt) -> None:
        self.receipts.append(receipt)
        self.by_key.setdefault((receipt.account, receipt.key), receipt)
        self.by_account[receipt.account].append(receipt)
        self.by_person[receipt.account, receipt.to].append(receipt)

    def _load(self) -> None:
        """Read the file; what a kill cut off was never answered."""
        self.file.seek(0)
        whole = 0
        for line in self.file:
            if not line.endswith(b"\n"):
                break
            self._index(msgspec.json.decode(line, type=Receipt))
            whole += len(line)
        self.file.truncate(whole)
        self.file.seek(0, os.SEEK_END)


class Simulator:
    """What each request does."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.faults = Faults()

    def send_one(self, body: bytes, _: dict[str, str], __: str) -> Any:
        """POST /messages"""
        return self._send([msgspec.json.decode(body, type=Posted)], at=None)[0]

    def send_batch(self, body: bytes, _: dict[str, str], __: str) -> Any:
        """POST /messages/batch"""
        batch = msgspec.json.decode(body, type=Batch)
        return {"results": self._send(batch.messages, at=batch.at)}

    def tell_one(self, _: bytes, query: dict[str, str], key: str) -> Any:
        """GET /messages/{key}"""
        return self._told(query.get("account", ""), key)

    def tell_many(self, body: bytes, _: dict[str, str], __: str) -> Any:
        """POST /messages/status"""
        asked = msgspec.json.decode(body, type=Question)
        return {"results": [self._told(asked.account, key) for key in asked.keys]}

    def receipts(self, _: bytes, query: dict[str, str], __: str) -> Any:
        """GET /receipts"""
        asked = ReceiptsAsked(
            account=query.get("account", ""),
            to=query.get("to", ""),
            after=_whole(query, "after", 0),
            before=_whole(query, "before", 0),
            limit=_whole(query, "limit", 100),
            newest_first=query.get("newest_first") == "1",
            only_delivered=query.get("only_delivered") == "1",
        )
        return {"receipts": self.book.select(asked)}

    def read_faults(self, _: bytes, __: dict[str, str], ___: str) -> Any:
        """GET /faults"""
        return self.faults

    def set_faults(self, body: bytes, _: dict[str, str], __: str) -> Any:
        """PUT /faults: all of them; what is not named is off."""
        self.faults = msgspec.json.decode(body, type=Faults)
        return self.faults

    def alive(self, _: bytes, __: dict[str, str], ___: str) -> Any:
        """GET /healthz"""
        return {"status": "ok", "receipts": len(self.book.receipts)}

    def _send(self, messages: list[Posted], *, at: datetime | None) -> list[dict[str, Any]]:
        faults = self.faults
        time.sleep(faults.slow_ms / 1000)
        if DICE.random() < faults.error_429.rate:
            raise Answered(HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(faults.error_429.retry_after)})
        if DICE.random() < faults.error_500:
            raise Answered(HTTPStatus.INTERNAL_SERVER_ERROR)
        refused = set(faults.refuse)
        good = [message for message in messages if message.to not in refused]
        taken = iter(self.book.take(good, at=at or datetime.now(UTC), ignore_keys=faults.ignore_keys))
        results = [_refused(message) if message.to in refused else _accepted(next(taken)) for message in messages]
        if DICE.random() < faults.drop_after_accept:
            raise Dropped
        return results

    def _told(self, account: str, key: str) -> dict[str, Any]:
        found = self.book.find(account, key)
        return {"key": key, "status": "none"} if found is None else _accepted(found) | {"text": found.text}


class Handler(BaseHTTPRequestHandler):
    """HTTP/1.1, kept open."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body of an answer leave together
    simulator: Simulator

    def handle_any(self) -> None:
        """Answer one request."""
        try:
            answer = self._answer()
        except Dropped:
            self.close_connection = True
            return
        except Answered as error:
            self._write(error.status, {"detail": error.detail or error.status.phrase}, error.headers)
        except (msgspec.MsgspecError, ValueError) as error:
            self._write(HTTPStatus.BAD_REQUEST, {"detail": str(error)}, {})
        else:
            self._write(HTTPStatus.OK, answer, {})

    do_GET = do_POST = do_PUT = handle_any  # noqa: N815 - the names that http.server calls

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: receipts tell what came."""

    def _answer(self) -> Any:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MOST_BYTES:
            self.close_connection = True
            raise Answered(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        body = self.rfile.read(length)
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        route, key = _route(self.simulator, self.command, parts.path)
        return route(body, query, key)

    def _write(self, status: HTTPStatus, answer: Any, headers: dict[str, str]) -> None:
        content = msgspec.json.encode(answer)
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


class Server(ThreadingHTTPServer):
    """Threads that end with the process."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is gone is no news."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def serve(*, host: str, port: int, path: Path) -> Server:
    """Make a server that is bound and has read its receipts; `serve_forever` runs it."""
    handler = type("BoundHandler", (Handler,), {"simulator": Simulator(Book(path))})
    return Server((host, port), handler)


def main(argv: list[str]) -> int:
    """Run until told to end."""
    parser = argparse.ArgumentParser(prog="simulator", description="A provider for trials: takes messages, keeps them.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, required=True, help="port to listen on")
    parser.add_argument("--file", type=Path, required=True, help="where receipts are kept")
    options = parser.parse_args(argv)
    server = serve(host=options.host, port=options.port, path=options.file)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    finally:
        server.server_close()
    return 0


def _route(simulator: Simulator, method: str, path: str) -> tuple[Callable[[bytes, dict[str, str], str], Any], str]:
    routes = {
        ("POST", "/messages"): simulator.send_one,
        ("POST", "/messages/batch"): simulator.send_batch,
        ("POST", "/messages/status"): simulator.tell_many,
        ("GET", "/receipts"): simulator.receipts,
        ("GET", "/faults"): simulator.read_faults,
        ("PUT", "/faults"): simulator.set_faults,
        ("GET", "/healthz"): simulator.alive,
    }
    if (method, path) in routes:
        return routes[method, path], ""
    if method == "GET" and path.startswith("/messages/"):
        return simulator.tell_one, unquote(path.removeprefix("/messages/"))
    raise Answered(HTTPStatus.NOT_FOUND)


def _whole(query: dict[str, str], name: str, default: int) -> int:
    value = query.get(name, str(default))
    if not value.isdecimal():
        raise Answered(HTTPStatus.BAD_REQUEST, detail=f"{name} is a whole number")
    return int(value)


def _accepted(receipt: Receipt) -> dict[str, Any]:
    return {
        "key": receipt.key,
        "status": "accepted",
        "id": receipt.provider_id,
        "is_duplicate": receipt.is_duplicate,
    }


def _refused(message: Posted) -> dict[str, Any]:
    return {"key": message.key, "status": "refused", "detail": "The person cannot be reached."}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
