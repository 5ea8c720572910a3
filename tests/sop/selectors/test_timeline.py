"""A contact's timeline tells of her runs and messages, page by page."""

import pytest
from django.utils import translation

from sop.models import Touchpoint
from sop.selectors.timeline import coming_items, timeline_items
from tenants.context import tenant_transaction
from tests.cast import AT
from tests.sop.stage import DAY, MINUTE, audience, enter, leave, make, people, publish, settle, tick

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mei(acme):
    segment = audience(acme)
    sop = make(acme, segment)
    mei, other = people(acme, 2)
    publish(acme, sop)
    enter(acme, segment, [mei, other])
    tick(acme)
    settle(acme, sop, at=AT + 10 * MINUTE, states=["skipped"])
    with tenant_transaction(acme.pk):
        Touchpoint.objects.for_tenant(acme).filter(state="skipped").update(reason="cap")
    leave(acme, segment, [mei], at=AT + 11 * MINUTE)
    tick(acme, at=AT + 12 * MINUTE)
    return mei


def told(tenant, contact_id, **page):
    with tenant_transaction(tenant.pk), translation.override("en"):
        items = timeline_items(tenant=tenant, contact_id=contact_id, **page)
    return [(item.at, item.title, item.detail) for item in items]


WHOLE = [
    (AT + 12 * MINUTE, "Left the SOP Welcome early", "left the segment"),
    (AT + 12 * MINUTE, "Message 2 of Welcome: cancelled", "left the segment"),
    (AT + 10 * MINUTE, "Message 1 of Welcome: skipped", "the day's cap was reached"),
    (AT, "Entered the SOP Welcome", ""),
]


def test_runs_and_messages_are_told_with_their_reasons(acme, mei):
    assert told(acme, mei) == WHOLE
    assert told(acme, mei + 1)[-1] == WHOLE[-1]


def test_pages_of_the_timeline_are_the_timeline(acme, mei):
    pages, before = [], AT + DAY
    while page := told(acme, mei, before=before, limit=1):
        pages += page
        before = page[-1][0]

    assert pages == WHOLE


def test_what_is_planned_is_coming_and_has_not_happened(acme, mei):
    with tenant_transaction(acme.pk), translation.override("en"):
        whose = {"tenant": acme, "contact_id": mei + 1}
        coming = coming_items(**whose, limit=5)
        happened = timeline_items(**whose)
        Touchpoint.objects.for_tenant(acme).filter(contact_id=mei + 1).update(state="planned", settled_at=None)
        both, next_one = (coming_items(**whose, limit=limit) for limit in (5, 1))

    assert [(item.title, item.at > AT + 12 * MINUTE) for item in coming] == [("Message 2 of Welcome: planned", True)]
    assert [item.title for item in happened] == ["Message 1 of Welcome: skipped", "Entered the SOP Welcome"]
    assert [item.title[:9] for item in both] == ["Message 1", "Message 2"]
    assert next_one == both[:1]


@pytest.mark.parametrize(("kind", "count"), [("sop", 2), ("touchpoint", 2)])
def test_a_kind_is_told_alone(acme, mei, kind, count):
    with tenant_transaction(acme.pk):
        items = timeline_items(tenant=acme, contact_id=mei, kinds=(kind,))

    assert [item.kind for item in items] == [kind] * count
