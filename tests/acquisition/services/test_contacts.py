"""People as other systems tell them."""

from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from acquisition.incoming import IncomingContact
from acquisition.models import Touch
from acquisition.services.contacts import sync_contacts
from contacts.models import Change, Contact, ContactTag
from tenants.context import tenant_transaction
from tenants.incoming import Row
from tenants.results import FieldError, RowResult
from tests.cast import AT

pytestmark = pytest.mark.django_db

PHONE = {"phone": "+8613800138000"}


def rows(*items: dict[str, Any]) -> list[Row]:
    return [Row(index, msgspec.convert(item, IncomingContact)) for index, item in enumerate(items)]


def sync(tenant: Any, *items: dict[str, Any]) -> list[RowResult]:
    with tenant_transaction(tenant.pk):
        return sync_contacts(tenant=tenant, rows=rows(*items), at=AT)


def statuses(tenant: Any, *items: dict[str, Any]) -> list[str]:
    return [result.status for result in sync(tenant, *items)]


def held(tenant: Any) -> list[dict[str, Any]]:
    """What is kept of all contacts, without ids and clocks."""
    with tenant_transaction(tenant.pk):
        contacts = Contact.objects.for_tenant(tenant).select_related("channel").order_by("pk")
        return [
            {
                "name": contact.name,
                "attributes": contact.attributes,
                "channel": contact.channel and contact.channel.slug,
                "acquired_at": contact.acquired_at,
                "acquired_date": contact.acquired_date,
                "identities": dict(contact.identities.order_by("pk").values_list("kind", "value")),
                "tags": sorted(str(row.tag) for row in ContactTag.objects.for_tenant(tenant).filter(contact=contact)),
            }
            for contact in contacts
        ]


def reasons(tenant: Any) -> list[str]:
    with tenant_transaction(tenant.pk):
        return list(Change.objects.for_tenant(tenant).order_by("pk").values_list("reason", flat=True))


def test_whole_row_is_kept(globex: Any) -> None:
    row = {
        "identities": {"phone": "138 0013 8000", "email": None, "shop:x": "17850"},
        "name": "王明",
        "attributes": {"city": "北京", "gone": None},
        "tags": ["口味/辣", "口味/甜"],
        "acquired": {"at": "2026-01-01T23:00:00+00:00", "channel": "search"},
        "updated_at": "2026-01-02T00:00:00+00:00",
    }

    assert statuses(globex, row) == ["created"]
    assert held(globex) == [
        {
            "name": "王明",
            "attributes": {"city": "北京"},
            "channel": "search",
            "acquired_at": datetime(2026, 1, 1, 23, tzinfo=UTC),
            "acquired_date": date(2026, 1, 2),
            "identities": {"phone": "+8613800138000", "shop:x": "17850"},
            "tags": ["口味/甜", "口味/辣"],
        }
    ]
    assert reasons(globex) == ["identity", "touch", "tag", "profile"]

    assert statuses(globex, row) == ["unchanged"]
    assert reasons(globex) == ["identity", "touch", "tag", "profile"]


def test_older_version_changes_no_profile_but_its_facts_are_kept(acme: Any) -> None:
    newer = {"identities": PHONE, "name": "新", "updated_at": "2026-02-01T00:00:00Z"}
    older = {"identities": PHONE, "name": "旧", "attributes": {"a": 1}, "updated_at": "2026-01-01T00:00:00Z"}
    sync(acme, newer)

    assert statuses(acme, older) == ["stale"]
    assert statuses(acme, older | {"tags": ["口味/辣"], "identities": PHONE | {"unionid": "u"}}) == ["updated"]
    (contact,) = held(acme)
    assert (contact["name"], contact["attributes"], contact["tags"]) == ("新", {}, ["口味/辣"])
    assert contact["identities"] == PHONE | {"unionid": "u"}


def test_late_earlier_touch_moves_the_contact(acme: Any) -> None:
    late = {"identities": PHONE, "acquired": {"at": "2026-03-01T00:00:00Z", "channel": "search"}}
    early = {"identities": PHONE, "acquired": {"at": "2026-02-01T00:00:00Z", "channel": "social"}}
    later = {"identities": PHONE, "acquired": {"at": "2026-04-01T00:00:00Z", "channel": "email"}}
    sync(acme, late)

    assert statuses(acme, early, later, early) == ["updated", "updated", "unchanged"]
    (contact,) = held(acme)
    assert (contact["channel"], contact["acquired_date"]) == ("social", date(2026, 2, 1))
    assert reasons(acme) == ["identity", "touch", "touch"]


def test_any_arrival_order_of_touches_and_a_named_channel_ends_the_same(acme: Any, globex: Any) -> None:
    told: list[dict[str, Any]] = [
        {"at": "2026-03-01T00:00:00Z", "channel": "search"},
        {"at": "2026-03-01T00:00:00Z", "channel": "ads"},
        {"at": "2026-03-01T00:00:00Z", "channel": None},
        {"at": None, "channel": "social"},
    ]

    for number, order in enumerate(permutations(told)):
        sync(acme, *({"identities": {"unionid": str(number)}, "acquired": acquired} for acquired in order))
    ends = {(contact["channel"], contact["acquired_at"]) for contact in held(acme)}

    assert ends == {("ads", datetime(2026, 3, 1, tzinfo=UTC))}


def test_channel_without_time_is_replaced_by_a_newer_one_and_never_beats_a_touch(acme: Any) -> None:
    def named(channel: str) -> dict[str, Any]:
        return {"identities": PHONE, "acquired": {"channel": channel}}

    assert statuses(acme, named("search"), named("search"), named("social")) == [
        "created",
        "unchanged",
        "updated",
    ]
    assert [contact["channel"] for contact in held(acme)] == ["social"]

    sync(acme, {"identities": PHONE, "acquired": {"at": "2026-03-01T00:00:00Z", "channel": "email"}})

    assert statuses(acme, named("search")) == ["unchanged"]
    assert [(contact["channel"], contact["acquired_date"]) for contact in held(acme)] == [("email", date(2026, 3, 1))]


def test_touch_without_channel_acquires_and_leaves_the_named_channel(acme: Any) -> None:
    sync(acme, {"identities": PHONE, "acquired": {"channel": "search"}})

    assert statuses(acme, {"identities": PHONE, "acquired": {"at": "2026-03-01T00:00:00Z"}}) == ["updated"]
    assert [(contact["channel"], contact["acquired_date"]) for contact in held(acme)] == [("search", date(2026, 3, 1))]


def test_bad_rows_are_errors_and_write_nothing_while_good_ones_are_kept(acme: Any) -> None:
    sync(acme, {"identities": PHONE}, {"identities": {"email": "a@b.cn"}})
    before = held(acme)

    results = sync(
        acme,
        {"identities": PHONE | {"email": "a@b.cn", "unionid": "u"}, "name": "x", "tags": ["a/b"]},
        {"identities": {"phone": "12", "a/b~c": "x"}},
        {"identities": {"phone": None}},
        {"identities": {"unionid": "v"}, "tags": ["x/y", "辣"], "acquired": {"live_code": "L1"}},
        {"identities": {"unionid": "w"}},
    )

    assert [(result.status, [(e.pointer, e.code) for e in result.errors]) for result in results] == [
        ("error", [("/contacts/0/identities", "identity_conflict")]),
        (
            "error",
            [
                ("/contacts/1/identities/phone", "invalid_phone"),
                ("/contacts/1/identities/a~1b~0c", "unknown_identity_kind"),
            ],
        ),
        ("error", [("/contacts/2/identities", "no_identity")]),
        (
            "error",
            [("/contacts/3/tags/1", "invalid_tag"), ("/contacts/3/acquired/live_code", "unknown_live_code")],
        ),
        ("created", []),
    ]
    assert all(isinstance(error, FieldError) and error.detail for result in results for error in result.errors)
    assert held(acme)[:-1] == before
    assert held(acme)[-1]["identities"] == {"unionid": "w"}


def test_rows_of_one_call_see_each_other(acme: Any) -> None:
    assert statuses(
        acme,
        {"identities": PHONE, "name": "a", "tags": ["g/1"]},
        {"identities": PHONE | {"unionid": "u"}, "tags": ["g/1"]},
        {"identities": {"unionid": "u"}, "name": "b", "tags": ["g/1", "g/2"]},
        {"identities": {"unionid": "u"}, "tags": ["g/2"]},
    ) == ["created", "updated", "updated", "unchanged"]
    assert [(contact["name"], contact["tags"]) for contact in held(acme)] == [("b", ["g/1", "g/2"])]


def full_rows(count: int) -> list[dict[str, Any]]:
    return [
        {
            "identities": {"phone": f"+86138{n:08}", "shop:x": str(n)},
            "name": f"王{n}",
            "attributes": {"n": n},
            "tags": [f"组/{n % 7}"],
            "acquired": {"at": "2026-01-01T00:00:00Z" if n % 2 else None, "channel": f"c{n % 5}"},
            "updated_at": "2026-01-01T00:00:00Z",
        }
        for n in range(1, count + 1)
    ]


def statements(tenant: Any, told: list[dict[str, Any]]) -> int:
    decoded = rows(*told)
    with tenant_transaction(tenant.pk), CaptureQueriesContext(connection) as seen:
        sync_contacts(tenant=tenant, rows=decoded, at=AT)
    return len(seen)


def test_statements_do_not_grow_with_rows(acme: Any, globex: Any) -> None:
    counts = []
    for tenant, count in ((acme, 3), (globex, 1000)):
        told = full_rows(count)
        renamed = [
            row | {"name": f"李{count}", "tags": ["组/新"], "updated_at": "2026-02-01T00:00:00Z"} for row in told
        ]
        counts.append([statements(tenant, told), statements(tenant, told), statements(tenant, renamed)])

    assert counts[0] == counts[1] == [27, 12, 19]


def test_touches_cannot_be_changed_or_deleted(acme: Any) -> None:
    from django.db import DatabaseError

    sync(acme, {"identities": PHONE, "acquired": {"at": "2026-03-01T00:00:00Z"}})

    with tenant_transaction(acme.pk):
        assert Touch.objects.for_tenant(acme).count() == 1
    with tenant_transaction(acme.pk), pytest.raises(DatabaseError, match="permission denied"):
        Touch.objects.for_tenant(acme).update(happened_at=AT)
    with tenant_transaction(acme.pk), pytest.raises(DatabaseError, match="permission denied"):
        Touch.objects.for_tenant(acme)._raw_delete("default")


def attributes(first: int, last: int) -> dict[str, int]:
    return {f"k{number}": number for number in range(first, last)}


def test_a_row_that_would_leave_too_many_attributes_is_an_error_and_keeps_nothing(acme: Any) -> None:
    sync(acme, {"identities": PHONE, "attributes": attributes(0, 60)})
    before = held(acme)

    results = sync(
        acme,
        {
            "identities": {**PHONE, "unionid": "u"},
            "name": "x",
            "attributes": attributes(60, 120),
            "tags": ["a/b"],
            "acquired": {"at": "2026-01-01T00:00:00Z", "channel": "search"},
        },
        {"identities": {"unionid": "new"}, "attributes": {"note": "字" * 2_731}},
        {"identities": {"openid": "other"}, "name": "y"},
    )

    told = [[(error.pointer, error.code) for error in result.errors] for result in results]
    assert [result.status for result in results] == ["error", "error", "created"]
    assert told == [[("/contacts/0/attributes", "too_long")], [("/contacts/1/attributes", "too_long")], []]
    assert held(acme)[:1] == before
    assert [row["identities"] for row in held(acme)[1:]] == [{"openid": "other"}]


def test_rows_of_one_call_fill_attributes_one_by_one(acme: Any) -> None:
    found = statuses(
        acme,
        {"identities": PHONE, "attributes": attributes(0, 60)},
        {"identities": PHONE, "attributes": attributes(60, 101)},
        {"identities": PHONE, "attributes": {**attributes(60, 101), "k0": None}},
    )

    assert found == ["created", "error", "updated"]
    assert statuses(acme, {"identities": PHONE, "name": "full"}) == ["updated"]
    assert [(row["name"], row["attributes"]) for row in held(acme)] == [("full", attributes(1, 101))]
