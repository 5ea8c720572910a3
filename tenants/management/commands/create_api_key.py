"""`manage.py create_api_key`: a key for the REST API, printed once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tenants.context import tenant_transaction
from tenants.models import Tenant
from tenants.services.keys import SCOPES, UnknownScope, create_api_key


class Command(BaseCommand):
    """Make an API key of one tenant; the key alone is the last line of the output."""

    help = "Make an API key of one tenant; the key alone is the last line of the output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", required=True, metavar="SLUG")
        parser.add_argument("--name", required=True, help="what the key is for")
        parser.add_argument("--scopes", required=True, help=f"all, or some of {','.join(SCOPES)}")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"].strip()
        if not 1 <= len(name) <= 100 or not name.isprintable():
            raise CommandError("--name: use 1 to 100 printable characters.")
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"--tenant: there is no tenant {options['tenant']!r}; make it with create_tenant.")
        try:
            with tenant_transaction(tenant.pk):
                _, token = create_api_key(
                    tenant=tenant,
                    name=name,
                    scopes=_scopes(options["scopes"]),
                    actor="command line",
                    at=timezone.now(),
                )
        except UnknownScope as error:
            raise CommandError(
                f"--scopes: there is no scope {error}; use all, or some of {','.join(SCOPES)}."
            ) from None
        self.stderr.write(f"API key {name} of {tenant.slug}; it is shown only now:")
        self.stdout.write(token)


def _scopes(given: str) -> list[str]:
    chosen = [scope.strip() for scope in given.split(",") if scope.strip()]
    if not chosen:
        raise CommandError(f"--scopes: it is empty; use all, or some of {','.join(SCOPES)}.")
    return list(SCOPES) if chosen == ["all"] else chosen
