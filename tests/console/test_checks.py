"""The system check refuses what is not hardened."""

from typing import Any

import pytest
from unfold.admin import ModelAdmin, TabularInline

from contacts.models import Contact, Tag, TagGroup
from scrm.console.checks import admins_are_hardened, errors_of
from scrm.console.site import site
from tenants.admin_base import TenantAdmin
from tenants.models import User


class Bare(ModelAdmin):  # type: ignore[misc]
    pass


class BareInline(TabularInline):  # type: ignore[misc]
    model = Tag


class WithBareInline(TenantAdmin):
    inlines = [BareInline]


class RawIds(TenantAdmin):
    raw_id_fields: Any = ("group",)


class OtherForm(TenantAdmin):
    form = ModelAdmin.form


@pytest.mark.parametrize(
    ("model", "options", "ids"),
    [
        (User, TenantAdmin, ["console.E001"]),
        (Contact, Bare, ["console.E002"]),
        (TagGroup, WithBareInline, ["console.E003", "console.E005"]),
        (Tag, RawIds, ["console.E004"]),
        (Tag, OtherForm, ["console.E005"]),
        (Tag, TenantAdmin, []),
    ],
)
def test_an_unhardened_registration_is_an_error(model: Any, options: Any, ids: list[str]) -> None:
    assert [error.id for error in errors_of(model, options(model, site))] == ids


def test_what_is_registered_passes() -> None:
    assert admins_are_hardened() == []
