"""`manage.py reconcile_cohorts --tenant S [--repair]`."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from analytics.models import CohortFact
from analytics.services.reconcile import reconcile_cohorts
from contacts.models import Contact
from tenants.context import tenant_transaction
from tenants.models import Tenant


class Command(BaseCommand):
    help = "Compares a tenant's cohorts with its touches, orders and refunds: 0 differences, or exit code 1."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True, metavar="SLUG")
        parser.add_argument("--repair", action="store_true", help="rebuild what differs")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"There is no tenant {options['tenant']!r}.")
        with tenant_transaction(tenant.pk):
            found = reconcile_cohorts(tenant=tenant, at=timezone.now(), repair=options["repair"])
            compared = [model.objects.for_tenant(tenant).count() for model in (Contact, CohortFact)]
        self.stdout.write("Compared {:,} contacts and {:,} facts of them. Different:".format(*compared))
        parts = f"contacts {found.contacts}, facts {found.facts}, rollups {found.rollups}, lives {found.lives}"
        self.stdout.write(parts)
        self.stdout.write(str(found.total))
        if found.total and not options["repair"]:
            sys.exit(1)
