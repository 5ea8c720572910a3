"""`provision`: roles, database and rights on a real server, from the three addresses. May be repeated."""

import os
from typing import Any

from django.core.management import BaseCommand, CommandError

from scrm.servers import provision
from scrm.servers.errors import ServerError

NEEDED = ("DATABASE_ADMIN_URL", "DATABASE_URL", "DATABASE_OWNER_URL")


class Command(BaseCommand):
    """Make the owner and app roles that DATABASE_OWNER_URL and DATABASE_URL name."""

    help = "Make the roles of DATABASE_URL and DATABASE_OWNER_URL and their database, as DATABASE_ADMIN_URL."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Provision, or say which address is missing."""
        if missing := [name for name in NEEDED if name not in os.environ]:
            raise CommandError(f"Set {', '.join(missing)}.")
        admin, app, owner = (os.environ[name] for name in NEEDED)
        try:
            made = provision.provision(
                admin_url=admin,
                database=provision.database_name(app),
                owner=provision.login_of(owner),
                app=provision.login_of(app),
            )
        except ServerError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{provision.without_password(made.app_url)} is ready to be migrated.")
