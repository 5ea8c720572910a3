"""The demo: its files say what their provenance says, and arrive over the REST API once."""

import hashlib
import io
import lzma
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.core.management import CommandError, call_command
from django.utils import timezone

from contacts.models import Contact
from scrm.demo import install, load, online_retail
from scrm.demo.client import CallFailed, Client
from tenants.context import tenant_transaction
from tenants.models import ApiKey, Membership, Tenant, User
from tenants.services.members import create_tenant

COHORTS = [885, 417, 380, 452, 300, 284, 242, 188, 169, 299, 358, 323, 41]
FEW = 400


@pytest.fixture(scope="module")
def invoices() -> list[online_retail.Invoice]:
    """All of them, read once."""
    return online_retail.read_invoices()


def test_files_are_the_ones_the_provenance_names() -> None:
    provenance = (online_retail.FOLDER / "PROVENANCE.md").read_text()

    content = lzma.decompress((online_retail.FOLDER / "invoices.csv.xz").read_bytes())
    spend = (online_retail.FOLDER / "spend.csv").read_bytes()

    assert hashlib.sha256(content).hexdigest() in provenance
    assert hashlib.sha256(spend).hexdigest() in provenance


def test_rows_hold_every_invoice(invoices: list[online_retail.Invoice]) -> None:
    orders, refunds = online_retail.order_rows(invoices), online_retail.refund_rows(invoices)

    assert (len(invoices), len(orders), len(refunds)) == (22_190, 18_536, 3_654)
    assert sum(Decimal(row["amount"]) for row in orders) == Decimal("8911407.90")
    assert sum(Decimal(row["amount"]) for row in refunds) == Decimal("611342.09")


def test_contacts_come_from_fixed_channels_and_have_no_names(invoices: list[online_retail.Invoice]) -> None:
    rows = online_retail.contact_rows(invoices)

    assert len(rows) == 4_372
    assert rows[0] == {
        "identities": {"shop:online-retail": "17850"},
        "acquired": {"at": None, "channel": online_retail.channel_of(customer_id="17850")},
    }
    assert {row["acquired"]["channel"] for row in rows} == {"search", "social", "email", "organic"}


def test_first_purchases_make_the_published_cohorts(invoices: list[online_retail.Invoice]) -> None:
    first: dict[str, str] = {}
    for invoice in invoices:
        if invoice.is_purchase:
            first.setdefault(invoice.customer_id, invoice.happened_at[:7])

    sizes = Counter(first.values())

    assert [sizes[month] for month in sorted(sizes)] == COHORTS


def test_expected_totals_leave_out_what_precedes_the_first_purchase() -> None:
    def invoice(at: str, amount: str, kind: Any) -> online_retail.Invoice:
        return online_retail.Invoice("1", at, f"2011-01-0{at}", Decimal(amount), kind)

    totals = online_retail.expected_totals(
        [invoice("1", "-5.00", "refund"), invoice("2", "9.00", "order"), invoice("3", "-2.00", "refund")]
    )

    assert totals == online_retail.Totals(contacts=1, net=Decimal("7.00"))


@pytest.mark.django_db(transaction=True)
def test_install_makes_two_tenants_and_three_people_once() -> None:
    for _ in range(2):
        brands = install.install_tenants(password="demo", at=timezone.now())

    memberships = Membership.objects.values_list("tenant__slug", "user__email", "role")
    people = [
        (install.OWNER, "owner"),
        (install.OPERATOR, "operator"),
        (install.BRAND_MANAGER, "brand_manager"),
    ]
    assert sorted(memberships) == [(slug, *one) for slug in ("haoweidao", "online-retail") for one in people]
    made = [(one.slug, one.timezone, one.currency) for one in (brands.online_retail, brands.haoweidao)]
    assert made == [("online-retail", "UTC", "GBP"), ("haoweidao", "Asia/Shanghai", "CNY")]


@pytest.mark.django_db(transaction=True)
def test_somebody_elses_tenant_of_that_name_is_left_alone() -> None:
    create_tenant(
        slug="online-retail",
        name="A brand",
        timezone="UTC",
        currency="GBP",
        owner_email="charlie@example.com",
        password="correct horse",
        at=timezone.now(),
    )

    with pytest.raises(CommandError, match="is not the demo's"):
        call_command("load_demo", stdout=io.StringIO())

    assert Membership.objects.filter(user__email__endswith="@demo.scrm.local").count() == 0


@pytest.mark.django_db(transaction=True)
def test_key_of_the_load_is_revoked_whatever_happens() -> None:
    tenant = install.install_tenants(password="demo", at=timezone.now()).online_retail

    with pytest.raises(RuntimeError), install.temporary_key(tenant=tenant):
        raise RuntimeError

    with tenant_transaction(tenant.pk):
        assert [key.revoked_at is None for key in ApiKey.objects.for_tenant(tenant)] == [False]


@pytest.mark.django_db(transaction=True)
def test_without_a_server_the_command_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scrm.demo.client.ATTEMPTS", 1)

    with pytest.raises(CommandError, match="no answer"):
        call_command("load_demo", base_url="http://127.0.0.1:9", limit=1, stdout=io.StringIO())


@pytest.mark.django_db(transaction=True)
def test_a_brand_with_other_contacts_is_left_alone() -> None:
    brands = install.install_tenants(password="demo", at=timezone.now())
    install.note_loaded(tenant=brands.online_retail, rows=1, at=timezone.now())
    with tenant_transaction(brands.haoweidao.pk):
        Contact.objects.create(tenant=brands.haoweidao, name="Somebody")
    said = io.StringIO()

    # Nothing listens there: a call would fail.
    call_command("load_demo", base_url="http://127.0.0.1:9", stdout=io.StringIO(), stderr=said)

    assert "is left as it is" in said.getvalue()
    assert Tenant.objects.get(slug="haoweidao").is_live


@pytest.mark.django_db(transaction=True)
def test_a_brand_sends_nothing_by_another_way_than_the_simulator(settings: Any) -> None:
    settings.SCRM_TRANSPORT = "tests.chaos.transports.KeysOnly"
    brands = install.install_tenants(password="demo", at=timezone.now())
    install.note_loaded(tenant=brands.online_retail, rows=1, at=timezone.now())
    said = io.StringIO()

    call_command("load_demo", base_url="http://127.0.0.1:9", stdout=io.StringIO(), stderr=said)

    assert "stays empty" in said.getvalue()


@pytest.fixture
def loader(live_server: Any) -> Iterator[tuple[Tenant, Client]]:
    """The real shop's tenant, and a client of a real server; the invented brand is in."""
    brands = install.install_tenants(password="demo", at=timezone.now())
    install.note_loaded(tenant=brands.haoweidao, rows=1, at=timezone.now())
    tenant = brands.online_retail
    with (
        install.temporary_key(tenant=tenant) as token,
        closing(Client(base_url=live_server.url, token=token)) as client,
    ):
        yield tenant, client


def test_sending_twice_ends_in_the_cohorts_of_the_files(loader: tuple[Tenant, Client]) -> None:
    from analytics.tasks import tick

    _, client = loader
    invoices = online_retail.read_invoices(limit=FEW)
    seen: list[tuple[int, int]] = []

    for _ in range(2):
        rows = load.send_all(client, invoices=invoices, progress=lambda *step: seen.append(step))
        tick()

    sizes = load.wait_until_fresh(client, expected=online_retail.expected_totals(invoices), seconds=5)
    assert seen[-1] == (rows, rows)
    assert sum(sizes) == online_retail.expected_totals(invoices).contacts


def test_refused_row_ends_the_load(loader: tuple[Tenant, Client]) -> None:
    _, client = loader
    row = online_retail.order_rows(online_retail.read_invoices(limit=1))[0]

    with pytest.raises(CallFailed, match="row 0 was refused"):
        client.post("/orders/bulk", {"source": "online-retail", "orders": [{**row, "amount": 1.5}]})


def test_second_run_does_nothing(loader: tuple[Tenant, Client]) -> None:
    tenant, _ = loader
    install.note_loaded(tenant=tenant, rows=22_229, at=timezone.now())

    # Nothing listens there: a call would fail.
    said = call_command("load_demo", base_url="http://127.0.0.1:9", stdout=io.StringIO())

    assert said.splitlines() == [
        "alice@demo.scrm.local  password: demo  (owner)",
        "bob@demo.scrm.local  password: demo  (operator)",
        "mei@demo.scrm.local  password: demo  (brand manager)",
    ]


def test_password_that_does_not_fit_is_not_printed(loader: tuple[Tenant, Client]) -> None:
    tenant, _ = loader
    install.note_loaded(tenant=tenant, rows=22_229, at=timezone.now())

    said = call_command("load_demo", password="another", stdout=io.StringIO())

    assert said.splitlines()[0] == "alice@demo.scrm.local  password: the one set earlier  (owner)"


@pytest.mark.django_db(transaction=True)
def test_people_of_a_public_server_get_a_random_password(settings: Any) -> None:
    settings.LOCAL_HTTP = False
    brands = install.install_tenants(password="x", at=timezone.now())
    for tenant in (brands.online_retail, brands.haoweidao):
        install.note_loaded(tenant=tenant, rows=1, at=timezone.now())
    User.objects.filter(email=install.OWNER).update(password=make_password("demo"))

    said = call_command("load_demo", stdout=io.StringIO())

    assert "password: demo" not in said
