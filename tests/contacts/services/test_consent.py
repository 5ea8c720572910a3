"""What contacts say of being reached."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError

from contacts.models import Consent, ConsentMove
from contacts.services.consent import keep_consent, set_consent
from tenants.context import lock_tenant_writes, tenant_transaction
from tests.cast import AT
from tests.contacts.crowd import changes, make_people

pytestmark = pytest.mark.django_db

LATER = AT + timedelta(days=9_000)


def say(tenant: Any, contacts: list[int], is_granted: bool, at: Any = LATER) -> int:
    told = {"touch_kind": "private_chat", "evidence": "said so", "actor": "bob@example.com"}
    with tenant_transaction(tenant.pk):
        return set_consent(tenant=tenant, contact_ids=contacts, is_granted=is_granted, at=at, **told)


def held(tenant: Any) -> list[tuple[int, bool, Any]]:
    with tenant_transaction(tenant.pk):
        rows = Consent.objects.for_tenant(tenant).order_by("contact_id")
        return list(rows.values_list("contact_id", "is_granted", "changed_at"))


def said(tenant: Any) -> list[tuple[int, bool, str, str]]:
    with tenant_transaction(tenant.pk):
        rows = ConsentMove.objects.for_tenant(tenant).order_by("pk")
        return list(rows.values_list("contact_id", "is_granted", "evidence", "actor"))


def test_the_last_word_counts_and_every_word_is_kept(acme: Any) -> None:
    ann, ben = make_people(acme, "ann", "ben")
    news = [
        say(acme, [ben, ann], False),
        say(acme, [ann], False, LATER + timedelta(days=1)),
        say(acme, [ann, ben], True, LATER + timedelta(days=2)),
    ]

    assert news == [2, 0, 2]
    assert held(acme) == [(ann, True, LATER + timedelta(days=2)), (ben, True, LATER + timedelta(days=2))]
    assert said(acme) == [
        (contact, is_granted, "said so", "bob@example.com") for is_granted in (False, True) for contact in (ann, ben)
    ]
    assert changes(acme) == []


def test_what_was_said_long_ago_keeps_its_time(acme: Any) -> None:
    (ann,) = make_people(acme, "ann")
    long_ago = AT - timedelta(days=9_000)
    with tenant_transaction(acme.pk):
        lock_tenant_writes(tenant_id=acme.pk)
        told: Any = {"touch_kind": "private_chat", "is_granted": False, "evidence": "", "actor": ""}
        keep_consent(tenant=acme, contact_ids=[ann], at=long_ago, **told)

    assert held(acme) == [(ann, False, long_ago)]


def test_nobody_speaks_for_another_tenants_contacts(acme: Any, globex: Any) -> None:
    (theirs,) = make_people(globex, "wang")
    say(globex, [theirs], True)

    assert say(acme, [theirs, 10**12], False) == 0

    assert (held(acme), [row[:2] for row in held(globex)]) == ([], [(theirs, True)])


def test_words_cannot_be_changed_or_deleted(acme: Any) -> None:
    say(acme, make_people(acme, "ann"), False)

    with tenant_transaction(acme.pk), pytest.raises(DatabaseError, match="permission denied"):
        ConsentMove.objects.for_tenant(acme).update(is_granted=True)
    with tenant_transaction(acme.pk), pytest.raises(DatabaseError, match="permission denied"):
        ConsentMove.objects.for_tenant(acme)._raw_delete("default")
