"""好味道 as `make up` fills it, with fewer people: for the guide's tests and pictures."""

import io
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone, translation
from django.utils.translation import gettext, pgettext

from scrm.demo import install
from scrm.demo.haoweidao import slots
from tenants.models import Tenant, User


def fill(*, site_url: str, provider_url: str, people: int, played_days: int) -> Tenant:
    """Load the brand with the demo's own command, and wait until its cohorts are counted; a worker must run."""
    brands = install.install_tenants(password="demo", at=timezone.now())
    install.note_loaded(tenant=brands.online_retail, rows=1, at=timezone.now())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slots, "PLAYED_DAYS", played_days)
        where: dict[str, Any] = {"base_url": site_url, "simulator": provider_url, "people": people}
        call_command("load_demo", **where, stdout=io.StringIO(), stderr=io.StringIO())
    brands.haoweidao.refresh_from_db()
    return brands.haoweidao


def bob() -> User:
    """The demo's operator."""
    return User.objects.get(email=install.OPERATOR)


class Words:
    """The console's words in one language: `say("Publish")`."""

    def __init__(self, language: str) -> None:
        self.language = "zh-hans" if language == "zh" else "en"

    def __call__(self, text: str, *, context: str = "") -> str:
        """What the console says for this."""
        with translation.override(self.language):
            return pgettext(context, text) if context else gettext(text)
