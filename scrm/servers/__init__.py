"""Servers for whoever has none: an embedded PostgreSQL and Valkey, started by the commands that need them."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from scrm.servers import embedded, postgres, provision
from scrm.servers.credentials import load_credentials, write_private
from scrm.servers.errors import ServerError

__all__ = ["ServerError", "data_directory", "needs_data", "prepare_environment"]

BASE_DIR = Path(__file__).resolve().parent.parent.parent
COMMANDS_WITHOUT_DATA = {
    "",
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "spectacular",
    "startapp",
    "startproject",
    "version",
}
LOCAL_COMMANDS = {"up", "runserver"}


def prepare_environment(argv: Sequence[str]) -> list[str]:
    """Point the environment at servers for a command, starting the embedded ones when none are named.

    Shape: the arguments to run, with `migrate` sent to the owner's connection.
    Raises: ServerError with the cause and the fix.
    """
    command = argv[1] if len(argv) > 1 else ""
    data_dir = data_directory(argv)
    os.environ["SCRM_DATA_DIR"] = str(data_dir)
    if not needs_data(argv):
        return list(argv)
    if command in LOCAL_COMMANDS:
        os.environ["SCRM_LOCAL_HTTP"] = "1"
    if "DATABASE_URL" in os.environ:
        _use_given_database(data_dir, is_up=command == "up")
    else:
        _use_embedded(data_dir, with_postgres=True)
    if "REDIS_URL" not in os.environ and command == "up":
        _use_embedded(data_dir, with_postgres=False)
    if command == "migrate" and not any(part.startswith("--database") for part in argv):
        return [*argv, "--database=owner"]
    return list(argv)


def data_directory(argv: Sequence[str]) -> Path:
    """Choose the data directory: `--data-dir`, else SCRM_DATA_DIR, else `.scrm` beside manage.py."""
    chosen = os.environ.get("SCRM_DATA_DIR") or str(BASE_DIR / ".scrm")
    for position, part in enumerate(argv):
        if part == "--data-dir" and position + 1 < len(argv):
            chosen = argv[position + 1]
        elif part.startswith("--data-dir="):
            chosen = part.partition("=")[2]
    return Path(chosen).expanduser().absolute()


def needs_data(argv: Sequence[str]) -> bool:
    """Say whether a command needs the database."""
    command, options = (argv[1] if len(argv) > 1 else ""), set(argv[2:])
    if command == "check" and "--database" in options:
        return True
    if command == "makemigrations" and options & {"--check", "--dry-run"}:
        return False
    return not (command in COMMANDS_WITHOUT_DATA or command.startswith("-") or options & {"-h", "--help"})


def _use_embedded(data_dir: Path, *, with_postgres: bool) -> None:
    """Join the embedded servers, for as long as this process lives."""
    membership = embedded.join(data_dir, with_postgres=with_postgres)
    embedded.leave_at_exit(membership)
    if with_postgres:
        made = embedded.set_up_database(data_dir)
        os.environ.update(DATABASE_URL=made.app_url, DATABASE_OWNER_URL=made.owner_url)
        os.environ["PATH"] = f"{os.environ.get('PATH', '')}{os.pathsep}{postgres.installation() / 'bin'}"
    os.environ.setdefault("REDIS_URL", embedded.redis_url(data_dir))
    os.environ.setdefault("SECRET_KEY", load_credentials(data_dir).secret_key)


def _use_given_database(data_dir: Path, *, is_up: bool) -> None:
    """Use DATABASE_URL as it is; an administrator's serves `up`, and what `up` made serves later commands."""
    url = os.environ["DATABASE_URL"]
    if "DATABASE_OWNER_URL" in os.environ:
        if is_up:
            os.environ.setdefault("SECRET_KEY", load_credentials(data_dir).secret_key)
        return
    record = data_dir / "provisioned.json"
    known = json.loads(record.read_text()) if record.exists() else []
    place = provision.without_password(url)
    if not is_up and place not in known:
        return
    if is_up and not provision.may_create_roles(url):
        raise ServerError(
            f"{place} may not create roles. Give `up` an administrator's DATABASE_URL,"
            " or set DATABASE_OWNER_URL beside it (the role that owns the tables)."
        )
    _provision_given(data_dir, url)
    write_private(record, json.dumps(sorted({*known, place})))


def _provision_given(data_dir: Path, admin_url: str) -> None:
    credentials = load_credentials(data_dir)
    name = provision.database_name(admin_url)
    database = embedded.DATABASE if name in provision.MAINTENANCE_DATABASES else name
    made = provision.provision(
        admin_url=admin_url,
        database=database,
        owner=embedded.owner_login(database, credentials),
        app=embedded.app_login(database, credentials),
    )
    os.environ.update(DATABASE_URL=made.app_url, DATABASE_OWNER_URL=made.owner_url)
    os.environ.setdefault("SECRET_KEY", credentials.secret_key)
