"""The inbox, asked of a real simulator: what contacts received, and what is said when nobody answers."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact
from scrm.servers import processes
from sop.services.running import account_of
from sop.transports import active_transport
from sop.transports.base import Message
from sop.transports.simulator import client
from tenants.context import tenant_transaction
from tests.cast import _member, log_in
from tests.sop.ledger.floor import make_people
from tests.sop.ledger.simulators import SimulatorProcess, new_simulator

pytestmark = pytest.mark.servers
HTMX = {"HX-Request": "true"}
INBOX_QUERIES = 9


def use(settings: Any, url: str) -> None:
    """Let the product speak to this simulator."""
    settings.SCRM_SIMULATOR_URL = url
    active_transport.cache_clear()


@pytest.fixture
def simulator(tmp_path: Path, settings: Any) -> Iterator[SimulatorProcess]:
    running = new_simulator(tmp_path)
    use(settings, running.url)
    yield running
    running.stop()
    active_transport.cache_clear()


@pytest.fixture
def nobody(settings: Any) -> Iterator[None]:
    """No simulator answers."""
    use(settings, f"http://127.0.0.1:{processes.free_port()}")
    yield
    active_transport.cache_clear()


def send(tenant: Any, *messages: tuple[Any, str], key: str = "k") -> None:
    """Let the provider take messages of a tenant: to whom, and the text."""
    account = account_of(tenant)
    kept = [Message(f"{key}{n}", account, str(to), "private_chat", text) for n, (to, text) in enumerate(messages)]
    assert {one.verdict.value for one in active_transport().send(kept)} == {"sent"}


def get(user: Any, slug: str = "acme", **query: Any) -> Any:
    return log_in(user).get(f"/t/{slug}/inbox/", query, headers={"accept-language": "en"})


def letters(page: Any) -> list[tuple[str, str]]:
    """Whom and what, of each."""
    return [(letter.known_as, letter.text) for letter in page.context["letters"].rows]


def test_what_contacts_received_is_read_newest_first(simulator: Any, acme: Any, bob: Any) -> None:
    ann, ben = (person.pk for person in make_people(acme, count=2))
    send(acme, (ann, "您好 😀\n第二行"), (ben, "Hello"), (ann, "Again"))

    page = get(bob)

    text = page.content.decode()
    assert letters(page) == [("Person 0", "Again"), ("Person 1", "Hello"), ("Person 0", "您好 😀\n第二行")]
    assert all(letter.at is not None for letter in page.context["letters"].rows)
    assert f'href="/t/acme/contacts/{ann}/"' in text
    assert "This is the trial provider's inbox." in text


def test_one_contact_alone(simulator: Any, acme: Any, bob: Any) -> None:
    ann, ben = (person.pk for person in make_people(acme, count=2))
    send(acme, (ann, "Hello"), (ben, "Hi"))

    page = get(bob, contact=ann)

    assert letters(page) == [("Person 0", "Hello")]
    assert "Show everybody" in page.content.decode()
    assert f"/t/acme/inbox/?contact={ann}" in log_in(bob).get(f"/t/acme/contacts/{ann}/").content.decode()


def test_each_tenant_sees_its_own_account_alone(simulator: Any, acme: Any, globex: Any, bob: Any, charlie: Any) -> None:
    (ann,), (wang,) = make_people(acme, count=1), make_people(globex, count=1)
    send(acme, (ann.pk, "of acme"), (wang.pk, "of acme, to an id of globex"))
    send(globex, (wang.pk, "of globex"), (ann.pk, "of globex, to an id of acme"))

    assert {text for _, text in letters(get(bob))} == {"of acme", "of acme, to an id of globex"}
    assert {text for _, text in letters(get(charlie, "globex"))} == {"of globex", "of globex, to an id of acme"}
    assert letters(get(bob, contact=ann.pk)) == [("Person 0", "of acme")]
    assert f"#{wang.pk}" in [known_as for known_as, _ in letters(get(bob))]


def test_a_contact_of_another_tenant_and_none_are_the_same_404(
    simulator: Any, acme: Any, globex: Any, bob: Any
) -> None:
    (wang,) = make_people(globex, count=1)
    send(globex, (wang.pk, "of globex"))

    assert [get(bob, contact=asked).status_code for asked in (wang.pk, 10**12, "9" * 40, "x", "٣")] == [404] * 5


def test_load_more_goes_on_where_the_page_ended(simulator: Any, acme: Any, bob: Any) -> None:
    (ann,) = make_people(acme, count=1)
    send(acme, *((ann.pk, f"{number}") for number in range(60)))
    browser = log_in(bob)

    first = browser.get("/t/acme/inbox/")
    more = browser.get("/t/acme/inbox/", {"before": first.context["letters"].before}, headers=HTMX)

    assert [text for page in (first, more) for _, text in letters(page)] == [f"{n}" for n in range(59, -1, -1)]
    assert (len(letters(first)), more.context["letters"].before) == (50, "")
    assert b"<html" not in more.content


def test_what_was_asked_for_twice_was_received_once(simulator: Any, acme: Any, bob: Any) -> None:
    (ann,) = make_people(acme, count=1)
    for _ in range(3):
        send(acme, (ann.pk, "Hello"))

    assert letters(get(bob)) == [("Person 0", "Hello")]


def test_nothing_received_says_what_to_do_next(simulator: Any, acme: Any, bob: Any) -> None:
    (ann,) = make_people(acme, count=1)

    everybody, one = get(bob).content.decode(), get(bob, contact=ann.pk).content.decode()

    assert "Nobody has received anything yet" in everybody
    assert "/t/acme/sops/" in everybody
    assert "Person 0 has received nothing yet" in one
    assert f"/t/acme/touchpoints/?contact={ann.pk}" in one


def test_a_provider_that_is_away_is_said_on_the_page(nobody: None, acme: Any, bob: Any) -> None:
    (ann,) = make_people(acme, count=1)

    page = get(bob, contact=ann.pk)
    more = log_in(bob).get("/t/acme/inbox/", {"before": "7"}, headers=HTMX | {"accept-language": "en"})

    text = page.content.decode()
    assert (page.status_code, more.status_code) == (200, 200)
    assert "The trial provider cannot be reached." in text
    assert "This is the trial provider's inbox." in text
    assert f'href="/t/acme/inbox/?contact={ann.pk}"' in text
    assert "The trial provider cannot be reached." in more.content.decode()


def test_a_provider_that_comes_back_is_read_again(simulator: SimulatorProcess, acme: Any, bob: Any) -> None:
    (ann,) = make_people(acme, count=1)
    send(acme, (ann.pk, "Hello"))
    simulator.stop()
    away = get(bob)
    simulator.start()

    assert away.context["letters"].problem == "unreachable"
    assert letters(get(bob)) == [("Person 0", "Hello")]


@pytest.mark.parametrize("answer", [b"[]", b"{}", b'{"receipts": [{"number": 1}]}', b'{"receipts": 7}', b"<html>", b""])
def test_an_answer_that_cannot_be_read_is_no_500(settings: Any, acme: Any, bob: Any, answer: bytes) -> None:
    class Strange(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Strange) as strange:
        threading.Thread(target=strange.serve_forever).start()
        use(settings, f"http://127.0.0.1:{strange.server_port}")

        page = get(bob)

        strange.shutdown()
    active_transport.cache_clear()
    assert (page.status_code, page.context["letters"].problem) == (200, "unreachable")


def test_a_provider_that_does_not_answer_is_not_waited_for(
    settings: Any, acme: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    monkeypatch.setattr(client, "RECEIPTS_TIMEOUT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        use(settings, f"http://127.0.0.1:{silent.getsockname()[1]}")
        page = get(bob)
    active_transport.cache_clear()

    assert page.context["letters"].problem == "unreachable"
    assert client.Transport().patience_seconds > 2


class Mute:
    """A transport that keeps no inbox."""


def test_a_provider_without_an_inbox_is_said(settings: Any, acme: Any, bob: Any) -> None:
    settings.SCRM_TRANSPORT = f"{__name__}.Mute"
    active_transport.cache_clear()

    page = get(bob)

    active_transport.cache_clear()
    assert "The provider in use keeps no inbox." in page.content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_inbox_costs_the_same_queries_whatever_it_holds(simulator: Any, acme: Any, bob: Any, count: int) -> None:
    people = make_people(acme, count=count)
    with tenant_transaction(acme.pk):
        Contact.objects.for_tenant(acme).update(name="")
    send(acme, *((person.pk, "Hello") for person in people))
    browser = log_in(bob)
    browser.get("/t/acme/inbox/")

    with CaptureQueriesContext(connection) as seen:
        page = browser.get("/t/acme/inbox/")

    assert len(letters(page)) == count
    assert len(seen) == INBOX_QUERIES


def test_readers_read_and_staff_do_not(simulator: Any, acme: Any, mei: Any, charlie: Any) -> None:
    staff = _member(acme, "sam", "staff")

    assert [get(user).status_code for user in (mei, staff, charlie)] == [200, 403, 404]


def test_a_message_is_text(simulator: Any, acme: Any, bob: Any) -> None:
    nasty = '<img src=x onerror="alert(1)"> x-init="alert(2)"'
    (ann,) = make_people(acme, count=1)
    send(acme, (ann.pk, nasty), (nasty[:40], "to nobody of ours"))

    content = get(bob).content

    assert b"<img src=x" not in content
    assert content.count(b"&lt;img src=x") == 2
