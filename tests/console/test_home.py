"""Home: problems, figures and the set-up list."""

from typing import Any

import pytest

from orders.models import Source
from tenants.context import tenant_transaction
from tests.cast import log_in, make_key
from tests.console.shop_floor import open_shop
from tests.orders.shop import order_body, post_orders

pytestmark = pytest.mark.django_db

ENGLISH = {"accept-language": "en"}


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
    assert "No order has been paid since" in page.content.decode()
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
