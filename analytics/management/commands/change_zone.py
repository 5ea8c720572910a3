"""`manage.py change_zone --tenant S --timezone TZ`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from analytics.services.zones import change_zone
from tenants.context import tenant_transaction
from tenants.models import Tenant
from tenants.timezones import UnknownZone


class Command(BaseCommand):
    """Give a tenant another time zone and rebuild its cohorts."""

    help = "Gives a tenant another time zone and rebuilds its cohorts; its writers wait until that is done."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True, metavar="SLUG")
        parser.add_argument("--timezone", required=True, metavar="TZ", help="an IANA zone, such as Asia/Shanghai")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"--tenant: there is no tenant {options['tenant']!r}.")
        before = tenant.timezone
        try:
            with tenant_transaction(tenant.pk):
                change_zone(tenant=tenant, timezone=options["timezone"], actor="command line", at=timezone.now())
        except UnknownZone as error:
            raise CommandError(f"--timezone: {error} is no IANA zone; use one such as Asia/Shanghai.") from None
        self.stdout.write(f"{tenant.name} ({tenant.slug}): {before} became {tenant.timezone}; its cohorts are rebuilt.")
