"""What every page costs: as many statements with three rows of everything as with one, and as many as is said here."""

from contextlib import closing
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.cast import log_in
from tests.isolation.conftest import connect
from tests.isolation.routes import Variant, routes
from tests.isolation.rows import fill, start_ids_at

pytestmark = pytest.mark.django_db(transaction=True)
FIRST = Variant(5_000_001, "canary", "typed")
# of the pages that answer an owner, by their routes
QUERIES = {
    "": 38,
    "attributes/": 10,
    "attributes/<int:attribute_id>/": 10,
    "attributes/<int:attribute_id>/values/": 8,
    "channels/": 25,
    "channels/board.csv": 18,
    "channels/board/": 19,
    "cohorts.csv": 20,
    "cohorts/": 21,
    "contacts/": 16,
    "contacts/<int:contact_id>/": 33,
    "contacts/<int:contact_id>/segments/": 9,
    "contacts/<int:contact_id>/tags/": 9,
    "contacts/export/": 11,
    "contacts/tagging/": 12,
    "inbox/": 7,
    "jobs/": 8,
    "jobs/<int:job_id>/": 8,
    "manage/acquisition/channel/": 9,
    "manage/acquisition/channel/<path:object_id>/change/": 8,
    "manage/acquisition/channel/add/": 7,
    "manage/acquisition/spend/": 10,
    "manage/acquisition/spend/<path:object_id>/change/": 11,
    "manage/acquisition/spend/add/": 9,
    "manage/contacts/tag/": 10,
    "manage/contacts/tag/<path:object_id>/change/": 10,
    "manage/contacts/tag/add/": 8,
    "manage/contacts/taggroup/": 9,
    "manage/contacts/taggroup/<path:object_id>/change/": 8,
    "manage/contacts/taggroup/add/": 7,
    "manage/jsi18n/": 6,
    "manage/orders/source/": 9,
    "manage/orders/source/<path:object_id>/change/": 8,
    "manage/orders/source/add/": 7,
    "manage/password_change/": 7,
    "manage/search/": 6,
    "manage/tenants/fxrate/": 10,
    "manage/tenants/fxrate/<path:object_id>/change/": 9,
    "manage/tenants/fxrate/add/": 8,
    "orders/": 13,
    "orders/<int:order_id>/": 11,
    "orders/waiting/": 11,
    "repurchase.csv": 13,
    "repurchase/": 14,
    "segments/": 13,
    "segments/<int:segment_id>/": 19,
    "segments/<int:segment_id>/edit/": 16,
    "segments/<int:segment_id>/explain/": 8,
    "segments/<int:segment_id>/history/": 10,
    "segments/<int:segment_id>/publish/": 16,
    "segments/new-list/": 7,
    "segments/new/": 14,
    "settings/audit/": 8,
    "settings/keys/": 8,
    "settings/members/": 8,
    "settings/tenant/": 7,
    "sops/": 13,
    "sops/<int:sop_id>/": 18,
    "sops/<int:sop_id>/edit/": 12,
    "sops/<int:sop_id>/stop/": 11,
    "sops/board.csv": 10,
    "sops/board/": 12,
    "sops/new/": 9,
    "tags/": 11,
    "tags/<int:tag_id>/": 11,
    "tags/groups/<int:group_id>/": 8,
    "touchpoints/": 12,
    "touchpoints/limit/": 9,
}


def queries(who: Any) -> dict[str, int]:
    """How many statements each page took that answered, by its route; at the second visit, when nothing is new."""
    browser, found = log_in(who), {}
    for route in routes("scrm.console_urls"):
        if route.api_view is not None or "?P<" in route.pattern:
            continue
        path = f"/t/acme/{route.path(FIRST)}"
        browser.get(path)
        with CaptureQueriesContext(connection) as seen:
            answer = browser.get(path)
        if answer.status_code == 200:
            found[route.pattern] = len(seen)
    return found


def test_every_page_costs_what_is_said_with_one_row_of_everything_and_with_three(acme: Any, alice: Any) -> None:
    with closing(connect("owner")) as owner:
        start_ids_at(owner.cursor(), FIRST.id)
    fill(acme)
    one = queries(alice)
    for number in (2, 3):
        fill(acme, number=number)
    three = queries(alice)

    assert (one, three) == (QUERIES, QUERIES)
