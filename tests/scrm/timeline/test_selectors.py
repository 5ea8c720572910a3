"""Everything that happened to a contact, told by all apps in one order, page by page."""

from collections import Counter
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from contacts.models import TagMove
from scrm.timeline.selectors import KINDS, timeline_page
from tenants.context import tenant_transaction
from tests.cast import AT
from tests.contacts.crowd import make_people
from tests.scrm.timeline.life import KINDS_TOLD, live

pytestmark = pytest.mark.django_db


def pages(tenant: Any, contact_id: int, *, limit: int, **wanted: Any) -> list[list[Any]]:
    """All pages of a contact's timeline."""
    found, before, is_first = [], None, True
    with tenant_transaction(tenant.pk), translation.override("en"):
        while is_first or before is not None:
            page = timeline_page(tenant=tenant, contact_id=contact_id, before=before, limit=limit, **wanted)
            found.append(page.items)
            before, is_first = page.before, False
    return found


def test_every_app_tells_its_part(acme: Any) -> None:
    contact_id = live(acme)

    ((*items,),) = pages(acme, contact_id, limit=50)

    assert Counter(item.kind for item in items) == KINDS_TOLD
    assert set(KINDS) == set(KINDS_TOLD)
    assert [item.at for item in items] == sorted((item.at for item in items), reverse=True)


def test_what_is_of_one_instant_is_told_from_its_end(acme: Any) -> None:
    contact_id = live(acme)

    ((*items,),) = pages(acme, contact_id, limit=50, kinds=("sop", "segment", "touchpoint"))

    assert [(item.title, item.detail) for item in items] == [
        ("Message 1 of Welcome: skipped", "the day's cap was reached · 您好"),
        ("Entered the SOP Welcome", ""),
        ("Entered the segment Welcome", "by hand"),
    ]


def test_money_is_told_with_its_sign_and_leads_to_the_order(acme: Any) -> None:
    contact_id = live(acme)

    ((refund, order),) = pages(acme, contact_id, limit=50, kinds=("order", "refund"))

    assert (refund.title, refund.detail, refund.amount_minor, refund.currency) == ("r1", "of order o1", -1000, "GBP")
    assert (order.title, order.detail, order.amount_minor, order.currency) == ("o1", "shop", 3000, "GBP")
    assert refund.subject_id == order.subject_id is not None


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_alone_is_that_kind_of_the_whole(acme: Any, kind: str) -> None:
    contact_id = live(acme)

    ((*alone,),) = pages(acme, contact_id, limit=50, kinds=(kind,))
    ((*whole,),) = pages(acme, contact_id, limit=50)

    assert alone == [item for item in whole if item.kind == kind] != []


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 8])
def test_pages_are_the_whole_without_gaps_repeats_or_an_empty_end(acme: Any, limit: int) -> None:
    contact_id = live(acme)
    ((*whole,),) = pages(acme, contact_id, limit=50)

    found = pages(acme, contact_id, limit=limit)

    assert [item for page in found for item in page] == whole
    assert all(found)


@pytest.mark.parametrize(("limit", "sizes"), [(1, [1, 3, 1]), (2, [4, 1]), (3, [4, 1]), (4, [4, 1]), (5, [5])])
def test_what_shares_an_instant_is_not_parted(acme: Any, limit: int, sizes: list[int]) -> None:
    (ann,) = make_people(acme, "ann")
    with tenant_transaction(acme.pk):
        for minute, name in enumerate(["g/a", "g/b", "g/b", "g/b", "g/c"]):
            at = AT.replace(minute={"g/a": 1, "g/b": 2, "g/c": 3}[name])
            told: dict[str, Any] = {"name": f"{name}{minute}", "is_added": True, "source": "hand"}
            TagMove.objects.create(tenant=acme, contact_id=ann, created_at=at, **told)

    assert [len(page) for page in pages(acme, ann, limit=limit)] == sizes


def test_another_tenants_contact_has_no_timeline(acme: Any, globex: Any) -> None:
    theirs = live(acme)

    with tenant_transaction(globex.pk):
        assert timeline_page(tenant=globex, contact_id=theirs, before=None, limit=9).items == []


@pytest.mark.parametrize("count", [1, 3])
def test_statements_do_not_grow_with_the_story(acme: Any, count: int) -> None:
    contact_id = live(acme)
    with tenant_transaction(acme.pk):
        for number in range(count):
            told: dict[str, Any] = {"name": f"g/{number}", "is_added": True, "source": "hand", "created_at": AT}
            TagMove.objects.create(tenant=acme, contact_id=contact_id, **told)

    with tenant_transaction(acme.pk), CaptureQueriesContext(connection) as seen:
        timeline_page(tenant=acme, contact_id=contact_id, before=None, limit=30)

    assert len(seen) == 10
