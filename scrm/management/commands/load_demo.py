"""`load_demo`: a real shop's year and an invented brand's, sent through the REST API of a running SCRM."""

import secrets
import time
from argparse import ArgumentParser
from contextlib import closing
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.utils import timezone

from scrm.demo import install, load, online_retail
from scrm.demo.client import CallFailed, Client
from scrm.demo.haoweidao.load import Loading
from scrm.demo.haoweidao.play import Player
from scrm.demo.haoweidao.world import PEOPLE, make_world
from sop.transports.base import Unreachable
from tenants.models import Tenant, User

LOCAL_PASSWORD = "demo"  # noqa: S105 - printed on the screen on purpose, and on loopback only


class Command(BaseCommand):
    """Make the demo's tenants, send what they are to hold, wait for the cohorts; a second run does nothing."""

    help = (
        "Load the demo through the REST API of a running SCRM: Online Retail (22,190 real invoices) and 好味道"
        " (an invented brand with its segments and SOPs)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--url", dest="base_url", default="http://127.0.0.1:8000", help="where SCRM runs")
        parser.add_argument("--limit", type=int, help="send only the first so many invoices of Online Retail")
        parser.add_argument("--people", type=int, default=PEOPLE, help=f"of 好味道 ({PEOPLE}); 0: leave it empty")
        parser.add_argument("--simulator", help="where the simulator of 好味道's messages runs (SCRM_SIMULATOR_URL)")
        parser.add_argument("--password", help="of the demo's people (on loopback: demo; else a random one)")

    def handle(
        self,
        *args: Any,
        base_url: str,
        limit: int | None = None,
        people: int = PEOPLE,
        simulator: str | None = None,
        password: str | None = None,
        **options: Any,
    ) -> str:
        """Load once; the logins."""
        # A well-known password only where nobody else can reach the server.
        password = password or (LOCAL_PASSWORD if settings.LOCAL_HTTP else secrets.token_urlsafe(12))
        try:
            brands = install.install_tenants(password=password, at=timezone.now())
            if not install.is_loaded(tenant=brands.online_retail):
                self.load_invoices(brands.online_retail, base_url=base_url, limit=limit)
            if people and not install.is_loaded(tenant=brands.haoweidao):
                simulator = simulator or settings.SCRM_SIMULATOR_URL
                self.load_brand(brands.haoweidao, base_url=base_url, people=people, simulator=simulator)
        except (CallFailed, load.StaysStale, install.SlugTaken, Unreachable) as error:
            raise CommandError(str(error)) from error
        return logins(password)

    def load_invoices(self, tenant: Tenant, *, base_url: str, limit: int | None) -> None:
        """Send the files of Online Retail, wait for the board, say how it went."""
        started_seconds = time.monotonic()
        invoices = online_retail.read_invoices(limit=limit)
        with (
            install.temporary_key(tenant=tenant) as token,
            closing(Client(base_url=base_url, token=token)) as client,
        ):
            rows = load.send_all(
                client, invoices=invoices, progress=lambda *step: self.show("Online Retail", "rows", *step)
            )
            sent_seconds = time.monotonic() - started_seconds
            sizes = load.wait_until_fresh(client, expected=online_retail.expected_totals(invoices))
        if limit is None:
            install.note_loaded(tenant=tenant, rows=rows, at=timezone.now())
        self.say(
            f"Loaded Online Retail: {rows:,} rows sent in {sent_seconds:.1f} s, on the board after"
            f" {time.monotonic() - started_seconds:.1f} s. Cohorts: {', '.join(map(str, sizes))}.\n"
        )

    def load_brand(self, tenant: Tenant, *, base_url: str, people: int, simulator: str) -> None:
        """Play the past of 好味道 up to now, let it go live, wait for the board, say how it went."""
        if settings.SCRM_TRANSPORT != "simulator":
            self.say("好味道 stays empty: its messages are for the simulator, and here others go out.\n")
            return
        started_seconds, until = time.monotonic(), timezone.now().replace(microsecond=0)
        begun = install.begin_past(tenant=tenant, people=people, at=until)
        if begun is None:
            self.say("好味道 is left as it is: somebody has put contacts in.\n")
            return
        world = make_world(last_date=begun[0], people=begun[1])
        with (
            install.temporary_key(tenant=tenant) as token,
            closing(Client(base_url=base_url, token=token)) as client,
        ):
            player = Player(tenant=tenant, actor=install.OPERATOR, simulator_url=simulator, now=until)
            Loading(tenant, client, world, player, lambda *step: self.show("好味道", *step)).run(until=until)
            player.send(before=timezone.now())
            played_seconds = time.monotonic() - started_seconds
            install.go_live(tenant=tenant, rows=len(world.orders.between(None, until)), at=timezone.now())
            as_of = (until + timedelta(seconds=1)).isoformat()
            span = load.Span(world.first_date.isoformat(), world.last_date.isoformat(), as_of)
            sizes = load.wait_until_fresh(client, expected=world.totals(until=until), span=span)
        self.say(
            f"Loaded 好味道: {sum(sizes):,} people, 14 months, played in {played_seconds:.1f} s, on the board after"
            f" {time.monotonic() - started_seconds:.1f} s.\n"
        )

    def show(self, brand: str, what: str, done: int, total: int) -> None:
        """Rewrite the progress line; a file gets only its end."""
        begin = "\r" if self.stderr.isatty() else ""
        end = "\n" if done == total else ""
        if begin or end:
            self.say(f"{begin}Loading the demo ({brand}): {done:,} of {total:,} {what}{end}")

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
