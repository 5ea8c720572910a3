"""`manage.py create_tenant`: a tenant and its first owner."""

import getpass
import re
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.utils import timezone

from tenants.models import User
from tenants.money import UnknownCurrency
from tenants.services.members import TenantExists, create_tenant
from tenants.timezones import UnknownZone


class Command(BaseCommand):
    """Make a tenant and its first owner."""

    help = "Make a tenant and its first owner."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--slug", required=True, help="its name in addresses: small letters, digits and -")
        parser.add_argument("--name", required=True, help="its name on screen")
        parser.add_argument("--timezone", default="Asia/Shanghai", help="an IANA zone (default: Asia/Shanghai)")
        parser.add_argument("--currency", default="CNY", help="an ISO 4217 code (default: CNY)")
        parser.add_argument("--owner", required=True, metavar="EMAIL", help="the first owner's e-mail address")
        parser.add_argument("--password", help="of a new owner; asked for when left out")

    def handle(self, *args: Any, **options: Any) -> None:
        slug, name, email = options["slug"], options["name"].strip(), options["owner"].strip().lower()
        _refuse_bad(slug=slug, name=name, email=email)
        try:
            tenant, owner = create_tenant(
                slug=slug,
                name=name,
                timezone=options["timezone"],
                currency=options["currency"],
                owner_email=email,
                password=_password(email, options["password"]),
                at=timezone.now(),
            )
        except TenantExists:
            raise CommandError(f"--slug: a tenant {slug!r} exists already; choose another slug.") from None
        except UnknownZone as error:
            raise CommandError(f"--timezone: {error} is no IANA zone; use one such as Asia/Shanghai.") from None
        except UnknownCurrency as error:
            raise CommandError(f"--currency: {error} is no ISO 4217 code; use one such as CNY.") from None
        self.stdout.write(f"Tenant {tenant.name} ({tenant.slug}) made; its owner is {owner.email}.")
        self.stdout.write(f"Console: /t/{tenant.slug}/")


def _refuse_bad(*, slug: str, name: str, email: str) -> None:
    if not re.fullmatch(r"[a-z0-9-]{1,50}", slug):
        raise CommandError(f"--slug: {slug!r} is no slug; use 1 to 50 small letters, digits and -.")
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise CommandError("--name: use 1 to 100 printable characters.")
    try:
        validate_email(email)
    except ValidationError:
        raise CommandError(f"--owner: {email!r} is no e-mail address.") from None


def _password(email: str, given: str | None) -> str | None:
    if given is not None and not given:
        raise CommandError("--password: it is empty; leave the argument out to be asked for it.")
    if given or User.objects.filter(email=email).exists():
        return given
    try:
        return getpass.getpass(f"Password of {email}: ") or _none()
    except EOFError:
        return _none()


def _none() -> str:
    raise CommandError("--password: a new owner needs one.")
