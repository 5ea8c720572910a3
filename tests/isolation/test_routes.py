"""No route answers with another tenant's rows: what it says of them equals what it says of rows that do not exist."""

import re

import pytest

from tests.cast import _member, log_in
from tests.isolation.conftest import connect, first_lock_off, second_lock_off
from tests.isolation.routes import Attempt, Variant, api_attempts, page_attempts, routes
from tests.isolation.rows import canary_of, fill, start_ids_at, tenant_models

pytestmark = pytest.mark.django_db

ROOT, CONSOLE = "scrm.urls", "scrm.console_urls"
OWN = Variant(6_000_001, "canary-acme", "typed-own")
FOREIGN = Variant(7_000_001, "canary-globex", "typed-foreig")
ABSENT = Variant(7_900_001, "canary-absent", "typed-absent")
CHANGING = (
    (re.compile(rb"7[09]000\d\d"), b"ID"),
    (re.compile(rb"canary-(globex|absent)|typed-(foreig|absent)"), b"WORD"),
    (re.compile(rb"(t/|%2F)(globex|absent)"), rb"\1SLUG"),
    (re.compile(rb"\d\d(:|%3A)\d\d((:|%3A)\d\d(\.\d+)?)?"), b"TIME"),
    (re.compile(rb"""(csrf\w*["' ]+(?:value|content)=["'])\w+"""), rb"\1TOKEN"),
    (re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), b"UUID"),
    (re.compile(rb"[A-Za-z0-9]{64}|scrm_\d+_[\w-]{43}"), b"TOKEN"),
)
ROLES = ("alice", "bob", "mei", "sam")


class Walk:
    """Sends every request twice, for the foreign row and for the absent one, and notes what differs."""

    def __init__(self):
        self.faults, self.cases, self.seen = [], 0, set()

    def compare(self, urlconf, route, who, pair, sends):
        self.seen.add((urlconf, route.pattern))
        for foreign, absent in pair:
            self.cases += 1
            answers = [send(attempt) for send, attempt in zip(sends, (foreign, absent), strict=True)]
            label = f"{who} {foreign.method} {foreign.url}"
            if answers[0].status_code >= 500:
                self.faults.append(f"{label}: {answers[0].status_code}")
            if _shown(answers[0]) != _shown(answers[1]):
                self.faults.append(f"{label}: differs from an absent row: {_difference(*answers)}")
            if FOREIGN.word not in f"{foreign.url} {foreign.body}" and FOREIGN.word.encode() in _body(answers[0]):
                self.faults.append(f"{label}: shows the other tenant's canary")


def _body(response):
    return b"".join(response.streaming_content) if response.streaming else response.content


def _shown(response):
    if not hasattr(response, "kept"):
        response.kept = _body(response)
    shown = response.kept
    location = response.headers.get("Location", "").encode()
    for pattern, word in CHANGING:
        shown, location = pattern.sub(word, shown), pattern.sub(word, location)
    return response.status_code, response.headers.get("Content-Type"), location, shown


def _difference(one, other):
    first, second = _shown(one), _shown(other)
    if first[:3] != second[:3]:
        return first[:3], second[:3]
    place = next(
        (at for at, (a, b) in enumerate(zip(first[3], second[3], strict=False)) if a != b),
        min(len(first[3]), len(second[3])),
    )
    return first[3][max(0, place - 60) : place + 60], second[3][max(0, place - 60) : place + 60]


def _sender(client, prefix, headers=None):
    def send(attempt):
        method = getattr(client, attempt.method.lower())
        if attempt.method == "GET":
            return method(prefix + attempt.url, headers=headers)
        kind = {"content_type": "application/json"} if "/api/" in attempt.path or headers else {}
        return method(prefix + attempt.url, attempt.body, headers=headers, **kind)

    return send


@pytest.fixture
def world(owner, acme, alice, bob, mei, globex, charlie, settings):
    """Acme with a row of everything, its people, and globex with a row of everything far away from both."""
    people = {"alice": alice, "bob": bob, "mei": mei, "sam": _member(acme, "sam", "staff"), "charlie": charlie}
    settings.API_RATE_PER_MINUTE = 10**9
    for tenant, ids in ((acme, OWN), (globex, FOREIGN)):
        start_ids_at(owner, ids.id)
        rows = fill(tenant)
        assert {row.pk for row in rows.values() if isinstance(row.pk, int)} == {ids.id}
    return people


def snapshot():
    """Every row of every table of globex, as text."""
    from tenants.models import Tenant

    globex = Tenant.objects.get(slug="globex").pk
    connection = connect("default")
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL app.tenant_id = '{globex}'")
        tables = {}
        for model in tenant_models():
            cursor.execute(f"SELECT t::text FROM {model._meta.db_table} t ORDER BY 1")
            tables[model] = cursor.fetchall()
    connection.close()
    return tables


def walk_keys(key):
    """Every API route with acme's key."""
    from django.test import Client

    walk, client = Walk(), Client(raise_request_exception=False)
    send = _sender(client, "/", {"authorization": f"Bearer {key}"})
    asked = [
        (route, pair)
        for route in routes(ROOT)
        if route.api_view
        for pair in zip(*(api_attempts(route, one, currency="GBP") for one in (FOREIGN, ABSENT)), strict=True)
    ]
    for route, pair in sorted(asked, key=_reads_first):
        walk.compare(ROOT, route, "key", [pair], (send, send))
    return walk


def walk_session(role, person, *, chosen=lambda route: True):
    """Every console route, or those chosen, as one role."""
    walk = Walk()
    # a browser for each question, so that a message left by one is not shown with the answer to the other
    scout, client, other = (log_in(person) for _ in range(3))
    for browser in (scout, client, other):
        browser.raise_request_exception = False
    sends = (_sender(client, "/t/acme/"), _sender(other, "/t/acme/"))
    asked = [(route, pair) for route in routes(CONSOLE) if chosen(route) for pair in _pairs(route, scout, role)]
    for route, pair in sorted(asked, key=_reads_first):
        walk.compare(CONSOLE, route, role, [pair], sends)
    return walk


def _reads_first(asked):
    """What is written with another's words becomes one's own: reads come before it, and the API's writes are last."""
    route, (foreign, _) = asked
    return foreign.method != "GET", bool(route.api_view)


def walk_strangers(people):
    """Every console route of a tenant that one is not a member of, beside a tenant that does not exist."""
    walk = Walk()
    client = log_in(people["alice"])
    client.raise_request_exception = False
    for route in routes(CONSOLE):
        for method in ("GET", "POST"):
            path = route.path(FOREIGN)
            pair = [(_Stranger(method, f"globex/{path}"), _Stranger(method, f"absent/{path}"))]
            walk.compare(CONSOLE, route, "stranger", pair, [_sender(client, "/t/")] * 2)
            answer = _sender(client, "/t/")(pair[0][0])
            if answer.status_code != 404:
                walk.faults.append(f"stranger {method} {path}: {answer.status_code}")
    return walk


class _Stranger:
    body: dict[str, str] = {}

    def __init__(self, method, path):
        self.method, self.path, self.url = method, path, path


def _pairs(route, client, role):
    if route.api_view:
        attempts = (api_attempts(route, variant, currency="GBP") for variant in (FOREIGN, ABSENT))
    else:
        fields = _fields(client.get(f"/t/acme/{route.path(ABSENT)}"))
        attempts = (
            page_attempts(route, variant, fields=fields, is_thorough=role == "alice") for variant in (FOREIGN, ABSENT)
        )
    return list(zip(*attempts, strict=True))


def _fields(page):
    names = re.findall(rb'<(?:input|select|textarea)[^>]*\bname="([^"]+)"', _body(page))
    return sorted({name.decode() for name in names} - {"csrfmiddlewaretoken"})


def test_no_api_key_reaches_another_tenants_rows(world, acme_key):
    before = snapshot()

    walk = walk_keys(acme_key)

    assert walk.faults == []
    assert walk.seen == {(ROOT, route.pattern) for route in routes(ROOT) if route.api_view}
    assert walk.cases >= 3 * len(walk.seen)
    assert snapshot() == before
    assert any(canary_of(type("T", (), {"slug": "globex"})) in row for rows in before.values() for (row,) in rows)


@pytest.mark.parametrize("role", ROLES)
def test_no_session_of_any_role_reaches_another_tenants_rows(world, role):
    before = snapshot()

    walk = walk_session(role, world[role])

    assert walk.faults == []
    assert walk.seen == {(CONSOLE, route.pattern) for route in routes(CONSOLE)}
    assert snapshot() == before


def test_a_tenant_of_others_is_no_tenant_at_all(world):
    walk = walk_strangers(world)

    assert walk.faults == []
    assert walk.seen == {(CONSOLE, route.pattern) for route in routes(CONSOLE)}


def test_routes_outside_the_tenants_show_no_canary(world):
    seen = set()
    for route in routes(ROOT):
        if not route.api_view:
            client = log_in(world["alice"])
            client.raise_request_exception = False
            for answer in (
                client.get(f"/{route.path(FOREIGN)}", {"next": "/t/globex/", "tenant": FOREIGN.id}),
                client.post(f"/{route.path(FOREIGN)}", {"next": "/t/globex/", "tenant": FOREIGN.id}),
            ):
                assert FOREIGN.word.encode() not in _body(answer)
                assert "环球甜品".encode() not in _body(answer)
                assert answer.status_code < 500 or route.name == "readyz"
            seen.add(route.pattern)

    assert seen | {route.pattern for route in routes(ROOT) if route.api_view} == {r.pattern for r in routes(ROOT)}


def test_a_key_in_the_console_and_a_session_at_the_api_find_nothing(world, acme_key):
    browser = log_in(world["alice"])
    browser.raise_request_exception = False
    found = set()
    for route in routes(ROOT):
        if route.api_view:
            path = route.path(FOREIGN)
            found.add(browser.get(f"/{path}").status_code)
            found.add(browser.get(f"/t/acme/{path}", headers={"authorization": f"Bearer {acme_key}"}).status_code)

    assert found == {404}


@pytest.mark.parametrize("lock_off", [first_lock_off, second_lock_off])
def test_either_lock_alone_keeps_every_api_route_shut(world, acme_key, lock_off):
    with lock_off():
        walk = walk_keys(acme_key)

    assert walk.faults == []


def test_without_both_locks_the_walk_names_every_api_route_that_shows_a_row(world, acme_key):
    from django.test import Client

    send = _sender(Client(raise_request_exception=False), "/", {"authorization": f"Bearer {acme_key}"})
    asked = [(route, list(api_attempts(route, OWN, currency="GBP"))) for route in routes(ROOT) if route.api_view]
    showing = [route for route, attempts in asked if route.parameters and _shows(send, attempts)]

    with first_lock_off(), second_lock_off():
        walk = walk_keys(acme_key)

    assert showing
    assert _unnamed(walk, "key", showing) == []
    assert "key GET api/v1/contacts: shows the other tenant's canary" in walk.faults


def test_without_both_locks_the_walk_names_every_page_that_shows_a_row(world):
    send = _sender(log_in(world["alice"]), "/t/acme/")
    asked = [route for route in routes(CONSOLE) if route.parameters and not route.api_view]
    showing = [route for route in asked if _shows(send, [Attempt("GET", route.path(OWN))])]

    with first_lock_off(), second_lock_off():
        walk = walk_session("alice", world["alice"], chosen=lambda route: route in showing)

    assert showing
    assert _unnamed(walk, "alice", showing) == []


def _shows(send, attempts):
    """Whether one of these answers with a row of one's own."""
    return any(send(attempt).status_code == 200 for attempt in attempts if attempt.method == "GET")


def _unnamed(walk, who, asked):
    """The routes whose reading the walk does not report."""
    starts = {route: f"{who} GET {route.path(FOREIGN)}" for route in asked}
    return [route.pattern for route in asked if not any(fault.startswith(starts[route]) for fault in walk.faults)]
