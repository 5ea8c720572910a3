"""When a contact was acquired."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from contacts.models import Contact
from contacts.services.acquisition import refresh_acquired
from tenants.context import tenant_transaction

pytestmark = pytest.mark.django_db

EARLY, LATE = datetime(2026, 1, 1, 15, 59, 59, tzinfo=UTC), datetime(2026, 1, 1, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("touch", "purchase", "acquired_at", "acquired_date"),
    [
        (None, None, None, None),
        (None, EARLY, EARLY, date(2026, 1, 1)),
        (LATE, None, LATE, date(2026, 1, 2)),
        (LATE, EARLY, LATE, date(2026, 1, 2)),
    ],
)
def test_contact_is_acquired_by_the_first_touch_else_by_the_first_purchase(
    globex: Any,
    touch: datetime | None,
    purchase: datetime | None,
    acquired_at: datetime | None,
    acquired_date: date | None,
) -> None:
    with tenant_transaction(globex.pk):
        contact = Contact.objects.create(tenant=globex, first_touch_at=touch, first_purchase_at=purchase)

        changed = refresh_acquired(tenant=globex, contact_ids=[contact.pk])

        assert changed == (acquired_at is not None)
        assert refresh_acquired(tenant=globex, contact_ids=[contact.pk]) == 0
        assert Contact.objects.for_tenant(globex).values_list("acquired_at", "acquired_date").get() == (
            acquired_at,
            acquired_date,
        )
