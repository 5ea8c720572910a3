"""The simulator and its client, over the wire."""

import urllib.error
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sop.transports.base import Delivery, Message, Unreachable, Verdict
from sop.transports.simulator.client import Transport
from tests.cast import AT
from tests.sop.ledger.simulators import SimulatorProcess, new_simulator

pytestmark = pytest.mark.servers


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[SimulatorProcess]:
    running = new_simulator(tmp_path)
    yield running
    running.stop()


@pytest.fixture
def transport(simulator: SimulatorProcess) -> Transport:
    return Transport(url=simulator.url)


def message(key: str = "k1", *, to: str = "7", text: str = "你好 😀", account: str = "acme") -> Message:
    return Message(key, account, to, "private_chat", text)


def verdicts(transport: Transport, *messages: Message) -> list[Verdict]:
    return [outcome.verdict for outcome in transport.send(messages)]


def test_what_is_sent_has_a_receipt(simulator: SimulatorProcess, transport: Transport) -> None:
    first, second = transport.send([message("k1"), message("k2", to="8")])

    received = transport.receipts(account="acme", to="7")
    assert (first.verdict, first.provider_id, second.provider_id) == (Verdict.SENT, "sim-1", "sim-2")
    assert [(one.number, one.key, one.text, one.is_duplicate) for one in received] == [(1, "k1", "你好 😀", False)]
    assert [one["key"] for one in simulator.receipts()] == ["k1", "k2"]


def test_the_past_can_be_played(simulator: SimulatorProcess, transport: Transport) -> None:
    Transport(url=simulator.url, clock=lambda: AT).send([message("k1")])
    transport.send([message("k2")])

    now, then = (datetime.fromisoformat(one["received_at"]) for one in reversed(simulator.receipts()))
    assert then == AT < now


def test_a_key_is_honoured_within_its_account(transport: Transport) -> None:
    first = transport.send([message("k1")])[0]
    again = transport.send([message("k1"), message("k1", account="globex")])

    assert [one.provider_id for one in (first, *again)] == ["sim-1", "sim-1", "sim-3"]
    assert [one.is_duplicate for one in transport.receipts(account="acme")] == [False, True]


def test_keys_can_be_ignored(simulator: SimulatorProcess, transport: Transport) -> None:
    simulator.misbehave(ignore_keys=True)

    ids = [transport.send([message("k1")])[0].provider_id for _ in range(2)]

    assert ids == ["sim-1", "sim-2"]


def test_a_status_is_told_by_key(simulator: SimulatorProcess, transport: Transport) -> None:
    transport.send([message("k1")])

    held = transport.deliveries(account="acme", keys=["k1", "k2"])

    assert held == {"k1": Delivery("sim-1", "你好 😀")}
    assert simulator.ask("GET", "/messages/k1?account=acme")["status"] == "accepted"
    assert simulator.ask("GET", "/messages/k1?account=globex") == {"key": "k1", "status": "none"}


@pytest.mark.parametrize(
    ("faults", "verdict", "retry_after_seconds", "taken"),
    [
        ({"error_429": {"rate": 1, "retry_after": 7}}, Verdict.RETRY, 7.0, 0),
        ({"error_500": 1}, Verdict.RETRY, None, 0),
        ({"refuse": ["7"]}, Verdict.REFUSED, None, 0),
        ({"drop_after_accept": 1}, Verdict.LOST, None, 1),
        ({"slow_ms": 20}, Verdict.SENT, None, 1),
    ],
)
def test_each_fault_is_told_as_what_it_is(
    simulator: SimulatorProcess,
    transport: Transport,
    faults: dict[str, Any],
    verdict: Verdict,
    retry_after_seconds: float | None,
    taken: int,
) -> None:
    simulator.misbehave(**faults)

    outcome = transport.send([message()])[0]

    assert (outcome.verdict, outcome.retry_after_seconds) == (verdict, retry_after_seconds)
    assert len(simulator.receipts()) == taken


def test_a_call_that_takes_too_long_is_lost(simulator: SimulatorProcess, settings: Any) -> None:
    settings.TOUCH_TIMEOUT_SECONDS = 0.2
    transport = Transport(url=simulator.url)
    simulator.misbehave(slow_ms=2_000)

    assert verdicts(transport, message()) == [Verdict.LOST]


def test_receipts_outlive_a_kill_and_a_torn_line_does_not(simulator: SimulatorProcess, transport: Transport) -> None:
    transport.send([message("k1")])
    simulator.stop()
    with simulator.file.open("a") as file:
        file.write('{"number": 2, "key": "torn')

    simulator.start()

    again = transport.send([message("k1"), message("k2")])
    assert [one.provider_id for one in again] == ["sim-1", "sim-3"]
    assert [one["key"] for one in simulator.receipts()] == ["k1", "k1", "k2"]


def test_a_provider_that_is_away_has_surely_taken_nothing(simulator: SimulatorProcess, transport: Transport) -> None:
    verdicts(transport, message("k1"))
    simulator.stop()

    assert (verdicts(transport, message("k2")), transport.is_alive()) == ([Verdict.RETRY], False)
    with pytest.raises(Unreachable):
        transport.deliveries(account="acme", keys=["k1"])

    simulator.start()
    assert (verdicts(transport, message("k2")), transport.is_alive()) == ([Verdict.SENT], True)


def test_many_messages_go_in_several_calls(transport: Transport) -> None:
    outcomes = transport.send([message(f"k{n}") for n in range(1_001)])

    assert {outcome.verdict for outcome in outcomes} == {Verdict.SENT}
    assert len({outcome.provider_id for outcome in outcomes}) == 1_001


def test_receipts_are_read_in_pieces(transport: Transport) -> None:
    transport.send([message(f"k{n}") for n in range(5)])

    page = transport.receipts(account="acme", after=1, limit=2)
    newest = transport.receipts(account="acme", limit=2, newest_first=True)

    assert [[one.number for one in part] for part in (page, newest)] == [[2, 3], [5, 4]]


def test_receipts_are_read_backwards_page_by_page_without_duplicates(transport: Transport) -> None:
    for _ in range(2):
        transport.send([message(f"k{n}", to=str(n % 2)) for n in range(6)])
    asked: dict[str, Any] = {"account": "acme", "limit": 2, "newest_first": True, "only_delivered": True}

    first = transport.receipts(**asked)
    second = transport.receipts(**asked, before=first[-1].number)
    hers = transport.receipts(**asked, to="1", before=6)
    between = transport.receipts(account="acme", after=2, before=5)

    assert [[one.number for one in part] for part in (first, second, hers, between)] == [[6, 5], [4, 3], [4, 2], [3, 4]]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/messages", {"key": "k"}, 400),
        ("POST", "/messages", [], 400),
        ("POST", "/messages/batch", {"messages": [{}]}, 400),
        ("PUT", "/faults", {"error_500": 2}, 400),
        ("PUT", "/faults", {"eror_500": 1}, 400),
        ("GET", "/receipts?limit=x", None, 400),
        ("GET", "/receipts?before=-1", None, 400),
        ("GET", "/nothing", None, 404),
    ],
)
def test_nonsense_is_refused(simulator: SimulatorProcess, method: str, path: str, body: Any, status: int) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        simulator.ask(method, path, body)

    assert refused.value.code == status
    refused.value.close()


def test_a_single_message_is_taken_and_refused(simulator: SimulatorProcess) -> None:
    body = {"key": "k", "account": "a", "to": "7", "touch_kind": "private_chat", "text": "Hi"}

    taken = simulator.ask("POST", "/messages", body)
    simulator.misbehave(refuse=["7"])
    refused = simulator.ask("POST", "/messages", body | {"key": "k2"})

    assert taken == {"key": "k", "status": "accepted", "id": "sim-1", "is_duplicate": False}
    assert (refused["status"], simulator.ask("GET", "/faults")["refuse"]) == ("refused", ["7"])
    assert simulator.ask("GET", "/healthz") == {"status": "ok", "receipts": 1}
