"""`load_demo`: a real shop's year, sent through the REST API of a running SCRM."""

import secrets
import time
from argparse import ArgumentParser
from contextlib import closing
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.utils import timezone

from scrm.demo import install, load, online_retail
from scrm.demo.client import CallFailed, Client
from tenants.models import Tenant, User

LOCAL_PASSWORD = "demo"  # noqa: S105 - printed on the screen on purpose, and on loopback only


class Command(BaseCommand):
    """Make the demo's tenants, send its invoices, wait for the cohorts; a second run does nothing."""

    help = "Load the demo (Online Retail: 22,190 real invoices) through the REST API of a running SCRM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--url", dest="base_url", default="http://127.0.0.1:8000", help="where SCRM runs")
        parser.add_argument("--limit", type=int, help="send only the first so many invoices")
        parser.add_argument("--password", help="of the demo's people (on loopback: demo; else a random one)")

    def handle(
        self, *args: Any, base_url: str, limit: int | None = None, password: str | None = None, **options: Any
    ) -> str:
        """Load once; the logins."""
        # A well-known password only where nobody else can reach the server.
        password = password or (LOCAL_PASSWORD if settings.LOCAL_HTTP else secrets.token_urlsafe(12))
        try:
            tenant = install.install_tenants(password=password, at=timezone.now())
            if not install.is_loaded(tenant=tenant):
                self.load(tenant, base_url=base_url, limit=limit)
        except (CallFailed, load.StaysStale, install.SlugTaken) as error:
            raise CommandError(str(error)) from error
        return logins(password)

    def load(self, tenant: Tenant, *, base_url: str, limit: int | None) -> None:
        """Send the files, wait for the board, say how it went."""
        started_seconds = time.monotonic()
        invoices = online_retail.read_invoices(limit=limit)
        with (
            install.temporary_key(tenant=tenant) as token,
            closing(Client(base_url=base_url, token=token)) as client,
        ):
            rows = load.send_all(client, invoices=invoices, progress=self.show_progress)
            sent_seconds = time.monotonic() - started_seconds
            sizes = load.wait_until_fresh(client, expected=online_retail.expected_totals(invoices))
        if limit is None:
            install.note_loaded(tenant=tenant, rows=rows, at=timezone.now())
        self.say(
            f"Loaded the demo: {rows:,} rows sent in {sent_seconds:.1f} s, on the board after"
            f" {time.monotonic() - started_seconds:.1f} s. Cohorts: {', '.join(map(str, sizes))}.\n"
        )

    def show_progress(self, done: int, total: int) -> None:
        """Rewrite the progress line; a file gets only its end."""
        begin = "\r" if self.stderr.isatty() else ""
        end = "\n" if done == total else ""
        if begin or end:
            self.say(f"{begin}Loading the demo (Online Retail): {done:,} of {total:,} rows{end}")

    def say(self, text: str) -> None:
        """Tell the person who waits, beside the output proper."""
        self.stderr.write(text, style_func=str, ending="")
        self.stderr.flush()


def logins(password: str) -> str:
    """List who can log in, one a line; a password that was set earlier is not known here."""
    lines = []
    for email, role in install.PEOPLE:
        is_theirs = User.objects.get(email=email).check_password(password)
        lines.append(f"{email}  password: {password if is_theirs else 'the one set earlier'}  ({role})")
    return "\n".join(lines)
