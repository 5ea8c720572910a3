"""`up`: from nothing to a running product on this machine, until Ctrl-C."""

import io
import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command

from scrm import static
from scrm.servers import embedded, locks, processes, supervisor
from scrm.servers.errors import ServerError

READY_SECONDS = 90.0
WATCH_SECONDS = 0.5
NO_DEMO = "Without the demo. A tenant of yours: python manage.py create_tenant --slug S --name N --owner EMAIL"


class Command(BaseCommand):
    """Migrate, load the demo once, run web, workers, beat and the simulator."""

    help = "Run the whole product on this machine: servers, migrations, demo, web, workers, beat, simulator."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--port", type=int, default=8000, help="loopback port of the web server (8000)")
        parser.add_argument("--data-dir", help="where servers and logs keep their files (.scrm)")
        parser.add_argument("--no-demo", action="store_true", help="load no demo data")

    def handle(self, *args: Any, port: int, no_demo: bool, **options: Any) -> None:
        """Run until stopped; leave nothing running."""
        data_dir = Path(settings.DATA_DIR)
        children = supervisor.Supervisor(data_dir, self.say)
        processes.exit_on_signals()
        # a shell that starts it in the background has it ignore Ctrl-C, which would leave only TERM to stop it
        signal.signal(signal.SIGINT, signal.default_int_handler)
        lock = take_data_dir(data_dir, port)
        try:
            self.run(children, port=port, with_demo=not no_demo)
        except ServerError as error:
            raise CommandError(str(error)) from error
        except (KeyboardInterrupt, SystemExit):
            self.say("Stopping …")
        finally:
            processes.ignore_signals()
            children.stop()
            os.close(lock)

    def run(self, children: supervisor.Supervisor, *, port: int, with_demo: bool) -> None:
        """Start everything in order, then watch."""
        data_dir = children.data_dir
        left = supervisor.stop_leftovers(data_dir)
        if left:
            self.say(f"An earlier run was killed; stopped what it left: {', '.join(left)}.")
        check_port(port, patience_seconds=5 if left else 1)
        self.say("Migrating the database …")
        call_command("migrate", database="owner", verbosity=0, interactive=False)
        if static.collect_if_changed():
            self.say("Collected the static files.")
        self.say("Starting web, workers and beat …")
        start_children(children, port)
        wait_until_ready(children, port)
        logins = self.load_demo(base_url=url(port), people=0) if with_demo else NO_DEMO
        self.announce(data_dir, port, logins)
        if with_demo and logins:
            # its second brand has a past to be played, which takes minutes; the first can be looked at meanwhile
            self.load_demo(base_url=url(port))
        self.watch(children)

    def load_demo(self, *, base_url: str, **options: int) -> str:
        """Load the demo, which knows by itself whether it is there; the logins, empty where it could not be."""
        where = {"base_url": base_url, "simulator": os.environ.get("SCRM_SIMULATOR_URL")}
        try:
            return str(call_command("load_demo", **where, **options, stdout=io.StringIO()))
        except CommandError as error:
            self.say(f"The demo was not loaded: {error}\nIt will be tried again at the next start.")
            return ""

    def announce(self, data_dir: Path, port: int, logins: str) -> None:
        """Print `ready`, the URL, the logins, and where things are."""
        self.say(f"\nready\n{url(port)}/\n{logins}")
        if data_dir != settings.BASE_DIR / ".scrm":
            self.say(f"Other commands find this data with SCRM_DATA_DIR={data_dir}")
        self.say(f"Logs: {data_dir / 'logs'}. Stop with Ctrl-C.")

    def watch(self, children: supervisor.Supervisor) -> None:
        """Keep children and embedded servers running, for ever."""
        while True:
            time.sleep(WATCH_SECONDS)
            children.restart_dead()
            for name in embedded.revive():
                self.say(f"{name} had ended; started it again.")

    def say(self, line: str) -> None:
        """Print a line at once."""
        self.stdout.write(line)
        self.stdout.flush()


def url(port: int) -> str:
    """Address the web server."""
    return f"http://127.0.0.1:{port}"


def take_data_dir(data_dir: Path, port: int) -> int:
    """Be the only `up` of a data directory.

    Raises: CommandError naming the other one.
    """
    path = data_dir / "up.lock"
    lock = locks.take(path)
    if lock is None:
        holder, _, held_port = path.read_text().partition(" ")
        raise CommandError(
            f"SCRM already runs from {data_dir} (process {holder}, {url(int(held_port or 0))}/)."
            f"\nUse it, stop it (kill {holder}), or give this one its own place:"
            f" make up PORT={port + 1} DATA_DIR=.scrm-{port + 1}"
        )
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()} {port}".encode(), 0)
    return lock


def check_port(port: int, *, patience_seconds: float) -> None:
    """Make sure that the web server can listen.

    Raises: CommandError with the fix.
    """
    if not processes.wait_until(lambda: processes.is_port_free(port), seconds=patience_seconds, every_seconds=0.2):
        raise CommandError(
            f"Port {port} is in use by another program. Stop that one (find it: ss -ltnp 'sport = :{port}'),"
            f" or choose another port: make up PORT={port + 1}"
        )


def start_children(children: supervisor.Supervisor, port: int) -> None:
    """Start the simulator, unless there is another way out, then web, workers and beat."""
    if settings.SCRM_TRANSPORT == "simulator" and "SCRM_SIMULATOR_URL" not in os.environ:
        start_simulator(children)
    web = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "2", "--no-ws"]
    web += ["--blocking-threads", "4", "--blocking-threads-idle-timeout", "600", "--log-level", "warning"]
    celery = [sys.executable, "-m", "celery", "-A", "scrm"]
    worker = ["--loglevel", "WARNING", "--queues"]
    beat = ["--schedule", str(children.data_dir / "beat"), "--pidfile=", "--loglevel", "WARNING"]
    children.start("web", [sys.executable, "-m", "granian", *web, "scrm.wsgi:application"])
    workers = (("worker", "3", settings.CELERY_WORKER_QUEUES), ("touch", "2", settings.CELERY_TOUCH_QUEUES))
    for name, size, queues in workers:
        named = ["--hostname", f"{name}-{port}@%h", "--concurrency", size]
        children.start(name, [*celery, "worker", *named, *worker, queues])
    children.start("beat", [*celery, "beat", *beat])


def start_simulator(children: supervisor.Supervisor) -> None:
    """Start the simulator, on the port that it had before if that is free, and tell the other children where it is."""
    folder = children.data_dir / "simulator"
    folder.mkdir(mode=0o700, exist_ok=True)
    port = kept_port(folder / "port")
    command = [sys.executable, "-m", "sop.transports.simulator.server", "--port", str(port)]
    children.start("simulator", [*command, "--file", str(folder / "receipts.jsonl")])
    os.environ["SCRM_SIMULATOR_URL"] = url(port)


def kept_port(path: Path) -> int:
    """The port that a file names, while it is free; else a free one, kept there."""
    held = path.read_text().strip() if path.exists() else ""
    if held.isdecimal() and processes.is_port_free(int(held)):
        return int(held)
    port = processes.free_port()
    path.write_text(str(port))
    return port


def wait_until_ready(children: supervisor.Supervisor, port: int) -> None:
    """Wait until /readyz says 200.

    Raises: ServerError with the log of the child that ended, or the checks that fail.
    """
    last: dict[str, Any] = {}

    def is_settled() -> bool:
        last.update(readyz(port))
        return last.get("status") == "ok" or bool(children.dead())

    processes.wait_until(is_settled, seconds=READY_SECONDS, every_seconds=0.1)
    if dead := children.dead():
        raise ServerError(
            f"{dead[0].name} ended at once. Its log, {dead[0].log}, ends:\n{supervisor.tail(dead[0].log)}"
        )
    if last.get("status") != "ok":
        failed = "\n".join(f"  {name}: {last['checks'][name]}" for name in last.get("failed", ()))
        raise ServerError(
            f"Not ready after {READY_SECONDS:g} s:\n{failed or '  web: no answer'}"
            f"\nThe logs are in {children.data_dir / 'logs'}."
        )


def readyz(port: int) -> dict[str, Any]:
    """Ask the web server; {} when it does not answer yet."""
    try:
        with urllib.request.urlopen(f"{url(port)}/readyz", timeout=5) as response:
            return dict(json.load(response))
    except urllib.error.HTTPError as error:
        return dict(json.load(error)) if error.code == 503 else {}
    except (OSError, ValueError):
        return {}
