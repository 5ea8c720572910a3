"""The demo's REST client: what it sends, and what it does when the server stumbles."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from scrm.demo import client as module
from scrm.demo.client import CallFailed, Client

DROP = 0


class Server(ThreadingHTTPServer):
    """Answers with the given statuses in turn, then with 200; keeps what it received."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses: list[int] = []
        self.results: list[dict[str, Any]] = []
        self.received: list[tuple[str, str, dict[str, str], Any]] = []
        self.connections: set[tuple[str, int]] = set()


class Handler(BaseHTTPRequestHandler):
    """One connection of the server."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together; else the body waits 40 ms for the head's acknowledgement
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.received.append((self.command, self.path, dict(self.headers), body))
        self.server.connections.add(self.client_address)
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        if status == DROP:
            self.close_connection = True
            return
        answer = json.dumps({"results": self.server.results}).encode()
        self.send_response(status)
        self.send_header("Retry-After", "0")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    made = Client(base_url=f"http://127.0.0.1:{server.server_port}", token="scrm_1_secret")
    yield made
    made.close()


def test_calls_of_one_thread_share_a_connection(server: Server, client: Client) -> None:
    for number in range(3):
        client.post("/orders/bulk", {"number": number})

    assert len(server.connections) == 1
    assert [(method, path, body) for method, path, _, body in server.received] == [
        ("POST", "/api/v1/orders/bulk", {"number": number}) for number in range(3)
    ]
    assert {headers["Authorization"] for _, _, headers, _ in server.received} == {"Bearer scrm_1_secret"}


def test_same_body_carries_the_same_key(server: Server, client: Client) -> None:
    for body in ({"a": 1}, {"a": 1}, {"a": 2}):
        client.post("/orders/bulk", body)

    first, second, other = (headers["Idempotency-Key"] for _, _, headers, _ in server.received)
    assert first == second != other


@pytest.mark.parametrize("stumbles", [[429], [409, 409], [DROP], [DROP, 429]])
def test_stumbling_server_is_asked_again(
    server: Server, client: Client, stumbles: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_WAIT_SECONDS", 0.01)
    server.statuses = list(stumbles)

    assert client.post("/orders/bulk", {}) == {"results": []}

    assert len(server.received) == len(stumbles) + 1


def test_refusal_is_not_repeated(server: Server, client: Client) -> None:
    server.statuses = [400]

    with pytest.raises(CallFailed, match="/orders/bulk: 400"):
        client.post("/orders/bulk", {})

    assert len(server.received) == 1


def test_refused_row_is_a_failure(server: Server, client: Client) -> None:
    server.results = [{"index": 7, "status": "error", "errors": [{"code": "invalid_decimal"}]}]

    with pytest.raises(CallFailed, match=r"row 7 was refused: .*invalid_decimal"):
        client.post("/orders/bulk", {})
