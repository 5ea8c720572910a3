"""Sentences about attributes: which there are, and which values contacts have."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, QuerySet

from contacts.attributes import COLUMNS
from contacts.models import Attribute, AttributeValue
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class ValuePeople:
    """One value of an attribute, and how many contacts have it; yes is `True`."""

    value: str | float | bool | date
    people: int


def attributes(*, tenant: Tenant) -> QuerySet[Attribute]:
    """The attributes that the tenant defined, by position and id."""
    rows: QuerySet[Attribute] = Attribute.objects.for_tenant(tenant)
    return rows.order_by("position", "pk")


def attribute_people(*, tenant: Tenant, attribute_ids: Collection[int]) -> dict[int, int]:
    """How many contacts have a value of each of these attributes; one that nobody has is left out."""
    held = AttributeValue.objects.for_tenant(tenant).filter(attribute_id__in=attribute_ids)
    counted = held.values("attribute_id").annotate(people=Count("contact_id")).order_by()
    return dict(counted.values_list("attribute_id", "people"))


def value_people(*, tenant: Tenant, attribute: Attribute, limit: int) -> list[ValuePeople]:
    """The commonest values of an attribute, ties by value; at most `limit`."""
    column = COLUMNS[attribute.kind]
    held = AttributeValue.objects.for_tenant(tenant).filter(attribute=attribute, **{f"{column}__isnull": False})
    counted = held.values(column).annotate(people=Count("contact_id")).order_by("-people", column)
    is_yes_no = attribute.kind == Attribute.Kind.YES_NO
    return [
        ValuePeople(bool(value) if is_yes_no else value, people)
        for value, people in counted.values_list(column, "people")[:limit]
    ]
