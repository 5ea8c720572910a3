"""Home: problems, figures and the set-up list."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.models import Source
from segments.models import Segment
from sop.models import Sop
from tenants.context import tenant_transaction
from tests.cast import log_in, make_key
from tests.console.shop_floor import count, open_shop
from tests.orders.shop import order_body, post_orders
from tests.sop.ledger.floor import Laid, lay_sop, make_people

pytestmark = pytest.mark.django_db

ENGLISH = {"accept-language": "en"}
QUERIES = 38


def get(user: Any, **query: Any) -> Any:
    return log_in(user).get("/t/acme/", query, headers=ENGLISH)


def test_a_brand_without_data_gets_its_five_steps_and_a_ready_command(acme: Any, alice: Any) -> None:
    make_key(acme)

    page = get(alice)

    text = page.content.decode()
    assert page.context["set_up"].done == 1
    assert "1 of 5" in text
    assert "curl -X POST http://testserver/api/v1/orders/bulk" in text
    assert "&quot;currency&quot;: &quot;GBP&quot;" in text or '"currency": "GBP"' in text


def test_the_figures_are_the_boards(acme: Any, alice: Any) -> None:
    open_shop(acme, people=3)

    page = get(alice)

    sums = page.context["sums"]
    assert (sums.contacts, sums.buyers, sums.gross_minor, sums.net_minor) == (3, 3, 9000, 8000)
    assert (sums.cost_minor, sums.cac_minor, round(float(sums.roi), 4)) == (6000, 2000, 1.3333)
    assert "ROI to date = net revenue £80.00 ÷ cost £60.00 = 1.33×" in page.content.decode()


def test_a_silent_feed_is_read_at_its_end_and_says_so(acme: Any, alice: Any) -> None:
    open_shop(acme, people=1)

    page = get(alice)

    assert page.context["as_of"].data_ended
    assert "Nothing has been paid or refunded since" in page.content.decode()
    daily = {str(day.date): (day.new_contacts, day.net_minor) for day in page.context["daily"]}
    assert daily["2024-01-02"] == (1, 3000)
    assert daily["2024-01-05"] == (0, -1000)


def test_orders_that_wait_are_told_with_their_money(acme: Any, alice: Any) -> None:
    open_shop(acme, people=1)
    with tenant_transaction(acme.pk):
        Source.objects.create(tenant=acme, slug="desk", name="Desk", unknown_buyer="match")
    post_orders(acme, order_body("w1", amount="12.00", buyer={"shop_buyer_id": "nobody"}), source="desk")

    text = get(alice).content.decode()

    assert "1 order waits for a contact" in text
    assert "£12.00 counts nowhere until then" in text


def test_ninety_days_are_asked_for(acme: Any, alice: Any) -> None:
    open_shop(acme, people=1)

    assert len(get(alice).context["daily"]) == 14
    assert len(get(alice, days="90").context["daily"]) == 90


@pytest.fixture
def laid(acme: Any) -> Laid:
    """Noon in a shop with an SOP: four people's touchpoints, just due; sent, skipped, failed, and one that waits."""
    now = timezone.now()
    acme.timezone = f"Etc/GMT{now.hour - 12:+d}"  # east of Greenwich is minus there
    acme.save(update_fields=["timezone"])
    open_shop(acme, people=1)
    laid = lay_sop(acme, make_people(acme, count=4), name="Welcome", due_at=now - timedelta(minutes=5))
    laid.change(0, state="sent", settled_at=now)
    laid.change(1, state="skipped", reason="cap", settled_at=now)
    laid.change(2, state="failed", reason="refused", settled_at=now)
    return laid


def test_an_operator_sees_the_days_touchpoints_and_why_some_did_not_go_out(laid: Laid, bob: Any) -> None:
    page = get(bob)

    told = {one.value: (one.count, one.query) for one in (*page.context["states"], *page.context["reasons"])}
    assert {value: count for value, (count, _query) in told.items()} == {
        "sent": 1, "planned": 1, "skipped": 1, "failed": 1, "cap": 1, "refused": 1,
    }  # fmt: skip
    assert sum(hour.sent for hour in page.context["hours"]) == 1
    assert sum(hour.open for hour in page.context["hours"]) == 1
    assert sum(hour.not_sent for hour in page.context["hours"]) == 2
    for shown, query in told.values():
        listed = log_in(bob).get(f"/t/acme/touchpoints/?{query}", headers=ENGLISH)
        assert len(listed.context["lines"]) == shown


def test_what_is_due_and_does_not_go_out_is_a_problem_with_its_cause(laid: Laid, bob: Any) -> None:
    running = get(bob).content.decode()
    with tenant_transaction(laid.tenant.pk):
        Sop.objects.for_tenant(laid.tenant).update(state="paused")
    paused = get(bob).content.decode()

    assert "1 touchpoint of “Welcome” waits" in running
    assert "the worker may not be running" in running
    assert "the SOP is paused" in paused
    assert "the worker may not be running" not in paused


def test_a_segment_that_cannot_be_built_is_a_problem(laid: Laid, bob: Any) -> None:
    with tenant_transaction(laid.tenant.pk):
        Segment.objects.for_tenant(laid.tenant).update(state="published", build="failed", build_error="no such tag")

    text = get(bob).content.decode()

    assert "could not be built" in text
    assert "no such tag" in text


def test_work_comes_first_for_operators_and_figures_for_brand_managers(laid: Laid, bob: Any, mei: Any) -> None:
    works, reads = get(bob).content.decode(), get(mei).content.decode()

    assert works.index("Touchpoints due today") < works.index('class="c-kpis"')
    assert reads.index('class="c-kpis"') < reads.index("Touchpoints due today")


def test_nothing_of_another_brand_is_told(laid: Laid, globex: Any, acme: Any, alice: Any) -> None:
    lay_sop(globex, make_people(globex, count=1), name="Theirs", due_at=timezone.now() - timedelta(minutes=9))

    page = get(alice)

    assert sum(one.count for one in page.context["states"]) == 4
    assert "Theirs" not in page.content.decode()


def test_a_brand_without_sops_is_told_where_to_begin(acme: Any, bob: Any) -> None:
    open_shop(acme, people=1)

    text = get(bob).content.decode()

    assert re.search(r'No SOP runs yet.*<a class="c-button" href="/t/acme/sops/">Start from a template', text)


def test_clv_and_payback_name_their_parts(acme: Any, alice: Any) -> None:
    open_shop(acme, people=3)
    post_orders(acme, order_body("later", amount="1.00", paid_at="2024-02-10T00:00:00Z", buyer={"shop_buyer_id": "b1"}))
    count(acme)

    page = get(alice)

    text = page.content.decode()
    assert "CLV to date = net revenue £81.00 ÷ contacts 3 = £27.00" in text
    paid_back = page.context["paid_back"]
    assert (paid_back.reached, paid_back.cohorts, str(paid_back.youngest.cohort_date)) == (1, 1, "2024-01-01")


@pytest.mark.parametrize("sops", [1, 3])
def test_more_sops_and_segments_ask_no_more_of_the_database(acme: Any, bob: Any, sops: int) -> None:
    open_shop(acme, people=1)
    for number in range(sops):
        people = make_people(acme, count=1)
        lay_sop(acme, people, name=f"SOP {number}", due_at=timezone.now() - timedelta(minutes=5))
    client = log_in(bob)
    client.get("/t/acme/")

    with CaptureQueriesContext(connection) as seen:
        client.get("/t/acme/", headers=ENGLISH)

    assert len(seen) == QUERIES
